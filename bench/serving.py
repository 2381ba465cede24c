"""What a search costs from end to end, by transport and number of clients, beside FastMCP's search transform.

    python -m bench.serving [--sizes 1000 10000] [--clients 1 16 64] [--transports stdio http sse] [--meaning]

Both serve the same catalog, generated from the demo's, to the same clients, in turns. Over stdio there is one host,
which asks so many things at once; over HTTP and SSE each client has a session and a connection of its own. Ours is
asked once by words alone, as FastMCP searches, and with --meaning also with its model, and keeps no answers; each
question is asked once in a round. What clients cost is in all arms alike. FastMCP takes part where .venv/fastmcp has
it (`make bench-serving` sees to that).
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import signal
import socket
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

from rich.console import Console

from bench.embed_figures import Row, Rows, machine, memory, milliseconds, show
from bench.index_tools import workload
from bench.serving_load import Ask, http, sse, stdio

ROOT = Path(__file__).parents[1]
DEMO = ROOT / "mcp_toolweaver" / "demo"
FASTMCP = ROOT / ".venv" / "fastmcp" / "bin" / "python"
WORDS, MEANING, THEIRS = "toolweaver, words", "toolweaver, words and meaning", "FastMCP BM25"
_OPENERS = {"http": (http, "/mcp"), "sse": (sse, "/sse")}
_STARTING = 900.0


def main() -> None:
    """Measure and print."""
    options = _options()
    console = Console(width=180)
    console.print(machine())
    figures: dict[str, object] = {"machine": machine()}
    with tempfile.TemporaryDirectory() as folder:
        for size in options.sizes:
            questions = _catalog(Path(folder), size)
            for transport in options.transports:
                title = f"{size:,} tools over {transport}"
                rows = asyncio.run(_measure(Path(folder), transport, options, questions))
                figures[title] = rows
                show(console, title, rows)
    if options.json:
        options.json.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", nargs="+", type=int, default=[1_000, 10_000])
    parser.add_argument("--clients", nargs="+", type=int, default=[1, 16, 64])
    parser.add_argument("--transports", nargs="+", choices=["stdio", *_OPENERS], default=["stdio", *_OPENERS])
    parser.add_argument("--rounds", type=int, default=2, help="in which each arm is asked, in turns")
    parser.add_argument("--searches", type=int, default=96, help="by arm, number of clients and round, at most")
    parser.add_argument("--meaning", action="store_true", help="also with the model: tools are embedded first")
    parser.add_argument("--json", type=Path, help="write the figures here")
    return parser.parse_args()


def _catalog(folder: Path, size: int) -> Sequence[str]:
    """Write the catalog, and return questions about it."""
    load = workload(DEMO / "catalog", DEMO / "queries.jsonl", size)
    with (folder / "catalog.jsonl").open("w", encoding="utf-8") as file:
        for tool in load.snapshot.tools.values():
            line = {
                "name": tool.callable_name,
                "description": tool.description,
                "inputSchema": tool.input_schema or {"type": "object"},
                "server": tool.id.server,
            }
            file.write(json.dumps(line) + "\n")
    words = sorted({word for tool in load.snapshot.tools.values() for word in tool.description.split()[:6]})
    texts = [asked.request.text for asked in load.questions["one probe"]]
    return [f"{text} {words[at % len(words)]}" for at in range(16) for text in texts]


async def _measure(folder: Path, transport: str, options: argparse.Namespace, questions: Sequence[str]) -> Rows:
    seconds: dict[tuple[str, int], list[float]] = {}
    rates: dict[tuple[str, int], list[float]] = {}
    async with AsyncExitStack() as stack:
        arms: dict[str, tuple[list[Ask], int]] = {}
        for name in _arms(options):
            arms[name] = await stack.enter_async_context(_served(folder, name, transport, max(options.clients)))
        for turn in range(options.rounds):
            for count in options.clients:
                for name, (asks, _pid) in arms.items():
                    begun = time.perf_counter()
                    took = await _round(asks[:count], _asked(questions, turn, options.searches, count))
                    seconds.setdefault((name, count), []).extend(took)
                    rates.setdefault((name, count), []).append(len(took) / (time.perf_counter() - begun))
        held = {name: memory(pid) for name, (_asks, pid) in arms.items()}
    return _rows(seconds, rates, held)


def _arms(options: argparse.Namespace) -> list[str]:
    return [WORDS, *([MEANING] if options.meaning else []), *([THEIRS] if FASTMCP.exists() else [])]


def _asked(questions: Sequence[str], turn: int, most: int, clients: int) -> list[str]:
    """Return the questions of a round; a single client asks a third, which suffices."""
    number = most if clients > 1 else most // 3
    return [questions[(turn * most + at) % len(questions)] for at in range(number)]


async def _round(asks: Sequence[Ask], questions: Sequence[str]) -> list[float]:
    """Let all clients ask, each its next question when it has the answer to the last; return the times."""
    left, seconds = list(questions), list[float]()

    async def client(ask: Ask) -> None:
        while left:
            question = left.pop()
            begun = time.perf_counter()
            result = await ask("tools/call", {"name": "search_tools", "arguments": {"query": question}})
            seconds.append(time.perf_counter() - begun)
            assert not result.get("isError"), result

    await asyncio.gather(*map(client, asks))
    return seconds


@asynccontextmanager
async def _served(folder: Path, name: str, transport: str, clients: int) -> AsyncGenerator[tuple[list[Ask], int]]:
    """Start a server and yield its clients and its process, once it answers as it always will."""
    own = folder / name.replace(" ", "-").replace(",", "")
    own.mkdir(exist_ok=True)
    env = _environment(own, has_meaning=name == MEANING)
    if transport == "stdio":
        async with stdio(_command(folder, name, transport, 0), env) as (ask, pid):
            await _ready([ask], is_ours=name != THEIRS)
            yield [ask] * clients, pid
        return
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    process = await asyncio.create_subprocess_exec(
        *_command(folder, name, transport, port), env=env, stderr=asyncio.subprocess.DEVNULL
    )
    await _listening(port)
    opener, path = _OPENERS[transport]
    async with AsyncExitStack() as stack:
        asks = [await stack.enter_async_context(opener(f"http://127.0.0.1:{port}{path}")) for _ in range(clients)]
        await _ready(asks, is_ours=name != THEIRS)
        yield asks, process.pid
    process.send_signal(signal.SIGINT if name == THEIRS else signal.SIGTERM)
    await process.wait()


def _command(folder: Path, name: str, transport: str, port: int) -> list[str]:
    if name == THEIRS:
        catalog = str(folder / "catalog.jsonl")
        return [str(FASTMCP), str(ROOT / "bench" / "serving_fastmcp.py"), transport, catalog, str(port)]
    config = folder / "toolweaver.json"
    source = {"kind": "json_file", "name": "bench", "path": str(folder / "catalog.jsonl")}
    config.write_text(json.dumps({"sources": [source]}), encoding="utf-8")
    served = [] if transport == "stdio" else ["--http", f"127.0.0.1:{port}"]
    return [sys.executable, "-m", "mcp_toolweaver", "serve", "--config", str(config), *served]


def _environment(own: Path, *, has_meaning: bool) -> Mapping[str, str]:
    settings = {
        "TOOLWEAVER_EMBEDDING__ENABLED": str(has_meaning).lower(),
        "TOOLWEAVER_CACHE__LIFETIMES__SEARCH": "0",
        "TOOLWEAVER_DATA_DIR": str(own / "data"),
        "TOOLWEAVER_CACHE_DIR": str(own / "cache"),
        "TOOLWEAVER_LOG_LEVEL": "error",
        "TOOLWEAVER_SERVE__CONCURRENT_REQUESTS": "1000",
        "TOOLWEAVER_SERVE__REQUESTS_PER_SECOND": "100000",
    }
    return {**os.environ, **settings}


async def _ready(asks: Sequence[Ask], *, is_ours: bool) -> None:
    """Wait until nothing of an answer is missing any more."""
    until = time.monotonic() + _STARTING
    while True:
        result = await asks[0]("tools/call", {"name": "search_tools", "arguments": {"query": "create an issue"}})
        if not is_ours or not result["structuredContent"]["degraded"]:
            return
        assert time.monotonic() < until, result["structuredContent"]["degraded"]
        await asyncio.sleep(0.5)


async def _listening(port: int) -> None:
    until = time.monotonic() + _STARTING
    while time.monotonic() < until:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        await asyncio.sleep(0.05)
    raise TimeoutError(f"nothing listens on port {port}")


def _rows(
    seconds: Mapping[tuple[str, int], list[float]],
    rates: Mapping[tuple[str, int], list[float]],
    held: Mapping[str, Row],
) -> Rows:
    rows: dict[str, Row] = {}
    for (name, count), took in seconds.items():
        theirs = seconds.get((THEIRS, count), [])
        ratio: dict[str, Any] = {}
        if theirs and name != THEIRS:
            ratio = {"FastMCP / ours at p50": statistics.median(theirs) / statistics.median(took)}
        p99 = 1_000 * statistics.quantiles(took, n=100, method="inclusive")[98]
        rate = statistics.median(rates[name, count])
        rows[f"{name}, {count} at once"] = {
            **milliseconds(took), "p99 ms": p99, "searches a second": rate, **ratio, **held[name]
        }  # fmt: skip
    return rows


if __name__ == "__main__":
    main()
