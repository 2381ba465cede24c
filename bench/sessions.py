"""What sessions over HTTP hold: memory of an idle one, and what is left of many that were begun and abandoned.

    python -m bench.sessions [--idle 1000] [--cycles 10000]

Over streamable HTTP and over SSE. An abandoned session of streamable HTTP is one whose host never comes back; it is
ended when it has been idle for a second. One of SSE is abandoned by closing its stream. Linux only.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import tempfile
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
from rich.console import Console

from bench.embed_figures import Row, machine, number, show
from bench.proxy_arms import environment
from bench.proxy_process import held

_HELLO = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "initialize",
    "params": {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "bench", "version": "0"}},
}
_HEADERS = {"accept": "application/json, text/event-stream"}
_AT_ONCE = 16
_SETTLING = 3.0
_LOOKS = 5


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--idle", type=int, default=1_000)
    parser.add_argument("--cycles", type=int, default=10_000)
    options = parser.parse_args()
    console = Console(width=140)
    console.print(machine())
    show(console, f"{options.idle:,} idle sessions", asyncio.run(_idle(options.idle)))
    show(console, f"{options.cycles:,} sessions begun and abandoned", asyncio.run(_abandoned(options.cycles)))


async def _idle(count: int) -> dict[str, Row]:
    async with _serving(idle_timeout=3_600) as (url, pid), _client() as client:
        await _begin(client, url, _AT_ONCE)
        before = held(pid)
        await _begin(client, url, count)
        after = held(pid)
    each = 1_000 * (number(after, "MB resident") - number(before, "MB resident")) / count
    return {"before": before, "with them": {**after, "KB each": each}}


async def _abandoned(cycles: int) -> dict[str, Row]:
    rows: dict[str, Row] = {}
    async with _serving(idle_timeout=1) as (url, pid), _client() as client:
        await _begin(client, url, 100)
        await asyncio.sleep(_SETTLING)
        rows["before"] = held(pid)
        for look in range(1, _LOOKS + 1):
            begun = time.perf_counter()
            await _begin(client, url, cycles // _LOOKS)
            await _streams(client, url, cycles // _LOOKS // 10)
            seconds = time.perf_counter() - begun
            await asyncio.sleep(_SETTLING)
            rows[f"after {look * cycles // _LOOKS:,}"] = {**held(pid), "s": seconds}
    return rows


async def _begin(client: httpx.AsyncClient, url: str, count: int) -> None:
    """Begin so many sessions and never come back."""
    numbers = iter(range(count))

    async def some() -> None:
        for _number in numbers:
            (await client.post(f"{url}/mcp", json=_HELLO)).raise_for_status()

    await asyncio.gather(*(some() for _ in range(_AT_ONCE)))


async def _streams(client: httpx.AsyncClient, url: str, count: int) -> None:
    """Open so many streams of SSE and close them."""
    for _number in range(count):
        async with client.stream("GET", f"{url}/sse") as stream:
            await anext(stream.aiter_lines())


def _client() -> httpx.AsyncClient:
    return httpx.AsyncClient(headers=_HEADERS, timeout=60)


@asynccontextmanager
async def _serving(idle_timeout: float) -> AsyncGenerator[tuple[str, int]]:
    serve = {"requests_per_second": 0, "max_sessions": 100_000, "session_idle_timeout": idle_timeout}
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder) / "servers.json"
        config.write_text(json.dumps({"mcpServers": {}, "toolweaver": {"serve": serve}}), encoding="utf-8")
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "mcp_toolweaver", "serve", "--config", str(config), "--http", "127.0.0.1:0",
            env=environment(Path(folder), TOOLWEAVER_LOG_LEVEL="error"), stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        assert process.stderr is not None
        while b"serving MCP at " not in (line := await process.stderr.readline()):
            assert line
        reading = asyncio.create_task(process.stderr.read())
        yield line.split()[4].decode().removesuffix("/mcp"), process.pid
        process.terminate()
        assert await process.wait() == 0
        await reading


if __name__ == "__main__":
    main()
