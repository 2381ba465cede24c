"""What a call costs through a proxy: alone, among 200, and when it is cancelled."""

from __future__ import annotations

import argparse
import random
import statistics
import time
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import anyio

from bench.embed_figures import Row, Rows, Tables, milliseconds
from bench.proxy_arms import (
    COPIED,
    DIRECT,
    DIRECTLY,
    KEPT,
    META,
    Arm,
    Call,
    copied,
    direct,
    fastmcp_arms,
    http_server,
    scratch,
    stdio_server,
    text,
    toolweaver,
)
from bench.proxy_process import cpu_seconds

_LEGACY, _MODERN = "legacy", "2026-07-28"
_WARMING = 30
_IN_A_ROW = 10
_MEGABYTE = 1_000_000
_SERVERS = 10
_AT_ONCE = 200
_WHOLE = "toolweaver, call_tool, uncut"


async def latency(options: argparse.Namespace) -> Tables:
    """Call through every arm in turns; the servers over stdio and over HTTP, and the hosts of either era."""
    tables: dict[str, Rows] = {}
    with http_server() as http:
        for title, server, mode in (
            ("over stdio", stdio_server(), _LEGACY),
            ("over HTTP", http, _LEGACY),
            ("over stdio, a host of 2026-07-28", stdio_server(), _MODERN),
        ):
            tables |= await _latency(title, server, mode, options.calls)
    return tables


