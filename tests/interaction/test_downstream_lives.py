"""A server that does not start, keeps dying or does not end: it is named, its neighbour is well, nothing is left."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import anyio
import pytest
from mcp.client.client import Client

from tests.interaction.oracle import CALM, ODD, Oracle, search
from tests.interaction.processes import alive, wait_until
from tests.interaction.servers import SERVE, environment, host, text_of, write_config

pytestmark = pytest.mark.anyio

SERVER = "tests.downstreams.misbehaving"


@pytest.fixture
def oracle(tmp_path: Path) -> Oracle:
    """Judge the calls of this test."""
    return Oracle(tmp_path)


STARTS = {
    "--exit-at-once": "API_KEY is not set",
    "--die-at tools/list": "cannot bear tools/list",
    "--die-at initialize": "cannot bear initialize",
    "--hang-at start": "did not complete the handshake within 2 s",
    "--hang-at tools/list": "did not list its tools within 2 s",
}


@pytest.mark.parametrize("options", STARTS)
async def test_a_server_that_does_not_start_is_named_with_its_reason(oracle: Oracle, options: str) -> None:
    servers = oracle.servers(*options.split(), connectTimeout=2)
    async with host(write_config(oracle.folder, servers)) as client:
        with anyio.fail_after(20):
            while STARTS[options] not in await _notes(client):
                await oracle.neighbour_is_well(client, times=1)
                await anyio.sleep(0.1)
        assert ODD in await _notes(client)
        await oracle.neighbour_is_well(client)
    assert alive(oracle.folder, SERVER) == []


async def test_a_call_of_a_server_that_does_not_start_says_why(oracle: Oracle) -> None:
    async with host(write_config(oracle.folder, oracle.servers("--exit-at-once"))) as client:
        with anyio.fail_after(20):
            while "API_KEY is not set" not in await _notes(client):
                await anyio.sleep(0.1)
        answer = await client.call_tool("call_tool", {"name": f"{ODD}__echo", "arguments": {}})
    assert answer.is_error
    assert "API_KEY is not set" in text_of(answer)


async def test_a_command_that_is_missing_is_named_with_what_to_do(oracle: Oracle) -> None:
    servers = {CALM: oracle.server(CALM), ODD: {"command": "no-such-command-here"}}
    async with host(write_config(oracle.folder, servers)) as client:
        with anyio.fail_after(20):
            while "install it, or correct its path" not in await _notes(client):
                await anyio.sleep(0.1)
        await oracle.neighbour_is_well(client)


async def test_a_server_that_keeps_dying_is_started_less_and_less_often_and_never_twice_at_once(oracle: Oracle) -> None:
    servers = oracle.servers("--die-at", "tools/list")
    most = 0
    async with host(write_config(oracle.folder, servers)) as client:
        await oracle.neighbour_is_well(client, times=1)
        for _again in range(60):
            most = max(most, len(alive(oracle.folder, f"{ODD}.ledger")))
            await anyio.sleep(0.1)
        await oracle.neighbour_is_well(client, times=1)
    assert 2 <= len(oracle.starts()) <= 6
    assert most == 1


@pytest.mark.parametrize(
    "options", [["--ignore-eof"], ["--ignore-term"], ["--ignore-eof", "--ignore-term"]], ids="+".join
)
def test_a_server_that_does_not_want_to_end_is_ended_when_we_are(oracle: Oracle, options: list[str]) -> None:
    config = write_config(oracle.folder, oracle.servers(*options))
    with _served(config) as (process, ask):
        ask("initialize", INITIALIZE)
        ask("tools/list", {})
        assert wait_until(lambda: len(alive(oracle.folder, SERVER)) == 2, 10)
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=15) == 0
    assert alive(oracle.folder, SERVER) == []


def test_no_server_outlives_us_when_we_are_killed(oracle: Oracle) -> None:
    config = write_config(oracle.folder, oracle.servers("--ignore-eof", "--ignore-term"))
    with _served(config) as (process, ask):
        ask("initialize", INITIALIZE)
        ask("tools/list", {})
        assert wait_until(lambda: len(alive(oracle.folder, SERVER)) == 2, 10)
        process.kill()
        process.wait(timeout=5)
    gone = wait_until(lambda: not alive(oracle.folder, SERVER), 5)
    _kill(alive(oracle.folder, SERVER))
    assert gone


async def test_what_a_server_started_ends_with_it(oracle: Oracle) -> None:
    async with host(write_config(oracle.folder, oracle.servers())) as client:
        await oracle.succeeds(client, "grandchild")
        assert alive(oracle.folder, "time.sleep(600)")
    gone = wait_until(lambda: not alive(oracle.folder, "time.sleep(600)"), 5)
    _kill(alive(oracle.folder, "time.sleep(600)"))
    assert gone


@pytest.mark.parametrize("how", ["cancel", "disconnect"])
def test_a_call_that_the_host_gives_up_is_given_up_at_the_server_within_a_second(oracle: Oracle, how: str) -> None:
    oracle.deadline = 30.0
    with _served(write_config(oracle.folder, oracle.servers())) as (process, ask):
        ask("initialize", INITIALIZE)
        ask("tools/list", {})
        write = _writer(process)
        call = {"name": "call_tool", "arguments": {"name": f"{ODD}__hang", "arguments": {"nonce": "n"}}}
        write({"id": 77, "method": "tools/call", "params": call})
        assert wait_until(lambda: any("ran" in entry for entry in oracle.ledger()), 10)
        if how == "cancel":
            write({"method": "notifications/cancelled", "params": {"requestId": 77}})
        else:
            assert process.stdin is not None
            assert process.stdout is not None
            process.stdout.close()
            process.stdin.close()
        assert wait_until(lambda: any("cancelled" in entry or "ended" in entry for entry in oracle.ledger()), 1)
        if how == "cancel":
            assert ask("tools/list", {})["result"]["tools"]
            process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=20) == 0
    assert alive(oracle.folder, SERVER) == []


async def test_calls_beyond_what_a_server_may_queue_are_told_that_it_is_busy_at_once(oracle: Oracle) -> None:
    """Those that wait get the places of the first when these are given up, until the breaker opens."""
    oracle.deadline = 15.0
    async with host(write_config(oracle.folder, oracle.servers(callTimeout=4))) as client:
        await oracle.succeeds(client)
        started, busy = anyio.current_time(), 0

        async def ask() -> None:
            nonlocal busy
            failed = await oracle.failed(client, "hang")
            busy += "busy" in failed.text and anyio.current_time() - started < 5

        async with anyio.create_task_group() as tasks:
            for _number in range(60):
                tasks.start_soon(ask)
            await oracle.neighbour_is_well(client, times=10)
    assert busy >= 20


INITIALIZE = {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "test", "version": "0"}}


async def _notes(client: Client) -> str:
    return " ".join((await search(client, f"{ODD} echo the text"))["degraded"])


def _kill(processes: list[int]) -> None:
    for process in processes:
        os.kill(process, signal.SIGKILL)


def _writer(process: subprocess.Popen[bytes]) -> Callable[[dict[str, Any]], None]:
    def write(message: dict[str, Any]) -> None:
        assert process.stdin is not None
        process.stdin.write(json.dumps({"jsonrpc": "2.0", **message}).encode() + b"\n")
        process.stdin.flush()

    return write


@contextmanager
def _served(config: Path) -> Generator[tuple[subprocess.Popen[bytes], Callable[[str, Any], Any]]]:
    """Start ``serve`` with raw pipes, and a way to ask it."""
    command = [*SERVE, "--config", str(config)]
    pipe, surroundings = subprocess.PIPE, environment(config.parent)
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL, env=surroundings) as process:
        write, numbers = _writer(process), iter(range(1, 100))

        def ask(method: str, params: Any) -> Any:
            number = next(numbers)
            write({"id": number, "method": method, "params": params})
            assert process.stdout is not None
            while (message := json.loads(process.stdout.readline())).get("id") != number:
                pass
            return message

        try:
            yield process, ask
        finally:
            process.kill()
