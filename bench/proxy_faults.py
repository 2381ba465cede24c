"""What sick servers and huge results cost: the neighbours, and the process itself."""

from __future__ import annotations

import argparse
import os
import random
import re
import signal
import subprocess
import sys
import time
from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, TypeAlias

import anyio

from bench.embed_figures import Row, Tables, memory
from bench.proxy_arms import (
    META,
    ROOT,
    Arm,
    connected,
    environment,
    raw_server,
    scratch,
    serve_command,
    stdio_server,
    text,
    toolweaver,
)
from bench.proxy_process import children, cpu_seconds

_SERVERS = 10
_SICK = "s9"
_LEGACY = "legacy"
_MEBIBYTE = 1024 * 1024
_PHASE = 1.5
"""Seconds that a state is kept at a time; the states take turns."""
_FOUND_AFTER = 50
_STUCK = 12
"""Calls that are made to the sick server meanwhile: more than it may have in flight."""
_WELL, _HUNG = "all are well", "one hung"
_STDERR, _STDOUT, _LONG = "one floods stderr", "one floods stdout", "one floods stdout, lines of 1 MB"
_TALKS = "one floods log messages"
_ELSEWHERE = "two other processes flood each other"
_NOISE = "import os\nwhile True: os.write(1, (b'x' * 79 + b'\\n') * 819)"
_DRAIN = "import os\nwhile os.read(0, 65536): pass"

State: TypeAlias = Callable[[Arm, int], Any]


@dataclass(slots=True)
class _Taken:
    calls: list[float] = field(default_factory=list[float])
    searches: list[float] = field(default_factory=list[float])


async def sick(options: argparse.Namespace) -> Tables:
    """Call nine servers and search, while the tenth is well or sick in turns."""
    servers = {f"s{number}": stdio_server() for number in range(_SERVERS)}
    states: dict[str, State] = {
        _WELL: _well,
        _HUNG: _hung,
        _STDERR: partial(_flooding, descriptor=2, line=80),
        _STDOUT: partial(_flooding, descriptor=1, line=80),
        _LONG: partial(_flooding, descriptor=1, line=1_000_000),
        _TALKS: partial(_flooding, descriptor=1, messages=True),
        _ELSEWHERE: _elsewhere,
    }
    taken = {state: _Taken() for state in states}
    with scratch() as folder:
        async with toolweaver(Path(folder), servers, _LEGACY) as arms:
            arm = arms[META]
            pid = await _pid_of_sick(arm)
            await _observe(arm, _Taken())
            for _round in range(options.phases):
                order = list(states)
                random.shuffle(order)
                for state in order:
                    async with states[state](arm, pid):
                        await anyio.sleep(0.1)
                        await _observe(arm, taken[state])
    return {
        "calls of the nine others": {state: _spread(each.calls, taken[_WELL].calls) for state, each in taken.items()},
        "searches": {state: _spread(each.searches, taken[_WELL].searches) for state, each in taken.items()},
    }


async def _observe(arm: Arm, taken: _Taken) -> None:
    """Call and search for a while, each search after nine calls."""
    end = time.monotonic() + _PHASE
    while time.monotonic() < end:
        for number in range(_SERVERS - 1):
            started = time.perf_counter()
            text(await arm.call(f"s{number}/small", {"word": "hello"}))
            taken.calls.append(time.perf_counter() - started)
        started = time.perf_counter()
        query = f"wait some seconds {random.random()}"  # noqa: S311  not asked before, so not cached
        text(await arm.client.call_tool("search_tools", {"query": query}))
        taken.searches.append(time.perf_counter() - started)


def _spread(seconds: list[float], well: list[float]) -> Row:
    row, base = _percentiles(seconds), _percentiles(well)
    return {**row, **{f"{name} / well": row[name] / base[name] for name in ("p50 ms", "p99 ms")}, "count": len(seconds)}


def _percentiles(seconds: list[float]) -> dict[str, float]:
    ordered = sorted(seconds)
    shares = {"p50 ms": 0.5, "p95 ms": 0.95, "p99 ms": 0.99}
    return {name: 1000 * ordered[min(int(share * len(ordered)), len(ordered) - 1)] for name, share in shares.items()}


