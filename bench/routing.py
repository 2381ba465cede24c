"""What routing a question to domains gains, in quality and in time of the index step.

    python bench/routing.py [DATA] [--engine memory|embedded] [--sets NAME ...] [--queries N] [--json FILE]

DATA is a folder of sets as for ``bench/relevance.py``; all sets together are one more, a catalog of
their own. The whole search is measured; the arms differ in what the index is asked:

* soft: the best of the likely domains are candidates too, in the same round trip;
* hard: only tools of these domains are;
* by names: the servers and products that the question names, as Toolweaver does;
* by centroids: the domains whose mean vector is nearest, three of them or one;
* right domains: those of the right tools, which nobody knows: what could be gained at most.

And what a caller's own choice of a domain is worth, right or wrong, with the way back to all of them.

Times are medians over the questions that name a domain, all arms after one another for each question.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import tempfile
from collections import defaultdict
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import anyio
import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from bench.embed_models import open_embedder
from bench.routing_arms import Arm, Centroids, Right, RoutedIndex, arms, foreign_centroid_accuracy
from bench.routing_hints import hinted
from bench.sets import labelled_sets
from mcp_toolweaver.cache.file import open_file_cache
from mcp_toolweaver.cli.eval_options import configuration_of
from mcp_toolweaver.cli.running import progress_bar, running
from mcp_toolweaver.config import Configuration, Settings
from mcp_toolweaver.core.interfaces import Embedder, ToolIndex
from mcp_toolweaver.core.query import IndexEntry, SearchRequest
from mcp_toolweaver.core.status import SourceStatus
from mcp_toolweaver.core.tools import Snapshot, Tool
from mcp_toolweaver.embeddings.cached import CachedEmbedder
from mcp_toolweaver.evaluation import METRICS, LabelledQuery, read_labelled
from mcp_toolweaver.index.memory import MemoryIndex
from mcp_toolweaver.index.qdrant_edge import open_edge
from mcp_toolweaver.index.stored import open_stored
from mcp_toolweaver.search.hybrid import HybridSearcher
from mcp_toolweaver.search.names import CurrentNames
from mcp_toolweaver.text.tool_text import passage

TOGETHER = "together"
_DEPTH = 10
_SHOWN = ("nDCG@10", "recall@5", "recall@10")


class FixedCatalog:
    """A `CatalogView` that never changes."""

    def __init__(self, snapshot: Snapshot) -> None:
        self.snapshot = snapshot
        self.statuses: Sequence[SourceStatus] = ()


@dataclass
class Measured:
    """What an arm did on one set, a value for each question."""

    metrics: defaultdict[str, list[float]] = field(default_factory=lambda: defaultdict[str, list[float]](list))
    seconds: list[float] = field(default_factory=list[float])
    """Of the index step, for the questions that name a domain."""
    routed: list[bool] = field(default_factory=list[bool])
    inside: list[bool] = field(default_factory=list[bool])
    """For what was routed: whether a right tool is in the domains."""
    candidates: list[int] = field(default_factory=list[int])

    def figures(self) -> dict[str, float | None]:
        """Return the means in percent, and the median time in microseconds."""
        return {
            **{name: 100 * statistics.fmean(values) for name, values in self.metrics.items()},
            "routed": 100 * statistics.fmean(self.routed),
            "rightly": 100 * statistics.fmean(self.inside) if self.inside else None,
            "candidates": statistics.fmean(self.candidates),
            "index us": 1e6 * statistics.median(self.seconds) if self.seconds else None,
        }


@dataclass(frozen=True)
class _Searched:
    """The tools of a set, and what is searched for them."""

    tools: Sequence[Tool]
    vectors: NDArray[np.float32]
    index: ToolIndex
    embedder: Embedder


def main() -> None:
    """Measure every set, print the tables and keep the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, nargs="?", help="a folder of labelled sets")
    parser.add_argument("--engine", choices=("memory", "embedded"), default="memory")
    parser.add_argument("--sets", nargs="*", help="only these sets")
    parser.add_argument("--queries", type=int, default=1_000, help="at most so many of each set")
    parser.add_argument("--json", type=Path, help="write the figures here")
    options = parser.parse_args()
    sets = {
        name: (anyio.run(_tools, configuration_of(catalog)), read_labelled(queries)[: options.queries])
        for name, catalog, queries in labelled_sets(options.data)
        if not options.sets or name in options.sets
    }
    if len(sets) > 1:
        every = Snapshot.of(tool for tools, _queries in sets.values() for tool in tools)
        sets[TOGETHER] = (
            list(every.tools.values()),
            tuple(query for _tools, asked in sets.values() for query in asked),
        )
    found = {name: anyio.run(_measured, options.engine, name, *each) for name, each in sets.items()}
    _print(found)
    if options.json:
        machine = f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"
        figures = {"machine": machine, "engine": options.engine, "sets": found}
        options.json.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")


