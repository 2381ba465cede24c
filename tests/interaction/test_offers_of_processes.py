"""Resources and prompts of a real process, through ``toolweaver serve``."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from mcp.client.client import Client
from mcp.client.stdio import StdioServerParameters, stdio_client

from tests.interaction.offering_stage import Heard, until
from tests.interaction.processes import alive, wait_until
from tests.interaction.servers import ROOT, SERVE, environment, host, write_config

pytestmark = pytest.mark.anyio

MODES = pytest.mark.parametrize("mode", ["legacy", "auto"])
META: dict[str, Any] = {
    "io.modelcontextprotocol/protocolVersion": "2026-07-28",
    "io.modelcontextprotocol/clientInfo": {"name": "h", "version": "1"},
    "io.modelcontextprotocol/clientCapabilities": {"elicitation": {"form": {}}},
}


def growing(folder: Path) -> Path:
    """Write a configuration with the growing server in it."""
    script = ROOT / "tests" / "downstreams" / "offering_stdio.py"
    return write_config(folder, {"g": {"command": sys.executable, "args": [str(script), str(folder / "ledger")]}})


def starts(folder: Path) -> int:
    ledger = folder / "ledger"
    return len(ledger.read_text(encoding="utf-8").split()) if ledger.exists() else 0


@MODES
async def test_lists_of_a_known_server_come_from_the_last_run_and_reading_starts_it(tmp_path: Path, mode: str) -> None:
    config = growing(tmp_path)
    async with host(config, mode=mode) as client:
        await client.call_tool("search_tools", {"query": "grow"})
        first = [item.uri for item in (await client.list_resources()).resources]
    assert (first, starts(tmp_path)) == (["g+grown:///0"], 1)
    async with host(config, mode=mode) as client:
        assert [item.uri for item in (await client.list_resources()).resources] == first
        assert [item.name for item in (await client.list_prompts()).prompts] == ["g__p0"]
        assert starts(tmp_path) == 1
        [content] = (await client.read_resource(first[0])).contents
        assert content.uri == first[0]
        assert starts(tmp_path) == 2


async def test_a_host_is_told_that_more_is_offered(tmp_path: Path) -> None:
    heard = Heard()
    command, config = SERVE[0], growing(tmp_path)
    arguments = [*SERVE[1:], "--config", str(config)]
    served = stdio_client(StdioServerParameters(command=command, args=arguments, env=environment(tmp_path)))
    async with Client(served, mode="legacy", read_timeout_seconds=60, message_handler=heard.hear) as client:
        await client.call_tool("search_tools", {"query": "grow"})
        await client.list_resources()
        heard.lists.clear()
        await client.call_tool("g__grow", {})
        await until(lambda: sorted(heard.lists) == ["prompts", "resources"])
        assert len((await client.list_resources()).resources) == 2


def test_a_process_that_is_told_to_stop_while_a_call_stands_stops_and_leaves_nothing_behind(tmp_path: Path) -> None:
    config = growing(tmp_path)
    command = [*SERVE, "--config", str(config)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment(tmp_path), start_new_session=True
    ) as process:
        try:
            answer = _answered(
                process, "tools/call", {"name": "call_tool", "arguments": {"name": "g__ask", "arguments": {}}}
            )
            assert answer["result"]["resultType"] == "input_required"
            assert alive(tmp_path, "offering_stdio")
            process.send_signal(signal.SIGTERM)
            assert process.wait(10) == 0
            assert wait_until(lambda: not alive(tmp_path, "offering_stdio"), 10)
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)


def _answered(process: subprocess.Popen[bytes], method: str, params: dict[str, Any]) -> dict[str, Any]:
    assert process.stdin is not None
    assert process.stdout is not None
    message: dict[str, Any] = {"jsonrpc": "2.0", "id": 1, "method": method, "params": {**params, "_meta": META}}
    process.stdin.write(json.dumps(message).encode() + b"\n")
    process.stdin.flush()
    for line in process.stdout:
        answer: dict[str, Any] = json.loads(line)
        if answer.get("id") == 1:
            return answer
    raise AssertionError
