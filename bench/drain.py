"""Signals under load: every call is answered once, executed once at most, and nothing is left behind.

    python -m bench.drain [--signals 200] [--calls 20] [--at-once 2]

Each time a Toolweaver with a real server behind it is started, given calls by a host that speaks over stdio or HTTP (in
turns), and sent SIGTERM at a random moment while they are being answered. Counted are results, errors, calls that found
no connection, calls without an answer, calls that were executed twice, wrong exit statuses and processes that are left.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import json
import os
import random
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import httpx
from rich.console import Console

from bench.embed_figures import machine, show
from bench.proxy_arms import environment
from bench.proxy_process import of_folder
from bench.serving_load import Ask, Refused, http, stdio

_LEDGER = Path(__file__).parents[1] / "tests" / "downstreams" / "misbehaving.py"
_PATIENCE = 60.0
_LONGEST = 0.3
_STOPPING = 503


def main() -> None:
    """Send signals and count."""
    options = _options()
    begun = time.perf_counter()
    counted: Counter[str] = asyncio.run(_all(options))
    row = {**{name: float(counted[name]) for name in _COLUMNS}, "s": time.perf_counter() - begun}
    show(Console(width=160), f"{options.signals} signals ({machine()})", {"over stdio and HTTP": row})
    sys.exit(any(counted[name] for name in _COLUMNS[3:]))


_COLUMNS = ("results", "errors", "not taken", "unanswered", "executed twice", "status not 0", "processes left")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--signals", type=int, default=200)
    parser.add_argument("--calls", type=int, default=20, help="that are begun before each")
    parser.add_argument("--at-once", type=int, default=2, help="Toolweavers")
    return parser.parse_args()


async def _all(options: argparse.Namespace) -> Counter[str]:
    counted: Counter[str] = Counter()
    numbers = iter(range(options.signals))

    async def some() -> None:
        for number in numbers:
            with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
                counted.update(await _one(Path(folder), number, options.calls))

    await asyncio.gather(*(some() for _ in range(options.at_once)))
    return counted


async def _one(folder: Path, number: int, calls: int) -> Counter[str]:
    """Start one, call, send the signal, and count."""
    config, ledger = folder / "servers.json", folder / "ledger"
    arguments = ["-m", "tests.downstreams.misbehaving", "--ledger", str(ledger)]
    server = {"command": sys.executable, "args": arguments, "env": {"PYTHONPATH": str(_LEDGER.parents[2])}}
    settings = {"expose": "search", "serve": {"requests_per_second": 0}}
    config.write_text(json.dumps({"mcpServers": {"odd": server}, "toolweaver": settings}), encoding="utf-8")
    command = [sys.executable, "-m", "mcp_toolweaver", "serve", "--config", str(config)]
    env = environment(folder)
    if number % 2:
        counted = await _over_stdio(command, env, number, calls)
    else:
        counted = await _over_http(command, env, number, calls)
    ran = Counter(entry["nonce"] for line in ledger.read_text().splitlines() if "ran" in (entry := json.loads(line)))
    counted["executed twice"] += sum(times > 1 for times in ran.values())
    counted["processes left"] += len(of_folder(folder))
    return counted


async def _over_stdio(command: Sequence[str], env: Any, number: int, calls: int) -> Counter[str]:
    counted: Counter[str] = Counter()
    async with stdio(command, env) as (ask, pid):
        await _called(ask, "first")
        await _during([ask], pid, number, calls, counted)
    return counted


async def _over_http(command: Sequence[str], env: Any, number: int, calls: int) -> Counter[str]:
    counted: Counter[str] = Counter()
    process = await asyncio.create_subprocess_exec(
        *command, "--http", "127.0.0.1:0", env=env, stderr=asyncio.subprocess.PIPE
    )
    assert process.stderr is not None
    while b"serving MCP at " not in (line := await process.stderr.readline()):
        assert line
    reading = asyncio.create_task(process.stderr.read())
    url = line.split()[4].decode()
    async with http(url) as one, http(url) as other:
        await _called(one, "first")
        await _during([one, other], process.pid, number, calls, counted)
        counted["status not 0"] += await asyncio.wait_for(process.wait(), _PATIENCE) != 0
    await reading
    return counted


async def _during(asks: Sequence[Ask], pid: int, number: int, calls: int, counted: Counter[str]) -> None:
    """Make calls, and send the signal while they are being answered."""
    chance = random.Random(number)  # noqa: S311  no secret
    hosts = itertools.cycle(asks)
    names = ["slow" if chance.random() < 0.5 else "echo" for _ in range(calls)]  # noqa: PLR2004  half of them
    made = [asyncio.create_task(_called(next(hosts), f"call {at}", name)) for at, name in enumerate(names)]
    await asyncio.sleep(chance.uniform(0, _LONGEST))
    os.kill(pid, signal.SIGTERM)
    done, pending = await asyncio.wait(made, timeout=_PATIENCE)
    counted["unanswered"] += len(pending)
    for each in done:
        counted[each.result()] += 1


async def _called(ask: Ask, nonce: str, name: str = "echo") -> str:
    """Return how a call ended."""
    arguments = {"nonce": nonce, "seconds": 0.2}
    try:
        result = await ask(
            "tools/call", {"name": "call_tool", "arguments": {"name": f"odd__{name}", "arguments": arguments}}
        )
    except httpx.HTTPStatusError as refused:
        return "errors" if refused.response.status_code == _STOPPING else "unanswered"
    except httpx.ConnectError:
        return "not taken"
    except (httpx.HTTPError, ConnectionError):
        return "unanswered"
    except Refused:
        return "errors"
    return "errors" if result.get("isError") else "results"


if __name__ == "__main__":
    main()
