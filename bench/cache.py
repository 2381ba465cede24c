"""What the cache gains, what it costs, and what an outage of Redis costs.

    python bench/cache.py [--tools N] [--asked N] [--requests N] [--only PART ...] [--json FILE]

Parts: hits (a search that is found in each layer, against one that is made), misses (a search that
nobody has asked before), zipf (a workload of 1,000 distinct questions), vectors (a query's vector
from each layer, against embedding it), replicas (what the next one need not do), memory (what Redis
holds), outage (Redis killed and frozen).
All arms of a part are open in one process and are asked in turns. Starts a redis-server of its own.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import statistics
import tempfile
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path
from typing import TypeAlias

import anyio
from rich.console import Console

from bench.cache_arms import FILE, MEMORY, NONE, REDIS, opened, settings_of, write_catalog
from bench.cache_redis import Server, redis_server
from bench.embed_figures import Row, Rows, Tables, machine, milliseconds, show
from bench.embed_models import open_embedder
from mcp_toolweaver.app import App
from mcp_toolweaver.config import Settings
from mcp_toolweaver.core.interfaces import Embedder
from mcp_toolweaver.core.query import SearchRequest
from mcp_toolweaver.embeddings.cached import CachedEmbedder
from mcp_toolweaver.text.summary import summarize

Ask: TypeAlias = Callable[[SearchRequest], Awaitable[object]]

_DISTINCT = 1_000
_OTHER_WORDS = ("{}", "how do i {}", "please {} for me", "{} right now", "which tool can {}")
_TARGETS = {"catalog": 0.95, "search": 0.65, "embeddings": 0.80}
"""What was hoped for, by tier."""
_SETTLED = 2.0
_IN_A_ROW = 20
_REPLICAS = 20


@dataclass(frozen=True, slots=True)
class Bench:
    """What all parts share."""

    options: argparse.Namespace
    folder: Path
    catalog: Path
    models: Path
    redis: Server

    @asynccontextmanager
    async def open(self, *arms: str) -> AsyncGenerator[dict[str, App]]:
        """Open some arms, each with folders of its own."""
        async with AsyncExitStack() as stack:
            yield {arm: await stack.enter_async_context(self.one(arm)) for arm in arms}

    @asynccontextmanager
    async def one(self, arm: str) -> AsyncGenerator[App]:
        """Open one arm."""
        where = Path(tempfile.mkdtemp(dir=self.folder))
        async with opened(where, self.catalog, settings_of(arm, self.redis.url), self.models) as app:
            yield app

    def requests(self, app: App, count: int) -> list[SearchRequest]:
        """Return distinct questions about the tools, in an order that is the same each time."""
        drawn = random.Random(7)  # noqa: S311  no secret
        tools = app.catalog.snapshot.tools.values()
        said = [summarize(tool.description, longest=80).rstrip(".").lower() for tool in tools]
        texts = list(dict.fromkeys(words.format(text) for words in _OTHER_WORDS for text in said if text))
        drawn.shuffle(texts)
        return [SearchRequest(text) for text in islice(texts, count)]


async def _in_turns(arms: Mapping[str, Ask], requests: Sequence[SearchRequest]) -> dict[str, list[float]]:
    """Ask every arm every question: some in a row, so that a slow one does not empty the caches of a fast one."""
    taken: dict[str, list[float]] = {arm: [] for arm in arms}
    for start in range(0, len(requests), _IN_A_ROW):
        for arm, ask in arms.items():
            for request in requests[start : start + _IN_A_ROW]:
                started = time.perf_counter()
                await ask(request)
                taken[arm].append(time.perf_counter() - started)
    return taken


def _compared(taken: Mapping[str, Sequence[float]], base: str) -> Rows:
    p50 = statistics.median(taken[base])
    return {
        arm: {**milliseconds(seconds), "times as fast": p50 / statistics.median(seconds)}
        for arm, seconds in taken.items()
    }


async def _hits(bench: Bench) -> Tables:
    async with bench.open(NONE, MEMORY, REDIS, FILE) as apps:
        requests = bench.requests(apps[NONE], bench.options.asked)
        arms: dict[str, Ask] = {arm: app.cached.search for arm, app in apps.items()}
        await _in_turns(arms, requests)
        await anyio.sleep(_SETTLED)  # what is written behind is written
        return {f"{len(requests)} questions asked before": _compared(await _in_turns(arms, requests), NONE)}


async def _misses(bench: Bench) -> Tables:
    async with bench.open(NONE, MEMORY, REDIS) as apps:
        requests = bench.requests(apps[NONE], 2 * bench.options.asked)
        arms: dict[str, Ask] = {
            {MEMORY: "memory, then a file", REDIS: "Redis"}.get(arm, arm): app.cached.search
            for arm, app in apps.items()
        }
        await _in_turns(arms, requests[: bench.options.asked])
        fresh = requests[bench.options.asked :]
        return {f"{len(fresh)} questions that nobody asked before": _compared(await _in_turns(arms, fresh), NONE)}


async def _zipf(bench: Bench) -> Tables:
    """Ask by Zipf's law, the k-th question as often as 1/k; a start anew and a change of the tools in between."""
    tables: dict[str, Rows] = {}
    for arm in (MEMORY, REDIS):
        where = Path(tempfile.mkdtemp(dir=bench.folder))
        rows: dict[str, Row] = {}
        for run in ("first run", "second run, a new process"):
            async with opened(where, bench.catalog, _usual(arm, bench.redis.url), bench.models) as app:
                requests = bench.requests(app, _DISTINCT)
                weights = [1 / rank for rank in range(1, len(requests) + 1)]
                asked = random.Random(11).choices(requests, weights, k=bench.options.requests)  # noqa: S311
                before = _counted(app)
                for request in asked:
                    await app.cached.search(request)
                rows |= {f"{run}: {tier}": row for tier, row in _rates(before, _counted(app)).items()}
                made = _made(before, _counted(app))
                fewer = len(asked) / max(made, 1)
                rows[f"{run}: searches made"] = {"asked for": len(asked), "misses": made, "times fewer": fewer}
        tables[f"{bench.options.requests:,} requests, {_DISTINCT:,} distinct, {arm}"] = rows
    return tables


