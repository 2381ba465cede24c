"""What a search costs once its question is embedded, by part and by size of the catalog.

    python bench/search_step.py [CATALOG] [--queries FILE] [--sizes N ...] [--rounds N] [--json FILE]

CATALOG is a file or folder as ``toolweaver eval`` takes it, by default the one that ships. It is
repeated with other names of servers and tools until there are enough tools. Vectors are random;
the queries are those of six to ten words. The parts are timed inside the search.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import random
import statistics
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import count, cycle, islice
from pathlib import Path
from typing import TYPE_CHECKING, ParamSpec, TypeAlias, TypeVar

import anyio
import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from mcp_toolweaver.cli.eval_options import configuration_of
from mcp_toolweaver.cli.running import running
from mcp_toolweaver.core.query import Candidates, IndexEntry, IndexQuery, SearchRequest
from mcp_toolweaver.core.status import SourceStatus
from mcp_toolweaver.core.tools import Snapshot, Tool
from mcp_toolweaver.demo import CATALOG, QUERIES
from mcp_toolweaver.evaluation import read_labelled
from mcp_toolweaver.index.memory import MemoryIndex
from mcp_toolweaver.search import question, ranking
from mcp_toolweaver.search.hybrid import HybridSearcher
from mcp_toolweaver.search.names import CurrentNames, NameIndex

if TYPE_CHECKING:
    from mcp_toolweaver.core.query import Vector

SIZES = (100, 1_000, 5_000, 20_000)
WORDS = range(6, 11)
WHOLE = "whole search"
PARTS = {
    "gloss": (question, "gloss"),
    "clauses": (question, "clauses"),
    "terms": (question, "query_terms"),
    "names": (NameIndex, "find"),
    "fuse": (ranking, "fuse"),
    "company": (ranking, "with_company"),
    "judge": (ranking, "judge"),
    "spread": (ranking, "spread"),
}
_DIMENSION = 384
_LIKENESS = 0.6
_QUESTIONS = 1_000
_SYLLABLES = ("ba", "ce", "di", "fo", "gu", "ka", "le", "mi", "no", "pu", "ra", "se", "ti", "vo", "zu")

P = ParamSpec("P")
T = TypeVar("T")
Figures: TypeAlias = dict[str, dict[str, float]]


class Stopwatch:
    """Adds up what is spent in each part."""

    def __init__(self) -> None:
        self._seconds: defaultdict[str, float] = defaultdict(float)

    def add(self, part: str, started: float) -> None:
        """Count the time since ``started`` for a part."""
        self._seconds[part] += time.perf_counter() - started

    def timed(self, part: str, function: Callable[P, T]) -> Callable[P, T]:
        """Return the function, timed as a part."""

        def run(*args: P.args, **kwargs: P.kwargs) -> T:
            started = time.perf_counter()
            try:
                return function(*args, **kwargs)
            finally:
                self.add(part, started)

        return run

    def taken(self) -> dict[str, float]:
        """Return the seconds of each part so far, and begin anew."""
        seconds, self._seconds = self._seconds, defaultdict(float)
        return dict(seconds)


class TimedIndex(MemoryIndex):
    """A `MemoryIndex` whose queries are timed."""

    def __init__(self, watch: Stopwatch) -> None:
        super().__init__()
        self._watch = watch

    async def query(self, query: IndexQuery) -> Candidates:
        """See `ToolIndex.query`."""
        started = time.perf_counter()
        found = await super().query(query)
        self._watch.add("index", started)
        return found


class FixedCatalog:
    """A `CatalogView` that never changes."""

    def __init__(self, snapshot: Snapshot) -> None:
        self.snapshot = snapshot
        self.statuses: Sequence[SourceStatus] = ()


class DrawnEmbedder:
    """An `Embedder` of vectors drawn beforehand: those of tools at random, those of questions near some tool's."""

    space = "drawn"
    query_space = "drawn"

    def __init__(self, tools: int) -> None:
        chance = np.random.default_rng(0)
        self._vectors = _normalized(chance.normal(size=(tools, _DIMENSION)))
        like = self._vectors[chance.integers(tools, size=_QUESTIONS)]
        noise = _normalized(chance.normal(size=like.shape))
        self._questions = cycle(_normalized(_LIKENESS * like + (1 - _LIKENESS) * noise))

    async def embed_queries(self, texts: Sequence[str]) -> Sequence[Vector]:
        """See `Embedder.embed_queries`."""
        return list(islice(self._questions, len(texts)))

    async def embed_documents(self, texts: Sequence[str]) -> Sequence[Vector]:
        """See `Embedder.embed_documents`."""
        return list(self._vectors[: len(texts)])


