"""Stopping: what is being answered is answered, by a result or an error, and nothing is executed twice."""

from __future__ import annotations

import itertools
import json
import signal
import subprocess
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import anyio
import pytest
from mcp.client.client import Client
from mcp.client.sse import sse_client
from mcp.client.streamable_http import streamable_http_client

from tests.interaction.oracle import ODD, Oracle
from tests.interaction.processes import alive, wait_until
from tests.interaction.servers import SERVE, TIME, environment, text_of, write_config
from tests.interaction.web_stage import served

SERVER = "tests.downstreams.misbehaving"


@pytest.fixture
def oracle(tmp_path: Path) -> Oracle:
    return Oracle(tmp_path)


def test_everything_that_was_read_before_the_end_of_input_is_answered(tmp_path: Path) -> None:
    config = write_config(tmp_path, {"time": TIME})
    call = {"name": "call_tool", "arguments": {"name": "time__get_current_time", "arguments": {"timezone": "UTC"}}}
    requests: list[dict[str, Any]] = [
        {"id": 0, "method": "initialize", "params": INITIALIZE},
        {"method": "notifications/initialized"},
        *({"id": number, "method": "ping"} for number in range(1, 20)),
        *({"id": number, "method": "tools/call", "params": call} for number in range(20, 40)),
        {"id": 40, "method": "tools/list"},
    ]
    sent = "".join(json.dumps({"jsonrpc": "2.0", **request}) + "\n" for request in requests)
    command = [*SERVE, "--config", str(config)]
    done = subprocess.run(
        command, input=sent, capture_output=True, text=True, env=environment(tmp_path), timeout=100, check=False
    )
    answers = {message["id"]: message for line in done.stdout.splitlines() if "id" in (message := json.loads(line))}
    assert done.returncode == 0, done.stderr
    assert sorted(answers) == list(range(41))
    assert all("datetime" in answers[number]["result"]["content"][0]["text"] for number in range(20, 40))
    assert not alive(tmp_path, "mcp_server_time")


def test_a_signal_lets_calls_end_and_begins_no_more(oracle: Oracle) -> None:
    with _serving(oracle) as (process, host):
        host.send(1, f"{ODD}__slow", nonce="n", seconds=3)
        assert wait_until(lambda: oracle.runs()["n"] == 1, 60)
        process.send_signal(signal.SIGTERM)
        host.wait_refused()
        answer = host.read()
        assert process.wait(60) == 0
    assert answer["id"] == 1
    assert not answer["result"].get("isError")
    assert oracle.runs() == {"n": 1}
    assert not alive(oracle.folder, SERVER)


def test_a_call_that_does_not_end_in_time_ends_in_an_error_that_says_so(oracle: Oracle) -> None:
    with _serving(oracle, drain_timeout=0.5) as (process, host):
        host.send(1, f"{ODD}__hang", nonce="n")
        assert wait_until(lambda: oracle.runs()["n"] == 1, 60)
        process.send_signal(signal.SIGTERM)
        answer = host.read()
        assert process.wait(60) == 0
    assert answer["id"] == 1
    assert "may have been executed" in answer["error"]["message"]
    assert not alive(oracle.folder, SERVER)


def test_a_second_signal_waits_for_nothing(oracle: Oracle) -> None:
    with _serving(oracle, drain_timeout=1000) as (process, host):
        host.send(1, f"{ODD}__hang", nonce="n")
        assert wait_until(lambda: oracle.runs()["n"] == 1, 60)
        process.send_signal(signal.SIGTERM)
        host.wait_refused()
        process.send_signal(signal.SIGTERM)
        answer = host.read()
        assert process.wait(60) == 0
    assert answer["id"] == 1
    assert "may have been executed" in answer["error"]["message"]
    assert not alive(oracle.folder, SERVER)