def _usual(arm: str, redis: str) -> dict[str, object]:
    return {"redis": {"url": redis}} if arm == REDIS else {}


Counts: TypeAlias = Mapping[str, Mapping[str, int]]


def _counted(app: App) -> Counts:
    return {tier: dict(events) for tier, events in app.caches.counters.counts.items()}


def _since(before: Counts, after: Counts, tier: str) -> dict[str, int]:
    return {event: count - before.get(tier, {}).get(event, 0) for event, count in after.get(tier, {}).items()}


def _rates(before: Counts, after: Counts) -> dict[str, Row]:
    rows: dict[str, Row] = {}
    for tier in ("search", "embeddings"):
        events = _since(before, after, tier)
        hits = {event: count for event, count in events.items() if event in {"memory", "redis", "file"}}
        asked = sum(hits.values()) + events.get("misses", 0)
        rate = sum(hits.values()) / asked if asked else 0.0
        missed = {"misses": events.get("misses", 0), "hit rate": rate, "hoped for": _TARGETS[tier]}
        rows[tier] = {"asked for": asked, **hits, **missed}
    return rows


def _made(before: Counts, after: Counts) -> int:
    return _since(before, after, "search").get("misses", 0)


async def _replicas(bench: Bench) -> Tables:
    """Start one after the other with nothing of its own, all on one Redis."""
    starts: list[Counts] = []
    seconds: list[float] = []
    for _start in range(_REPLICAS):
        started = time.perf_counter()
        async with bench.one(REDIS) as app:
            seconds.append(time.perf_counter() - started)
            await anyio.sleep(_SETTLED)
            starts.append(_counted(app))
    rows: dict[str, Row] = {}
    for tier in ("catalog", "definitions", "embeddings"):
        hits = sum(counts.get(tier, {}).get("redis", 0) for counts in starts)
        missed = sum(counts.get(tier, {}).get("misses", 0) for counts in starts)
        rows[tier] = {"asked for": hits + missed, "redis": hits, "misses": missed, "hit rate": hits / (hits + missed)}
        if tier in _TARGETS:
            rows[tier] = {**rows[tier], "hoped for": _TARGETS[tier]}
    rows["seconds until all is embedded, first and median of the others"] = {
        "first s": seconds[0],
        "others s": statistics.median(seconds[1:]),
    }
    return {f"{_REPLICAS} replicas, none with anything of its own": rows}


