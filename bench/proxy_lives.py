"""Many servers that sleep, many calls, and many hosts that come and are killed."""

from __future__ import annotations

import argparse
import json
import os
import signal
import statistics
import subprocess
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import IO, Any, Self

from bench.embed_figures import Row, Tables, between
from bench.proxy_arms import META, RAW, environment, raw_server, scratch, serve_command, stdio_server, text, toolweaver
from bench.proxy_process import children, files, held, wait_gone

_LEGACY = "legacy"
_KNOWN = 100
_WAYS = 3
_PATIENCE = 10.0
_LISTING = 120.0
_TOOLS_OF_RAW = 10


def many(options: argparse.Namespace) -> Tables:
    """Start with one known server and with a hundred, in turns, and search at once."""
    seconds: dict[str, list[float]] = {}
    started: dict[str, list[int]] = {}
    with scratch() as scratched:
        commands = {f"{count} servers": _known(Path(scratched) / str(count), count) for count in (1, _KNOWN)}
        for _run in range(options.starts):
            for name, (command, env) in commands.items():
                with _Host(command, env) as host:
                    begun = time.perf_counter()
                    host.greet()
                    host.call("search_tools", {"query": "say it again"})
                    seconds.setdefault(name, []).append(time.perf_counter() - begun + host.born)
                    started.setdefault(name, []).append(len(children(host.process.pid)))
    one = seconds["1 servers"]
    return {
        "from process start to the answer to a search": {
            name: {
                **between(each, "s"),
                "median ratio to 1": statistics.median(mine / first for mine, first in zip(each, one, strict=True)),
                "child processes": max(started[name]),
            }
            for name, each in seconds.items()
        }
    }


def _known(folder: Path, count: int) -> tuple[list[str], Mapping[str, str]]:
    """Return what serves so many servers, all of which have been listed before."""
    command = serve_command(folder, {f"s{number}": raw_server() for number in range(count)})
    env = environment(folder, TOOLWEAVER_EXPOSE__DIRECT_THRESHOLD="1000000")
    with _Host(command, env) as host:
        host.greet()
        deadline = time.monotonic() + _LISTING
        while (tools := len(host.ask("tools/list", {})["tools"])) < count * _TOOLS_OF_RAW:
            assert time.monotonic() < deadline, f"only {tools} tools were listed"
    return command, env


class _Host:
    """A host that speaks without any library, so that it can be killed and costs nothing."""

    def __init__(self, command: list[str], env: Mapping[str, str]) -> None:
        begun = time.perf_counter()
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=dict(env)
        )
        self.born = time.perf_counter() - begun
        """Seconds that starting took, without waiting."""
        self._asked = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_raised: object) -> None:
        self.leave()
        self.process.wait(30)

    def greet(self) -> None:
        """Shake hands."""
        client = {"name": "bench", "version": "0"}
        self.ask("initialize", {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": client})
        self._send({"method": "notifications/initialized"})

    def call(self, name: str, arguments: Mapping[str, Any]) -> str:
        """Call a tool and return the text of its result."""
        return str(self.ask("tools/call", {"name": name, "arguments": arguments})["content"][0]["text"])

    def ask(self, method: str, params: Mapping[str, Any]) -> Any:
        """Return the result of a request."""
        request = self.send(method, params)
        while True:
            answer = json.loads(self._pipe(self.process.stdout).readline())
            if answer.get("id") == request:
                return answer["result"]

    def send(self, method: str, params: Mapping[str, Any]) -> int:
        """Send a request without waiting for its answer, and return its number."""
        self._asked += 1
        self._send({"id": self._asked, "method": method, "params": params})
        return self._asked

    def leave(self) -> None:
        """Close both pipes at once, as they are when a host is killed."""
        for pipe in (self.process.stdout, self.process.stdin):
            with suppress(OSError):
                self._pipe(pipe).close()

    def _send(self, message: Mapping[str, Any]) -> None:
        pipe = self._pipe(self.process.stdin)
        pipe.write(json.dumps({"jsonrpc": "2.0", **message}).encode() + b"\n")
        pipe.flush()

    @staticmethod
    def _pipe(pipe: IO[bytes] | None) -> IO[bytes]:
        assert pipe is not None
        return pipe


async def calls(options: argparse.Namespace) -> Tables:
    """Make many calls over one connection, some of which are long results or errors, and look at what is held.

    Few of the long results are kept to be read on, so that it is soon seen whether anything else grows.
    """
    rows: dict[str, Row] = {}
    servers = {"s": stdio_server(), "t": stdio_server()}
    with scratch() as folder:
        async with toolweaver(Path(folder), servers, _LEGACY, TOOLWEAVER_RESULTS__KEEP_MB="2") as arms:
            arm = arms[META]
            for number in range(options.soak_calls + 1):
                if number in _looked_at(options.soak_calls):
                    rows[f"after {number:,} calls"] = {**held(arm.pid), **files(Path(folder))}
                result = await arm.call(*_soaked(number))
                if number % 50:
                    text(result)
    return {f"{options.soak_calls:,} calls": rows}


def _soaked(number: int) -> tuple[str, Mapping[str, Any]]:
    server = "st"[number % 2]
    if number % 50 == 0:
        return f"{server}/wait", {"seconds": "not a number"}
    if number % 50 == 1:
        return f"{server}/large", {"size": 200_000}
    return f"{server}/small", {"word": f"word {number}"}


def _looked_at(count: int) -> set[int]:
    """Return when to look: after everything was used once, and then after each fifth."""
    return {count // 20, *(count * fifth // 5 for fifth in range(1, 6))}


def hosts(options: argparse.Namespace) -> Tables:
    """Let hosts come, call, and go without a word: in the middle of a call, or Toolweaver itself killed as well."""
    rows: dict[str, Row] = {}
    gone: list[float] = []
    with scratch() as scratched:
        folder = Path(scratched)
        command, env = serve_command(folder, {"raw": raw_server(RAW)}), environment(folder)
        left = 0
        for cycle in range(1, options.cycles + 1):
            host = _Host(command, env)
            _use(host, cycle % _WAYS)
            seconds, now_left = wait_gone(folder, _PATIENCE)
            host.process.wait(_PATIENCE)
            gone.append(seconds)
            left += now_left
            if cycle in _looked_at(options.cycles):
                mine = {"descriptors of the host": len(os.listdir("/proc/self/fd"))}  # noqa: PTH208  names are enough
                rows[f"after {cycle} hosts"] = {"processes left": left, **files(folder), **mine}
    rows["until all processes were gone"] = between(gone, "s")
    return {f"{options.cycles} hosts that came, called and were killed": rows}


def _use(host: _Host, way: int) -> None:
    """Call; and leave after that, or in the middle of another call, or let Toolweaver be killed then too."""
    host.greet()
    host.call("call_tool", {"name": "raw__echo", "arguments": {"text": "hello"}})
    if way:
        host.send("tools/call", {"name": "call_tool", "arguments": {"name": "raw__hang", "arguments": {}}})
    if way == _WAYS - 1:
        host.process.send_signal(signal.SIGKILL)
    host.leave()
