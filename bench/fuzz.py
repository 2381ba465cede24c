"""Malformed frames by the thousand: no crash, no hang, no request without an answer whose id can be read.

    python -m bench.fuzz [--frames 20000] [--transports stdio http sse] [--seed 0]

Frames are valid ones, bent: cut, doubled, with other types, deep, large, in other encodings. An oracle says of each
whether it must be answered. Over stdio each such frame must get one answer; over HTTP and SSE each request of HTTP must
get one answer of 2xx, or 4xx. After every hundred a search must be answered rightly.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeAlias

import httpx
from rich.console import Console

from bench.embed_figures import Row, machine, memory, show
from bench.proxy_arms import environment
from bench.serving_load import Ask, http, sse

Bent: TypeAlias = tuple[bytes, str | int | None]
"""A frame, and the id that must be answered."""

_BATCH = 100
_PATIENCE = 60.0
_ODD: tuple[Any, ...] = (None, True, -1, 1.5, "x", [], {}, [1], {"a": 1}, 10**30, "\ud800", "\x00", "9" * 500)
_NO_IDS: tuple[Any, ...] = (None, True, 1.5, [], {})
_METHODS = ("ping", "tools/list", "tools/call", "resources/read", "prompts/get", "no/such", "initialize", "")


def main() -> None:
    """Send and count."""
    options = _options()
    console = Console(width=160)
    rows: dict[str, Row] = {}
    for transport in options.transports:
        with tempfile.TemporaryDirectory() as folder:
            rows[transport] = asyncio.run(_fuzz(Path(folder), transport, options))
    show(console, f"{options.frames:,} malformed frames each ({machine()})", rows)
    sys.exit(any(row["wrong"] for row in rows.values()))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--frames", type=int, default=20_000)
    parser.add_argument("--transports", nargs="+", choices=["stdio", "http", "sse"], default=["stdio", "http", "sse"])
    parser.add_argument("--seed", type=int, default=0)
    return parser.parse_args()


def bent(chance: random.Random, number: int) -> Bent:
    """Return a frame that is somehow malformed, and the id that must be answered; None if none must."""
    id_: Any = chance.choice([number, f"id {number}"])
    message: dict[str, Any] = {"jsonrpc": "2.0", "id": id_, "method": chance.choice(_METHODS), "params": {}}
    return chance.choice(_WAYS)(chance, message)


def _other_value(chance: random.Random, message: dict[str, Any]) -> Bent:
    return _line({**message, chance.choice(["jsonrpc", "method", "params"]): chance.choice(_ODD)}), message["id"]


def _missing(chance: random.Random, message: dict[str, Any]) -> Bent:
    left_out = chance.choice(["jsonrpc", "method"])
    return _line({key: value for key, value in message.items() if key != left_out}), message["id"]


def _other_parameter(chance: random.Random, message: dict[str, Any]) -> Bent:
    key = chance.choice(["name", "arguments", "_meta", "cursor", "uri"])
    return _line({**message, "params": {key: chance.choice(_ODD)}}), message["id"]


def _no_id(chance: random.Random, message: dict[str, Any]) -> Bent:
    return _line({**message, "id": chance.choice(_NO_IDS)}), None


def _notification(chance: random.Random, message: dict[str, Any]) -> Bent:
    return _line({"jsonrpc": "2.0", "method": message["method"], "params": chance.choice(_ODD)}), None


def _second_end(_chance: random.Random, message: dict[str, Any]) -> Bent:
    return _line(message)[:-1] + b",}", message["id"]


def _deep(chance: random.Random, message: dict[str, Any]) -> Bent:
    return _line(message)[:-1] + b',"deep":' + b"[" * chance.randrange(2_000, 20_000), message["id"]


def _no_characters(_chance: random.Random, message: dict[str, Any]) -> Bent:
    return _line({**message, "params": {"x": "?"}}).replace(b"?", b"\xff\xfe\\ud800"), message["id"]


def _large(chance: random.Random, message: dict[str, Any]) -> Bent:
    text = b',"large":"' + b"x" * chance.randrange(1, 200_000) + b'"'
    return _line(message)[:-1] + text + chance.choice([b"", b"}"]), message["id"]


def _cut(chance: random.Random, message: dict[str, Any]) -> Bent:
    text = _line(message)
    cut = chance.randrange(len(text))
    return text[:cut], message["id"] if cut > text.index(b', "method"') else None


_WAYS: tuple[Callable[[random.Random, dict[str, Any]], Bent], ...] = (
    _other_value,
    _missing,
    _other_parameter,
    _no_id,
    _notification,
    _second_end,
    _deep,
    _no_characters,
    _large,
    _cut,
)


def _line(message: Any) -> bytes:
    return json.dumps(message).encode()


async def _fuzz(folder: Path, transport: str, options: argparse.Namespace) -> Row:
    frames = _frames(options.frames, options.seed)
    begun = time.perf_counter()
    if transport == "stdio":
        counted, held = await _over_stdio(folder, frames)
    else:
        counted, held = await _over_http(folder, frames, transport)
    return {
        "answered": counted["answered"],
        "not to be answered": counted["free"],
        "right in between": counted["right"],
        "wrong": counted["wrong"],
        "s": time.perf_counter() - begun,
        **held,
    }


def _frames(number: int, seed: int) -> Iterator[list[Bent]]:
    chance = random.Random(seed)  # noqa: S311  no secret
    for start in range(0, number, _BATCH):
        yield [bent(chance, 1_000 + at) for at in range(start, min(start + _BATCH, number))]


def _command(folder: Path, *options: str) -> list[str]:
    config = folder / "toolweaver.json"
    config.write_text(
        json.dumps({"mcpServers": {}, "toolweaver": {"serve": {"requests_per_second": 0}}}), encoding="utf-8"
    )
    return [sys.executable, "-m", "mcp_toolweaver", "serve", "--config", str(config), *options]


async def _over_stdio(folder: Path, frames: Iterator[list[Bent]]) -> tuple[Counter[str], Row]:
    process = await asyncio.create_subprocess_exec(
        *_command(folder),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        env=environment(folder),
        limit=1 << 26,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    counted: Counter[str] = Counter()
    hello = {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "fuzz", "version": "0"}}
    process.stdin.write(_line({"jsonrpc": "2.0", "id": "hello", "method": "initialize", "params": hello}) + b"\n")
    await process.stdout.readline()
    process.stdin.write(_line({"jsonrpc": "2.0", "method": "notifications/initialized"}) + b"\n")
    for at, batch in enumerate(frames):
        call = {"name": "search_tools", "arguments": {"query": "anything"}}
        search = {"jsonrpc": "2.0", "id": f"search {at}", "method": "tools/call", "params": call}
        lines = [frame.replace(b"\n", b" ") for frame, _id in batch]
        writing = asyncio.create_task(_write(process.stdin, [*lines, _line(search)]))
        wanted = Counter(id_ for _frame, id_ in batch if id_ is not None)
        wanted[f"search {at}"] += 1
        while wanted:
            answer = json.loads(await asyncio.wait_for(process.stdout.readline(), _PATIENCE))
            id_ = answer.get("id")
            if id_ == f"search {at}":
                counted["right" if "tools" in answer["result"]["structuredContent"] else "wrong"] += 1
            elif id_ is not None:
                counted["answered" if wanted[id_] else "wrong"] += 1
            if id_ is not None:
                wanted[id_] -= 1
                wanted += Counter()
        counted["free"] += sum(id_ is None for _frame, id_ in batch)
        await writing
    held = memory(process.pid)
    process.stdin.close()
    counted["wrong"] += await asyncio.wait_for(process.wait(), _PATIENCE) != 0
    return counted, held


async def _write(stdin: asyncio.StreamWriter, lines: list[bytes]) -> None:
    for line in lines:
        stdin.write(line + b"\n")
        await stdin.drain()


async def _over_http(folder: Path, frames: Iterator[list[Bent]], transport: str) -> tuple[Counter[str], Row]:
    counted: Counter[str] = Counter()
    headers = {"accept": "application/json, text/event-stream", "content-type": "application/json"}
    async with _serving(folder) as (url, pid), httpx.AsyncClient(headers=headers, timeout=_PATIENCE) as client:
        async with http(f"{url}/mcp") if transport == "http" else sse(f"{url}/sse") as ask:
            where = await _where(client, url, transport)
            for batch in frames:
                for frame, id_ in batch:
                    answer = await client.post(where, content=frame)
                    is_right = answer.status_code // 100 in {2, 4}
                    counted["wrong" if not is_right else "free" if id_ is None else "answered"] += 1
                await _search(ask, counted)
        return counted, memory(pid)


async def _where(client: httpx.AsyncClient, url: str, transport: str) -> str:
    """Return where frames go: within a session of their own over HTTP, and to one that is unknown over SSE."""
    if transport == "sse":
        return f"{url}/messages/?session_id={'0' * 32}"
    hello = {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "fuzz", "version": "0"}}
    begun = await client.post(f"{url}/mcp", json={"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": hello})
    client.headers["mcp-session-id"] = begun.headers["mcp-session-id"]
    return f"{url}/mcp"


async def _search(ask: Ask, counted: Counter[str]) -> None:
    call = {"name": "search_tools", "arguments": {"query": "anything"}}
    answer = await asyncio.wait_for(ask("tools/call", call), _PATIENCE)
    counted["right" if "tools" in answer["structuredContent"] else "wrong"] += 1


@asynccontextmanager
async def _serving(folder: Path) -> AsyncGenerator[tuple[str, int]]:
    process = await asyncio.create_subprocess_exec(
        *_command(folder, "--http", "127.0.0.1:0"), stderr=asyncio.subprocess.PIPE, env=environment(folder)
    )
    assert process.stderr is not None
    while b"serving MCP at " not in (line := await process.stderr.readline()):
        assert line, "it did not start: run it by hand"
    draining = asyncio.create_task(process.stderr.read())
    yield line.split()[4].decode().removesuffix("/mcp"), process.pid
    process.terminate()
    assert await process.wait() == 0
    await draining


if __name__ == "__main__":
    main()
