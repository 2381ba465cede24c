"""A host that sends what is no message gets one answer to each request it made, and is served on."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import anyio
import pytest
from anyio.streams.buffered import BufferedByteReceiveStream

from tests.interaction.servers import COMPANY, ROOT, SERVE, environment, write_config

_PATIENCE = 60
_LOUD = 'print("imported")\n'


class Peer:
    """A host that writes bytes and reads lines."""

    def __init__(self, process: anyio.abc.Process) -> None:
        assert process.stdout is not None
        self._process = process
        self._lines = BufferedByteReceiveStream(process.stdout)

    async def send(self, *frames: bytes) -> None:
        assert self._process.stdin is not None
        await self._process.stdin.send(b"".join(frame + b"\n" for frame in frames))

    async def receive(self) -> Any:
        with anyio.fail_after(_PATIENCE):
            return json.loads(await self._lines.receive_until(b"\n", 32 * 1024 * 1024))

    async def greet(self, version: str) -> None:
        params = {"protocolVersion": version, "capabilities": {}, "clientInfo": {"name": "peer", "version": "1"}}
        await self.send(_request("hello", "initialize", params))
        assert (await self.receive())["result"]["protocolVersion"] == version
        await self.send(b'{"jsonrpc":"2.0","method":"notifications/initialized"}')


@asynccontextmanager
async def served(folder: Path, **more: str) -> AsyncGenerator[Peer]:
    config = write_config(folder, {}, sources=[COMPANY])
    with (folder / "stderr.txt").open("wb") as stderr:
        command = [*SERVE, "--config", str(config)]
        async with await anyio.open_process(command, env=environment(folder, **more), stderr=stderr) as process:
            yield Peer(process)
            assert process.stdin is not None
            await process.stdin.aclose()
            with anyio.fail_after(_PATIENCE):
                assert await process.wait() == 0


def test_malformed_frames_of_every_kind_are_answered_over_every_transport() -> None:
    command = [sys.executable, "-m", "bench.fuzz", "--frames", "200", "--seed", "8"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=110, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.anyio
async def test_one_session_outlives_batches_large_frames_and_the_same_id_twice(tmp_path: Path) -> None:
    async with served(tmp_path) as host:
        await host.greet("2025-03-26")
        batch = [json.loads(_request(each, "ping", {})) for each in ("one", "two")]
        await host.send(json.dumps(batch).encode())
        assert {(await host.receive())["id"] for _ in batch} == {"one", "two"}

        large = b'{"jsonrpc":"2.0","method":"ping","params":{"a":"' + b"x" * (17 * 1024 * 1024) + b'"},"id":"large"}'
        await host.send(large)
        refused = await host.receive()
        assert refused["id"] == "large"
        assert "too large (17.0 MiB; the limit is 16.0 MiB)" in refused["error"]["message"]

        await host.send(*[_request("same", "tools/call", {"name": "search_tools", "arguments": {"query": "time"}})] * 2)
        both = [await host.receive() for _ in range(2)]
        assert [each["id"] for each in both] == ["same", "same"]
        assert [each["error"]["code"] for each in both if "error" in each] == [-32600]

        call = _request("half", "tools/call", {"name": "search_tools", "arguments": {"query": "HERE"}})
        await host.send(call.replace(b"HERE", b"invoice \\ud83d"))
        assert not (await host.receive())["result"].get("isError")

        await host.send(_request("same", "no/such", {}))
        assert (await host.receive())["error"]["code"] == -32601


@pytest.mark.anyio
async def test_what_prints_when_it_is_imported_does_not_print_into_the_protocol(tmp_path: Path) -> None:
    """At the start of the interpreter, before anything of ours, and in a library that is imported later."""
    loud = tmp_path / "loud"
    loud.mkdir()
    (loud / "sitecustomize.py").write_text(_LOUD + _HOOK, encoding="utf-8")
    path = os.pathsep.join([str(loud), *filter(None, [os.environ.get("PYTHONPATH")])])
    async with served(tmp_path, PYTHONPATH=path, PYTHONUNBUFFERED="") as host:
        await host.greet("2025-06-18")
    written = (tmp_path / "stderr.txt").read_text(encoding="utf-8")
    assert "imported" in written
    assert "typer comes" in written


_HOOK = """
import os, sys
class Loud:
    def find_spec(self, name, path=None, target=None):
        if name in ("typer", "anyio", "mcp", "pydantic"):
            os.write(1, f"{name} comes\\n".encode())
        return None
sys.meta_path.insert(0, Loud())
"""


def _request(request_id: str, method: str, params: Any) -> bytes:
    return json.dumps({"jsonrpc": "2.0", "id": request_id, "method": method, "params": params}).encode()