async def _pid_of_sick(arm: Arm) -> int:
    """Return the process of the server that will be sick: the one that has worked most after many calls."""
    before = {pid: cpu_seconds(pid) for pid in children(arm.pid)}
    for _ in range(_FOUND_AFTER):
        await arm.call(f"{_SICK}/small", {"word": "hello"})
    return max(before, key=lambda pid: cpu_seconds(pid) - before[pid])


@asynccontextmanager
async def _well(_arm: Arm, _pid: int) -> AsyncGenerator[None]:
    yield


@asynccontextmanager
async def _hung(arm: Arm, pid: int) -> AsyncGenerator[None]:
    """Stop the server, with calls of it in flight and in line."""
    os.kill(pid, signal.SIGSTOP)
    async with anyio.create_task_group() as tasks:
        for _ in range(_STUCK):
            tasks.start_soon(arm.call, f"{_SICK}/small", {"word": "stuck"})
        try:
            yield
        finally:
            os.kill(pid, signal.SIGCONT)


@asynccontextmanager
async def _flooding(arm: Arm, _pid: int, **how: int) -> AsyncGenerator[None]:
    arguments = {"seconds": _PHASE, **how}
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(arm.call, f"{_SICK}/flood", arguments)
        yield


@asynccontextmanager
async def _elsewhere(_arm: Arm, _pid: int) -> AsyncGenerator[None]:
    with _flood_elsewhere():
        yield


@contextmanager
def _flood_elsewhere() -> Generator[None]:
    """Let as much be written and read by processes that are none of ours: what the machine has to give then."""
    python, (read, write) = [sys.executable, "-I", "-S", "-c"], os.pipe()
    with (
        subprocess.Popen([*python, _NOISE], stdout=write) as writer,
        subprocess.Popen([*python, _DRAIN], stdin=read) as reader,
    ):
        os.close(read)
        os.close(write)
        try:
            yield
        finally:
            writer.kill()
            reader.kill()


async def large(options: argparse.Namespace) -> Tables:
    """Ask for results of 10 and 50 MiB: how long until there is an answer, and how the memory grows meanwhile."""
    rows: dict[str, Row] = {}
    for title, more, sizes in (
        ("toolweaver", {}, (10, 50)),
        ("toolweaver, maxFrameBytes of 64 MiB", {"maxFrameBytes": 64 * _MEBIBYTE}, (50,)),
    ):
        for size in sizes:
            rows[f"{title}, {size} MiB"] = await _large(more, size, options.repeats)
    for size in (10, 50) if options.sdk_50 else (10,):
        rows[f"the SDK's client, {size} MiB"] = _sdk(size)
    return {"a result of so many MiB from a process that writes it at once": rows}


async def _large(more: dict[str, Any], size: int, repeats: int) -> Row:
    """Measure in a process of its own, each time the first such result that it sees."""
    seconds, grown, ending = list[float](), list[float](), ""
    for _ in range(repeats):
        with scratch() as scratched:
            folder = Path(scratched)
            command, env = serve_command(folder, {"wild": {**raw_server(), **more}}), environment(folder)
            async with connected(command, env, _LEGACY) as (client, pid):
                call = partial(client.call_tool, "call_tool")
                text(await call({"name": "wild__echo", "arguments": {}}))
                before = _number(memory(pid)["MB resident"])
                started = time.perf_counter()
                result = await call({"name": "wild__large", "arguments": {"size": size * _MEBIBYTE}})
                seconds.append(time.perf_counter() - started)
                grown.append(_number(memory(pid)["MB at most"]) - before)
                ending = _ending(result)
    return {
        "s, median": sorted(seconds)[len(seconds) // 2],
        "s, most": max(seconds),
        "MB more at most": max(grown),
        "answer": ending,
    }


def _ending(result: Any) -> str:
    if result.is_error:
        return "an error that says why"
    return f"cut, {len(result.content[0].text):,} characters shown"


def _sdk(size: int) -> Row:
    command = [sys.executable, "-m", "bench.child_frames", "--one", "sdk", str(size)]
    said = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT).stdout
    found = re.search(r"MiB +([0-9.]+) s +(\w+) +\+(\d+) MiB", said)
    assert found is not None, said
    return {"s, median": float(found[1]), "s, most": "", "MB more at most": float(found[3]), "answer": found[2]}


def _number(value: float | str) -> float:
    return float(value)
