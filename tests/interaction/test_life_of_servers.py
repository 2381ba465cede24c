"""Servers run while they are needed: none at the start, one for a call, and none of them for ever."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import anyio
import pytest

from tests.interaction.servers import ROOT, environment, host, text_of, write_config

pytestmark = pytest.mark.anyio

RAW = ROOT / "tests" / "downstreams" / "raw_stdio.py"
_BREAKABLE = """
import os, pathlib, runpy, sys
flag, sys.argv = sys.argv[1], sys.argv[2:]
if pathlib.Path(flag).exists():
    with open(flag + ".pids", "a") as pids:
        pids.write(f"{os.getpid()}\\n")
    sys.exit("it is broken")
runpy.run_path(sys.argv[0], run_name="__main__")
"""


def raw(folder: Path, name: str) -> dict[str, Any]:
    """Return the configuration of a server that notes each of its processes."""
    return {"command": sys.executable, "args": [str(RAW), "--pid", str(folder / f"{name}.pids")]}


def started(folder: Path) -> dict[str, list[int]]:
    """Return the processes that were ever started, by server, and forget them."""
    found = {file.stem: [int(line) for line in file.read_text().split()] for file in folder.glob("*.pids")}
    for file in folder.glob("*.pids"):
        file.unlink()
    return found


def printed(config: Path, *arguments: str) -> str:
    """Run a command and return what it prints."""
    command = [sys.executable, "-m", "mcp_toolweaver", *arguments, "--config", str(config)]
    own = environment(config.parent)
    return subprocess.run(command, stdout=subprocess.PIPE, text=True, env=own, timeout=90, check=False).stdout


def listed(config: Path, *options: str) -> dict[str, Any]:
    """Run ``toolweaver list``, which starts every server and keeps what it lists."""
    answer: dict[str, Any] = json.loads(printed(config, "list", "--json", *options))
    return answer


def is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


async def until(condition: Callable[[], bool]) -> None:
    with anyio.fail_after(30):
        while not condition():
            await anyio.sleep(0.05)


async def test_twenty_known_servers_start_nothing_and_a_call_starts_exactly_one(tmp_path: Path) -> None:
    config = write_config(tmp_path, {f"s{number}": raw(tmp_path, f"s{number}") for number in range(20)})
    servers = listed(config)["servers"]
    assert {server["state"] for server in servers} == {"ready"}
    assert len(started(tmp_path)) == 20
    async with host(config) as client:
        found = json.loads(text_of(await client.call_tool("search_tools", {"query": "say it again"})))
        assert found["tools"]
        assert not any("starting" in note for note in found["degraded"])
        await anyio.sleep(2)
        assert started(tmp_path) == {}
        arguments = {"name": "s7__echo", "arguments": {"text": "hello"}}
        assert "hello" in text_of(await client.call_tool("call_tool", arguments))
        ((server, (pid,)),) = started(tmp_path).items()
        assert server == "s7"
    await until(lambda: not is_running(pid))


async def test_a_server_that_nobody_calls_is_stopped_and_the_next_call_starts_it_again(tmp_path: Path) -> None:
    config = write_config(tmp_path, {"s": {**raw(tmp_path, "s"), "idleTimeout": 0.5}})
    arguments = {"name": "s__echo", "arguments": {"text": "hello"}}
    async with host(config) as client:
        for _ in range(2):
            assert "hello" in text_of(await client.call_tool("call_tool", arguments))
            (pid,) = started(tmp_path)["s"]
            await until(lambda: not is_running(pid))  # noqa: B023  it is awaited here


async def test_a_server_that_dies_at_once_is_not_started_for_each_call(tmp_path: Path) -> None:
    flag = tmp_path / "broken"
    script = tmp_path / "breakable.py"
    script.write_text(_BREAKABLE, encoding="utf-8")
    arguments = [str(script), str(flag), str(RAW)]
    config = write_config(tmp_path, {"s": {"command": sys.executable, "args": arguments}})
    assert listed(config)["tool_count"] > 0
    flag.touch()
    async with host(config) as client:
        answers: list[str] = []

        async def call() -> None:
            result = await client.call_tool("call_tool", {"name": "s__echo", "arguments": {"text": "hello"}})
            assert result.is_error
            answers.append(text_of(result))

        began = anyio.current_time()
        with anyio.fail_after(60):
            for _ in range(20):
                async with anyio.create_task_group() as tasks:
                    for _call in range(5):
                        tasks.start_soon(call)
                await anyio.sleep(0.05)
        seconds = anyio.current_time() - began
    assert len(answers) == 100
    assert all("server 's'" in answer for answer in answers)
    assert any("it is tried again" in answer for answer in answers)
    # Three attempts at the beginning and one in five seconds; each is two processes, one for each protocol era.
    assert len(started(tmp_path)["broken"]) <= 2 * (3 + seconds / 5)


async def test_what_is_known_is_listed_without_starting_anything(tmp_path: Path) -> None:
    server = raw(tmp_path, "s")
    config = write_config(tmp_path, {"s": {**server, "args": [*server["args"], "--malformed"]}})
    listed(config)
    started(tmp_path)
    known = listed(config, "--known", "--problems")
    assert [(each["name"], each["state"]) for each in known["servers"]] == [("s", "idle")]
    assert known["tool_count"] > 0
    assert started(tmp_path) == {}


async def test_a_call_on_the_command_line_starts_one_of_the_known_servers(tmp_path: Path) -> None:
    config = write_config(tmp_path, {name: raw(tmp_path, name) for name in ("a", "b", "c")})
    listed(config)
    started(tmp_path)
    assert "hi" in printed(config, "call", "b__echo", '{"text": "hi"}')
    assert list(started(tmp_path)) == ["b"]