def main() -> None:
    """Measure every size, print a table and keep the figures."""
    options = _options()
    queries = [query.text for query in read_labelled(options.queries) if len(query.text.split()) in WORDS]
    tools = list(anyio.run(_snapshot, options.catalog).tools.values())
    if not tools or not queries:
        raise SystemExit("there must be tools, and queries of six to ten words")
    watch = Stopwatch()
    for part, (owner, name) in PARTS.items():
        setattr(owner, name, watch.timed(part, getattr(owner, name)))
    found = {
        size: anyio.run(_measured, watch, _repeated(tools, size), queries * options.rounds) for size in options.sizes
    }
    _print(found)
    if options.json:
        machine = f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"
        result = {"machine": machine, "queries": len(queries), "rounds": options.rounds, "milliseconds": found}
        options.json.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("catalog", type=Path, nargs="?", default=CATALOG)
    parser.add_argument("--queries", type=Path, default=QUERIES, help="labelled queries; their labels are not read")
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES, help="how many tools")
    parser.add_argument("--rounds", type=int, default=20, help="how often each query is asked")
    parser.add_argument("--json", type=Path, help="write the figures here")
    return parser.parse_args()


async def _snapshot(catalog: Path) -> Snapshot:
    async with running(configuration_of(catalog), index=False, meaning=False) as app:
        return await app.catalog.refresh()


def _repeated(tools: Sequence[Tool], size: int) -> Snapshot:
    """Return a catalog of so many tools: some of the given ones, or all of them and more like them."""
    chosen = random.Random(0).sample(tools, min(size, len(tools)))  # noqa: S311  a draw, no secret
    return Snapshot.of(islice((tool for copy in count() for tool in _copied(chosen, copy)), size))


def _copied(tools: Sequence[Tool], copy: int) -> Iterator[Tool]:
    """Yield the tools as other servers would list them; the first copy is the tools themselves."""
    if copy == 0:
        yield from tools
        return
    higher, lower = divmod(copy, len(_SYLLABLES))
    word = f"{_SYLLABLES[lower]}{_SYLLABLES[higher % len(_SYLLABLES)]}to"
    for tool in tools:
        raw = {**tool.definition, "name": f"{tool.id.name}_{word}", "description": f"{tool.description} By {word}."}
        yield Tool.from_definition(f"{word}{tool.id.server}", raw, server_description=tool.server_description)


async def _measured(watch: Stopwatch, snapshot: Snapshot, queries: Sequence[str]) -> Figures:
    catalog, index, embedder = FixedCatalog(snapshot), TimedIndex(watch), DrawnEmbedder(len(snapshot))
    vectors = await embedder.embed_documents([""] * len(snapshot))
    await index.apply(list(map(IndexEntry, snapshot.tools.values(), vectors)), [])
    searcher = HybridSearcher(catalog, index, embedder, CurrentNames(catalog))
    await searcher.search(SearchRequest("any question, so that the names are learned"))
    watch.taken()
    times: defaultdict[str, list[float]] = defaultdict(list)
    for query in queries:
        started = time.perf_counter()
        await searcher.search(SearchRequest(query))
        watch.add(WHOLE, started)
        for part, seconds in watch.taken().items():
            times[part].append(1_000 * seconds)
    return {part: _figures(times[part]) for part in (*PARTS, "index", WHOLE) if times[part]}


def _figures(milliseconds: Sequence[float]) -> dict[str, float]:
    hundredths = statistics.quantiles(milliseconds, n=100, method="inclusive")
    return {"p50": hundredths[49], "p95": hundredths[94]}


def _normalized(vectors: NDArray[np.float64]) -> NDArray[np.float32]:
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), dtype=np.float32)


def _print(found: Mapping[int, Figures]) -> None:
    table = Table("ms, p50 (p95)", *(f"{size:,} tools" for size in found))
    for part in next(iter(found.values())):
        cells = (figures.get(part) for figures in found.values())
        table.add_row(part, *("" if cell is None else f"{cell['p50']:.3f} ({cell['p95']:.3f})" for cell in cells))
    Console(width=120).print(table)


if __name__ == "__main__":
    main()