async def _outage(bench: Bench) -> Tables:
    async with bench.open(NONE) as apps, bench.one(REDIS) as shared:
        requests = bench.requests(shared, 4 * bench.options.asked)
        few = bench.options.asked
        ask: Ask = shared.cached.search
        bare: Ask = apps[NONE].cached.search
        well = await _in_turns({"Redis is well": ask, NONE: bare}, requests[:few])
        bench.redis.freeze()
        first = await _in_turns({"first": ask}, requests[few : few + 1])
        frozen = await _in_turns({"Redis is frozen, breaker open": ask, NONE: bare}, requests[few + 1 : 2 * few])
        bench.redis.thaw()
        bench.redis.kill()
        await anyio.sleep(_SETTLED)
        killed = await _in_turns({"Redis is killed": ask, NONE: bare}, requests[2 * few : 3 * few])
        rows: dict[str, Row] = {}
        for taken in (well, frozen, killed):
            name, base = next(iter(taken)), statistics.median(taken[NONE])
            more = 1000 * (statistics.median(taken[name]) - base)
            rows[name] = {**milliseconds(taken[name]), "ms more than no cache": more}
        rows["the first search after Redis froze"] = {"p50 ms": 1000 * first["first"][0]}
        return {"searches that nobody asked before": rows}


async def _vectors(bench: Bench) -> Tables:
    """Ask for the vectors of questions, by the model and out of each layer."""
    async with bench.open(MEMORY, REDIS, FILE) as apps:
        model = await open_embedder(Settings())
        embedders = {NONE: model} | {arm: CachedEmbedder(model, app.caches.whole) for arm, app in apps.items()}
        requests = bench.requests(apps[MEMORY], bench.options.asked)
        arms: dict[str, Ask] = {arm: partial(_embedded, embedder) for arm, embedder in embedders.items()}
        await _in_turns(arms, requests)
        await anyio.sleep(_SETTLED)
        return {f"the vectors of {len(requests)} questions": _compared(await _in_turns(arms, requests), NONE)}


async def _embedded(embedder: Embedder, request: SearchRequest) -> object:
    return await embedder.embed_queries([request.text])


async def _memory(bench: Bench) -> Tables:
    async with bench.one(REDIS) as app:
        rows: dict[str, Row] = {}
        tools = len(app.catalog.snapshot)
        await anyio.sleep(_SETTLED)
        rows[f"{tools:,} tools: listings, definitions, vectors"] = {"MB": bench.redis.memory() / 1e6}
        before = bench.redis.memory()
        for request in bench.requests(app, _DISTINCT):
            await app.cached.search(request)
        await anyio.sleep(_SETTLED)
        rows[f"{_DISTINCT:,} questions more: answers, vectors"] = {"MB": (bench.redis.memory() - before) / 1e6}
        return {"what Redis holds": rows}


PARTS: Mapping[str, Callable[[Bench], Awaitable[Tables]]] = {
    "hits": _hits,
    "misses": _misses,
    "vectors": _vectors,
    "zipf": _zipf,
    "replicas": _replicas,
    "memory": _memory,
    "outage": _outage,
}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tools", type=int, default=1_000, help="how many tools there are")
    parser.add_argument("--asked", type=int, default=300, help="how many questions are timed")
    parser.add_argument("--requests", type=int, default=10_000, help="how many the workload has")
    parser.add_argument("--only", nargs="+", choices=PARTS, default=list(PARTS), metavar="PART")
    parser.add_argument("--json", type=Path, help="write the figures here")
    options = parser.parse_args()
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    console = Console(width=160)
    console.print(machine())
    figures: dict[str, object] = {"machine": machine()}
    with tempfile.TemporaryDirectory(prefix="bench-cache-") as scratch:
        folder = Path(scratch)
        catalog = write_catalog(folder, options.tools)
        for name in options.only:
            with redis_server() as redis:
                tables = anyio.run(PARTS[name], Bench(options, folder, catalog, Settings().models, redis))
            figures[name] = tables
            for title, rows in tables.items():
                show(console, f"{name}: {title}", rows)
    if options.json:
        options.json.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
