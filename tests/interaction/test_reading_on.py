"""A long result as a host gets it: cut, and read on to the end; and as a person gets it on the command line: whole."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.interaction.servers import ROOT, environment, host, text_of, write_config

pytestmark = pytest.mark.anyio

RAW = {"command": sys.executable, "args": [str(ROOT / "tests" / "downstreams" / "raw_stdio.py")]}
LONG = " ".join(f"word{number}" for number in range(3_000))
WHOLE = f"echo: {json.dumps({'text': LONG})}"


@pytest.mark.parametrize("mode", ["auto", "legacy"])
async def test_a_long_result_is_cut_and_read_on_to_the_end(tmp_path: Path, mode: str) -> None:
    config = write_config(tmp_path, {"raw": RAW}, toolweaver={"results": {"max_tokens": 1_000}})
    async with host(config, mode=mode) as client:
        listed = [tool.name for tool in (await client.list_tools()).tools]
        result = await client.call_tool("call_tool", {"name": "raw__echo", "arguments": {"text": LONG}})
        shown, note = (block.text for block in result.content if block.type == "text")
        found = re.search(r"read_result (\{.*?\})", note)
        assert found
        told, read, done = json.loads(found.group(1)), shown, False
        while not done:
            part = await client.call_tool("read_result", told)
            text, state = (block.text for block in part.content if block.type == "text")
            read, done = read + text, json.loads(state)["done"]
            told["offset"] = json.loads(state).get("next_offset")
        forged = await client.call_tool("read_result", {"key": told["key"][::-1]})
    assert "read_result" in listed
    assert len(shown) < len(WHOLE) / 2
    assert read == WHOLE
    assert forged.is_error
    assert "call the tool again" in text_of(forged)


async def test_where_nothing_is_to_be_cut_nothing_is_and_there_is_no_tool_to_read_on(tmp_path: Path) -> None:
    config = write_config(tmp_path, {"raw": RAW})
    async with host(config, TOOLWEAVER_RESULTS__MAX_TOKENS="0") as client:
        listed = [tool.name for tool in (await client.list_tools()).tools]
        result = await client.call_tool("call_tool", {"name": "raw__echo", "arguments": {"text": LONG * 20}})
    assert "read_result" not in listed
    assert LONG * 20 in text_of(result)


async def test_mistakes_that_can_mean_one_thing_reach_the_server_mended(tmp_path: Path) -> None:
    config = write_config(tmp_path, {"raw": RAW})
    async with host(config) as client:
        call = {"name": "raw__echo", "arguments": {"params": json.dumps({"Text": "hello"})}}
        result = await client.call_tool("call_tool", call)
    assert text_of(result) == 'echo: {"text": "hello"}'


def test_on_the_command_line_a_result_is_whole(tmp_path: Path) -> None:
    config = write_config(tmp_path, {"raw": RAW}, toolweaver={"results": {"max_tokens": 100}})
    command = [sys.executable, "-m", "mcp_toolweaver", "call", "raw__echo", json.dumps({"text": LONG})]
    done = subprocess.run(
        [*command, "--json", "--config", str(config)], env=environment(tmp_path), capture_output=True, check=True
    )
    assert [block["text"] for block in json.loads(done.stdout)["content"]] == [WHOLE]