def test_a_stream_of_events_does_not_outlive_the_input(tmp_path: Path) -> None:
    meta = {
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientInfo": {"name": "test", "version": "0"},
        "io.modelcontextprotocol/clientCapabilities": {},
    }
    wanted = {"notifications": {"toolsListChanged": True}, "_meta": meta}
    asked = {"jsonrpc": "2.0", "id": 1, "method": "subscriptions/listen", "params": wanted}
    config = write_config(tmp_path, {}, toolweaver={"serve": {"drain_timeout": 1_000}})
    done = subprocess.run(
        [*SERVE, "--config", str(config)],
        input=json.dumps(asked) + "\n",
        capture_output=True,
        text=True,
        env=environment(tmp_path),
        timeout=100,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout.splitlines()[-1])["id"] == 1


@pytest.mark.anyio
@pytest.mark.parametrize("transport", ["http", "legacy", "sse"])
async def test_hosts_over_http_get_their_answers_too(oracle: Oracle, transport: str) -> None:
    config = write_config(oracle.folder, oracle.servers(), toolweaver={"expose": "search"})
    with served(config) as server:
        url, answers = server.url, list[Any]()
        via = sse_client(f"{url}/sse") if transport == "sse" else streamable_http_client(f"{url}/mcp")
        mode = "2026-07-28" if transport == "http" else "legacy"
        async with Client(via, mode=mode, read_timeout_seconds=60) as client, anyio.create_task_group() as tasks:
            await oracle.succeeds(client, "echo", text="hello")

            async def call() -> None:
                asked = {"name": f"{ODD}__slow", "arguments": {"nonce": "n", "seconds": 2}}
                answers.append(await client.call_tool("call_tool", asked))

            tasks.start_soon(call)
            while oracle.runs()["n"] != 1:
                await anyio.sleep(0.02)
            server.process.send_signal(signal.SIGTERM)
        assert [answer.is_error for answer in answers] == [False]
        assert "n" in text_of(answers[0])
        assert server.process.wait(60) == 0
    assert not alive(oracle.folder, SERVER)


INITIALIZE = {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "test", "version": "0"}}


class _Host:
    """A host without a library."""

    def __init__(self, writing: IO[bytes], reading: IO[bytes]) -> None:
        self._writing = writing
        self._reading = reading

    def write(self, message: Mapping[str, Any]) -> None:
        self._writing.write(json.dumps({"jsonrpc": "2.0", **message}).encode() + b"\n")
        self._writing.flush()

    def send(self, number: int, tool: str, **arguments: Any) -> None:
        call = {"name": "call_tool", "arguments": {"name": tool, "arguments": arguments}}
        self.write({"id": number, "method": "tools/call", "params": call})

    def wait_refused(self) -> None:
        """Ask for something until that is refused because we are stopping."""
        for number in itertools.count(1_000):
            self.write({"id": number, "method": "tools/list"})
            answer = self.read()
            assert answer["id"] == number
            if "stopping" in answer.get("error", {}).get("message", ""):
                return

    def read(self) -> dict[str, Any]:
        """Return the next answer."""
        while "id" not in (message := json.loads(self._reading.readline())):
            continue
        answer: dict[str, Any] = message
        return answer


@contextmanager
def _serving(oracle: Oracle, **serve: Any) -> Generator[tuple[subprocess.Popen[bytes], _Host]]:
    config = write_config(oracle.folder, oracle.servers(callTimeout=300), toolweaver={"serve": serve})
    command = [*SERVE, "--config", str(config)]
    with (
        (oracle.folder / "stderr.txt").open("wb") as errors,
        subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors, env=environment(oracle.folder)
        ) as process,
    ):
        assert process.stdin is not None
        assert process.stdout is not None
        host = _Host(process.stdin, process.stdout)
        host.write({"id": 0, "method": "initialize", "params": INITIALIZE})
        host.read()
        host.send(100, f"{ODD}__echo", nonce="first")
        host.read()
        for name in ("ledger",):
            for file in oracle.folder.glob(f"*.{name}"):
                file.write_text(
                    "".join(line for line in file.read_text().splitlines(keepends=True) if '"first"' not in line)
                )
        try:
            yield process, host
        finally:
            process.kill()