async def _tools(configuration: Configuration) -> list[Tool]:
    async with running(configuration, index=False, meaning=False) as app:
        return list((await app.catalog.refresh()).tools.values())


async def _measured(engine: str, name: str, tools: Sequence[Tool], queries: Sequence[LabelledQuery]) -> dict[str, Any]:
    settings = Settings()
    async with open_file_cache(settings.cache_dir / "cache.sqlite3") as cache:
        embedder = CachedEmbedder(await open_embedder(settings), cache)
        vectors = np.stack(await embedder.embed_documents([passage(tool) for tool in tools]))
        async with _open(engine, vectors.shape[1]) as index:
            await index.apply(list(map(IndexEntry, tools, vectors)), [])
            asked = [query for query in queries if query.needs]
            searched = _Searched(tools, vectors, index, embedder)
            by_arm = await _asked(name, searched, asked)
            hints = await _hinted(searched, asked)
    right, servers = foreign_centroid_accuracy(tools, vectors) if name != TOGETHER else (0, 0)
    return {
        "tools": len(tools),
        "domains": len({tool.domain for tool in tools}),
        "queries": len(queries),
        "servers whose domain the nearest centroid of others is": [right, servers],
        "arms": {arm: measured.figures() for arm, measured in by_arm.items()},
        "recall@5 by choice of a domain": hints,
    }


@asynccontextmanager
async def _open(engine: str, dimension: int) -> AsyncGenerator[ToolIndex]:
    """Open an empty index."""
    if engine == "memory":
        yield MemoryIndex()
        return
    with tempfile.TemporaryDirectory() as folder:
        async with open_edge(Path(folder), dimension) as edge:
            yield await open_stored(edge, "bench", dimension)


async def _asked(name: str, searched: _Searched, queries: Sequence[LabelledQuery]) -> dict[str, Measured]:
    """Ask every question of every arm."""
    catalog = FixedCatalog(Snapshot.of(searched.tools))
    right, names = Right(searched.tools), CurrentNames(catalog)
    every = arms(right, Centroids(searched.tools, searched.vectors))
    indexes = {arm.name: RoutedIndex(searched.index, arm.route) for arm in every}
    searchers = {
        arm.name: HybridSearcher(catalog, indexes[arm.name], searched.embedder, names, routed=arm.uses_names)
        for arm in every
    }
    found = {arm.name: Measured() for arm in every}
    with progress_bar() as progress:
        step = progress.add_task(name, total=len(queries))
        for query in queries:
            right.ask(query.needs)
            for arm in every:
                result = await searchers[arm.name].search(SearchRequest(query.text, limit=_DEPTH))
                _note(found[arm.name], indexes[arm.name], [hit.tool for hit in result.hits], query, right)
            _note_times(found, indexes, every)
            progress.advance(step)
    return found


async def _hinted(searched: _Searched, queries: Sequence[LabelledQuery]) -> dict[str, float]:
    catalog = FixedCatalog(Snapshot.of(searched.tools))
    searcher = HybridSearcher(catalog, searched.index, searched.embedder, CurrentNames(catalog))
    return await hinted(catalog, searcher, queries, Right(searched.tools))


def _note(measured: Measured, index: RoutedIndex, hits: Sequence[Tool], query: LabelledQuery, right: Right) -> None:
    for name in _SHOWN:
        measured.metrics[name].append(METRICS[name]([tool.id for tool in hits], query.needs))
    measured.routed.append(bool(index.domains))
    measured.candidates.append(index.candidates)
    if index.domains:
        measured.inside.append(right.is_in(index.domains))


def _note_times(found: Mapping[str, Measured], indexes: Mapping[str, RoutedIndex], every: Sequence[Arm]) -> None:
    """Count the times of a question that names a domain."""
    if any(indexes[arm.name].domains for arm in every if arm.uses_names):
        for arm in every:
            found[arm.name].seconds.append(indexes[arm.name].seconds)


def _print(found: Mapping[str, dict[str, Any]]) -> None:
    console = Console(width=130)
    for name, each in found.items():
        right, servers = each["servers whose domain the nearest centroid of others is"]
        title = f"{name}: {each['tools']} tools, {each['domains']} domains, {each['queries']} queries"
        if servers:
            title += f"; the nearest centroid of others is the domain of {right} of {servers} servers"
        columns = (*_SHOWN, "routed", "rightly", "candidates", "index us")
        table = Table("arm", *columns, title=title, title_justify="left")
        for arm, figures in each["arms"].items():
            table.add_row(arm, *("" if figures[key] is None else f"{figures[key]:.2f}" for key in columns))
        console.print(table)
        chosen = each["recall@5 by choice of a domain"]
        console.print(
            "recall@5 by choice of a domain:", ", ".join(f"{key} {value:.1f}" for key, value in chosen.items())
        )


if __name__ == "__main__":
    main()