async def _latency(title: str, server: Mapping[str, Any], mode: str, calls: int) -> Tables:
    async with AsyncExitStack() as stack:
        folder, servers = Path(stack.enter_context(scratch())), {"s": server}
        arms = {DIRECT: await stack.enter_async_context(direct(server, mode))}
        if "command" in server:
            arms[COPIED] = await stack.enter_async_context(copied(server, mode))
        arms |= await stack.enter_async_context(toolweaver(folder / "ours", servers, mode))
        uncut = toolweaver(folder / "uncut", servers, mode, TOOLWEAVER_RESULTS__MAX_TOKENS="0")
        whole = (await stack.enter_async_context(uncut))[META]
        for name, proxy in fastmcp_arms(folder, servers, mode).items():
            arms[name] = await stack.enter_async_context(proxy)
        small = await _in_turns(arms, "s/small", {"word": "hello"}, calls)
        tables = {f"a small result, server {title}": small}
        if mode == _LEGACY:
            waits = await _in_turns(arms, "s/wait", {"seconds": 0.1}, max(calls // 10, 2 * _IN_A_ROW))
            tables[f"a call of 100 ms, server {title}"] = waits
            large = await _in_turns({**arms, _WHOLE: whole}, "s/large", {"size": _MEGABYTE}, max(calls // 10, 20))
            tables[f"a result of 1 MB, server {title}"] = large
        return tables


async def _in_turns(arms: Mapping[str, Arm], name: str, arguments: Mapping[str, Any], calls: int) -> Rows:
    """Call through every arm some times in a row, in an order that is drawn anew each time."""
    taken: dict[str, list[float]] = {arm: [] for arm in arms}
    cpu = dict.fromkeys(arms, 0.0)
    for warmed in arms.values():
        for _ in range(min(_WARMING, calls)):
            text(await warmed.call(name, arguments))
    order = list(arms)
    for _round in range(-(-calls // _IN_A_ROW)):
        random.shuffle(order)
        for arm in order:
            before = cpu_seconds(arms[arm].pid)
            for _ in range(_IN_A_ROW):
                started = time.perf_counter()
                await arms[arm].call(name, arguments)
                taken[arm].append(time.perf_counter() - started)
            cpu[arm] += cpu_seconds(arms[arm].pid) - before
    spent = {arm: 1000 * seconds / len(taken[arm]) for arm, seconds in cpu.items()}
    return {arm: {**row, "CPU ms": spent[arm] or ""} for arm, row in _compared(taken).items()}


def _compared(taken: Mapping[str, Sequence[float]]) -> Rows:
    """Return the times, and what they add to a direct call; of the least too, which other work disturbs least."""
    base = milliseconds(taken[DIRECT])
    rows: dict[str, Row] = {}
    for arm, seconds in taken.items():
        row = milliseconds(seconds)
        more = {f"+{name}": float(row[name]) - float(base[name]) for name in row}
        rows[arm] = {**row, **more, "p50 / direct": float(row["p50 ms"]) / float(base["p50 ms"])}
    return rows


async def crowd(options: argparse.Namespace) -> Tables:
    """Make 200 calls at once, 20 to each of ten servers."""
    servers = {f"s{number}": stdio_server() for number in range(_SERVERS)}
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(scratch()))
        each = {name: await stack.enter_async_context(direct(server, _LEGACY)) for name, server in servers.items()}

        async def to_each(name: str, arguments: Mapping[str, Any]) -> Any:
            return await each[name.partition("/")[0]].call(name, arguments)

        ours = await stack.enter_async_context(toolweaver(folder / "ours", servers, _LEGACY))
        wide = {name: {**server, "concurrency": 20} for name, server in servers.items()}
        more = (await stack.enter_async_context(toolweaver(folder / "wide", wide, _LEGACY)))[META]
        calls: dict[str, Call] = {DIRECT: to_each, META: ours[META].call, DIRECTLY: ours[DIRECTLY].call}
        calls["toolweaver, call_tool, concurrency 20"] = more.call
        if kept := fastmcp_arms(folder, servers, _LEGACY).get(KEPT):  # the other one starts all ten for each call
            calls[KEPT] = (await stack.enter_async_context(kept)).call
        tables: dict[str, Rows] = {}
        for title, name, arguments in (
            ("small results", "small", {"word": "hello"}),
            ("calls of 50 ms", "wait", {"seconds": 0.05}),
        ):
            tables[f"200 calls at once over 10 servers, {title}"] = await _crowd(calls, name, arguments, options.rounds)
        return tables


async def _crowd(arms: Mapping[str, Call], tool: str, arguments: Mapping[str, Any], rounds: int) -> Rows:
    walls: dict[str, list[float]] = {arm: [] for arm in arms}
    taken: dict[str, list[float]] = {arm: [] for arm in arms}

    async def one(arm: str, number: int) -> None:
        started = time.perf_counter()
        text(await arms[arm](f"s{number % _SERVERS}/{tool}", arguments))
        taken[arm].append(time.perf_counter() - started)

    for round_ in range(rounds + 1):
        for arm in arms:
            started = time.perf_counter()
            async with anyio.create_task_group() as tasks:
                for number in range(_AT_ONCE):
                    tasks.start_soon(one, arm, number)
            walls[arm].append(time.perf_counter() - started)
            if not round_:  # everything has been imported and opened now
                walls[arm].clear()
                taken[arm].clear()
    base = statistics.median(walls[DIRECT])
    return {
        arm: {
            "wall p50 ms": 1000 * statistics.median(seconds),
            "wall least ms": 1000 * min(seconds),
            "wall p50 / direct": statistics.median(seconds) / base,
            **{f"call {name}": value for name, value in milliseconds(taken[arm]).items()},
        }
        for arm, seconds in walls.items()
    }


async def cancel(options: argparse.Namespace) -> Tables:
    """Cancel calls, and ask the server when it noticed."""
    tables: dict[str, Rows] = {}
    for title, mode in (("a host with a handshake", _LEGACY), ("a host of 2026-07-28", _MODERN)):
        async with AsyncExitStack() as stack:
            folder = Path(stack.enter_context(scratch()))
            servers = {"s": stdio_server()}
            arms = {DIRECT: await stack.enter_async_context(direct(servers["s"], mode))}
            arms |= await stack.enter_async_context(toolweaver(folder / "ours", servers, mode))
            for name, proxy in fastmcp_arms(folder, servers, mode).items():
                arms[name] = await stack.enter_async_context(proxy)
            taken: dict[str, list[float]] = {name: [] for name in arms}
            for number in range(options.cancels):
                for name, arm in arms.items():
                    taken[name].append(await _cancelled(arm, folder / f"{name} {number}"))
            tables[f"from cancelling to the server's noticing, {title}"] = {
                name: {**milliseconds(seconds), f"later than {_NEVER:g} s": sum(each >= _NEVER for each in seconds)}
                for name, seconds in taken.items()
            }
    return tables


_NEVER = 5.0
"""Seconds after which it is taken for certain that a server will not notice."""


async def _cancelled(arm: Arm, noted: Path) -> float:
    """Return the seconds from cancelling a call, which the server has begun, to what it noted."""
    cancelled = 0.0
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(arm.call, "s/wait", {"seconds": 2 * _NEVER, "noted": str(noted)})
        while not noted.exists():  # noqa: ASYNC110, ASYNC240  another process makes it
            await anyio.sleep(0.005)
        await anyio.sleep(0.02)
        cancelled = time.monotonic()
        tasks.cancel_scope.cancel()
    while not (noticed := noted.read_text(encoding="ascii")):  # noqa: ASYNC240
        if time.monotonic() - cancelled > _NEVER:
            return _NEVER
        await anyio.sleep(0.005)
    return float(noticed) - cancelled
