"""What a host and its user see when something is wrong."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import anyio
import pytest

from tests.interaction.processes import alive
from tests.interaction.servers import COMPANY, SERVE, TIME, environment, host, text_of, write_config

pytestmark = pytest.mark.anyio

LIST = [sys.executable, "-m", "mcp_toolweaver", "list", "--json"]


async def test_a_failed_server_is_named_where_it_matters_and_hurts_nobody_else(tmp_path: Path) -> None:
    config = write_config(tmp_path, {"time": TIME, "github": {"command": "no-such-command-here"}}, sources=[COMPANY])
    async with host(config) as client:
        meant = await client.call_tool("search_tools", {"query": "create an issue on github"})
        other = await client.call_tool("search_tools", {"query": "get current time in a specific timezone"})
        call = await client.call_tool("call_tool", {"name": "time__get_current_time", "arguments": {"timezone": "UTC"}})
    notes = " ".join(meant.structured_content["degraded"])
    assert "github" in notes
    assert "'no-such-command-here' was not found" in notes
    assert other.structured_content["confidence"] == "high"
    assert not any("github" in note for note in other.structured_content["degraded"])
    assert not call.is_error
    assert (tmp_path / "stderr.txt").read_text().count("mcpServers.github: 'no-such-command-here' was") == 1


def test_list_shows_each_server_with_its_state_and_reason(tmp_path: Path) -> None:
    servers = {
        "time": TIME,
        "missing": {"command": "no-such-command-here"},
        "quits": {"command": sys.executable, "args": ["-c", "import sys; sys.exit('the token has expired')"]},
        "hole": {"command": "x", "env": {"TOKEN": "${NO_SUCH_VARIABLE}"}},
        "odd": {"type": "carrier-pigeon", "url": "http://localhost:1"},
        "down": {"url": "http://127.0.0.1:9/mcp"},
    }
    done = _list(write_config(tmp_path, servers))
    listed = {server["name"]: server for server in json.loads(done.stdout)["servers"]}
    assert done.returncode == 1
    assert {name: server["state"] for name, server in listed.items()} == {
        "time": "ready",
        **dict.fromkeys(["missing", "quits", "hole", "odd", "down"], "failed"),
    }
    assert "was not found" in listed["missing"]["reason"]
    assert "the token has expired" in listed["quits"]["reason"]
    assert "NO_SUCH_VARIABLE" in listed["hole"]["reason"]
    assert "is not a transport" in listed["odd"]["reason"]
    assert "http://127.0.0.1:9/mcp" in listed["down"]["reason"]
    for name in listed:
        if name != "time":
            assert done.stderr.count(f"mcpServers.{name}") == 1, name


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (None, "does not exist"),
        ("", "empty"),
        ('{"mcpServers": {"time": {"command": "x"', "line 1"),
        ("[1, 2]", "object"),
        ('{"servers_of_mine": {}}', "names no servers"),
    ],
)
async def test_serve_starts_whatever_the_configuration_says(
    tmp_path: Path, content: str | None, complaint: str
) -> None:
    config = tmp_path / "mcp.json"
    if content is not None:
        config.write_text(content, encoding="utf-8")
    async with host(config) as client:
        assert [tool.name for tool in (await client.list_tools()).tools][:1] == ["search_tools"]
        found = await client.call_tool("search_tools", {"query": "anything"})
    assert found.structured_content["tools"] == []
    assert found.structured_content["confidence"] == "none"
    lines = (tmp_path / "stderr.txt").read_text().splitlines()
    assert len([line for line in lines if complaint in line and "mcp.json" in line]) == 1


async def test_a_server_that_was_killed_is_back_for_the_next_call(tmp_path: Path) -> None:
    config = write_config(tmp_path, {"time": TIME})
    async with host(config) as client:
        call = {"name": "time__get_current_time", "arguments": {"timezone": "UTC"}}
        assert not (await client.call_tool("call_tool", call)).is_error
        for process in alive(tmp_path, "mcp_server_time"):
            os.kill(process, signal.SIGKILL)
        with anyio.fail_after(30):
            while (answer := await client.call_tool("call_tool", call)).is_error:
                assert "time" in text_of(answer)
        assert len(alive(tmp_path, "mcp_server_time")) == 1


async def test_tools_of_the_last_run_are_found_while_their_server_hangs(tmp_path: Path) -> None:
    """A server that once was listed and now hangs delays nobody, and its tools stay findable."""
    switch = tmp_path / "hang"
    wait = f"import os, time\nwhile os.path.exists({str(switch)!r}): time.sleep(0.1)\n"
    script = wait + "import mcp_server_time as server\nserver.main()"
    config = write_config(tmp_path, {"clock": {"command": sys.executable, "args": ["-c", script]}})
    async with host(config) as client:
        await client.call_tool("call_tool", {"name": "clock__get_current_time", "arguments": {"timezone": "UTC"}})
    switch.touch()
    async with host(config) as client:
        assert "clock (2)" in (client.instructions or "")
        with anyio.fail_after(5):
            found = await client.call_tool("search_tools", {"query": "current time"})
        assert found.structured_content["tools"][0]["name"] == "clock__get_current_time"
        switch.unlink()


async def test_a_server_that_never_answers_is_named_and_waited_for_once(tmp_path: Path) -> None:
    """On the very first start nothing is known of it; the others serve all the same."""
    silent = {"command": sys.executable, "args": ["-c", "import time; time.sleep(600)"]}
    async with host(write_config(tmp_path, {"time": TIME, "sloth": silent})) as client:
        assert "The tools of 2 servers" in (client.instructions or "")
        assert "sloth" in (client.instructions or "")
        with anyio.fail_after(30):  # each search waiting anew would take longer
            answers = [await client.call_tool("search_tools", {"query": "current time"}) for _again in range(10)]
    found = answers[-1]
    assert found.structured_content["tools"][0]["name"] == "time__get_current_time"
    assert "server sloth is still starting" in " ".join(found.structured_content["degraded"])
    assert not alive(tmp_path, "time.sleep(600)")


def test_stdout_carries_nothing_but_the_protocol(tmp_path: Path) -> None:
    config = write_config(tmp_path, {"bad": {"command": "no-such-command-here"}, "time": TIME})
    with _served(config) as (process, ask):
        assert ask("initialize", INITIALIZE)["result"]["serverInfo"]["name"] == "mcp-toolweaver"
        assert process.stdin is not None
        process.stdin.write(b"this is not JSON\n")
        assert ask("tools/list", {})["result"]["tools"]
        process.stdin.close()
        assert process.wait(timeout=20) == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_everything_with_status_0(tmp_path: Path, number: signal.Signals) -> None:
    """Also while the host keeps stdin open, which a thread is reading."""
    config = write_config(tmp_path, {"time": TIME})
    with _served(config) as (process, ask):
        ask("initialize", INITIALIZE)
        ask("tools/list", {})
        assert alive(tmp_path, "mcp_server_time")
        process.send_signal(number)
        assert process.wait(timeout=20) == 0
    assert not alive(tmp_path, "mcp_server_time")


def test_the_end_of_stdin_ends_everything_with_status_0(tmp_path: Path) -> None:
    config = write_config(tmp_path, {"time": TIME})
    with _served(config) as (process, ask):
        ask("initialize", INITIALIZE)
        ask("tools/list", {})
        assert process.stdin is not None
        process.stdin.close()
        assert process.wait(timeout=20) == 0
    assert not alive(tmp_path, "mcp_server_time")


INITIALIZE = {
    "protocolVersion": "2025-11-25",
    "capabilities": {},
    "clientInfo": {"name": "test", "version": "0"},
}


@contextmanager
def _served(config: Path) -> Generator[tuple[subprocess.Popen[bytes], Callable[[str, Any], Any]]]:
    """Start ``serve`` with raw pipes; every line of its stdout must be a protocol message."""
    command = [*SERVE, "--config", str(config)]
    with subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=environment(config.parent),
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        write, read, numbers = process.stdin, process.stdout, iter(range(1, 100))

        def ask(method: str, params: Any) -> Any:
            number = next(numbers)
            request = {"jsonrpc": "2.0", "id": number, "method": method, "params": params}
            write.write(json.dumps(request).encode() + b"\n")
            write.flush()
            while True:
                message = json.loads(read.readline())
                assert message["jsonrpc"] == "2.0"
                if message.get("id") == number:
                    return message

        try:
            yield process, ask
        finally:
            process.kill()


def _list(config: Path) -> subprocess.CompletedProcess[str]:
    command = [*LIST, "--config", str(config)]
    return subprocess.run(
        command, capture_output=True, text=True, env=environment(config.parent), timeout=90, check=False
    )


def test_a_signal_during_the_clean_up_neither_hurries_nor_breaks_it(tmp_path: Path) -> None:
    """A host closes stdin, waits, and sends SIGTERM while a stubborn server is still being ended."""
    stay = "import threading, time\nthreading.Thread(target=time.sleep, args=[60]).start()\n"
    stubborn = stay + "import mcp_server_time as server\nserver.main()"
    config = write_config(tmp_path, {"stubborn": {"command": sys.executable, "args": ["-c", stubborn]}})
    with _served(config) as (process, ask):
        ask("initialize", INITIALIZE)
        ask("tools/list", {})
        assert alive(tmp_path, "time.sleep")
        assert process.stdin is not None
        process.stdin.close()
        for _again in range(3):
            with suppress(subprocess.TimeoutExpired):
                process.wait(timeout=0.3)
            process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=20) == 0
    assert not alive(tmp_path, "time.sleep")


def test_a_host_that_does_not_read_cannot_hold_us(tmp_path: Path) -> None:
    config = write_config(tmp_path, {}, sources=[COMPANY])
    with _served(config) as (process, ask):
        ask("initialize", INITIALIZE)
        assert process.stdin is not None
        search = {"name": "search_tools", "arguments": {"query": "message", "limit": 50}}
        for number in range(200, 300):
            request = {"jsonrpc": "2.0", "id": number, "method": "tools/call", "params": search}
            process.stdin.write(json.dumps(request).encode() + b"\n")
        process.stdin.flush()
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=20) == 0


def test_a_host_that_closes_its_reading_end_ends_everything(tmp_path: Path) -> None:
    config = write_config(tmp_path, {"time": TIME})
    with _served(config) as (process, ask):
        ask("initialize", INITIALIZE)
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdout.close()
        process.stdin.write(b'{"jsonrpc": "2.0", "id": 7, "method": "tools/list"}\n')
        process.stdin.flush()
        assert process.wait(timeout=20) == 0
    assert not alive(tmp_path, "mcp_server_time")


async def test_tools_of_a_failed_server_are_found_with_a_note(tmp_path: Path) -> None:
    switch = tmp_path / "broken"
    check = f"import os, sys\nif os.path.exists({str(switch)!r}): sys.exit('the key has expired')\n"
    script = check + "import mcp_server_time as server\nserver.main()"
    config = write_config(tmp_path, {"clock": {"command": sys.executable, "args": ["-c", script]}})
    call = {"name": "clock__get_current_time", "arguments": {"timezone": "UTC"}}
    async with host(config) as client:
        assert not (await client.call_tool("call_tool", call)).is_error
    switch.touch()
    async with host(config) as client:
        assert (await _found(client, "current time"))["degraded"] == []  # nobody has called it
        assert "the key has expired" in text_of(await client.call_tool("call_tool", call))
        with anyio.fail_after(30):
            while "the key has expired" not in " ".join((await _found(client, "current time"))["degraded"]):
                await anyio.sleep(0.05)
        assert (await _found(client, "current time"))["tools"]


async def _found(client: Any, query: str) -> dict[str, Any]:
    reply: dict[str, Any] = (await client.call_tool("search_tools", {"query": query})).structured_content
    return reply
