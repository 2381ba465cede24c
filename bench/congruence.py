"""Whether the indexes answer alike on labelled sets, and how near they come where they approximate.

    python bench/congruence.py [DATA] [--sets NAME ...] [--asked N] [--sizes N ...] [--engines NAME ...] [--json FILE]

DATA is a folder of sets as for ``bench/relevance.py``, by default that in ``TOOLWEAVER_EVAL_DATA``; the set
that ships is compared too, all of them with the vectors of the model. The index in memory compares
everything with everything. "The same" means candidates, their scores to 1e-4, crowd, confidence and the
first ten after ranking, ties aside; ``client`` is an index over qdrant-client's own engine in memory. Then
the demo's tools are repeated until there are as many as asked for, with drawn vectors (``bench/index.py``);
from about 10,000 tools on, the embedded engine looks for vectors in a graph, which misses some.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
from collections.abc import Mapping, Sequence
from itertools import islice
from pathlib import Path
from statistics import fmean

import anyio
from rich.console import Console
from rich.table import Table

from bench.congruent import differences
from bench.embed_models import open_embedder
from bench.index_arm import IndexArm
from bench.index_engines import CLIENT, EMBEDDED, MEMORY, open_index
from bench.index_timing import compared
from bench.index_tools import KINDS, Asked, Workload, snapshot_of, workload
from bench.sets import labelled_sets
from mcp_toolweaver.cache.file import open_file_cache
from mcp_toolweaver.cli.eval_options import configuration_of
from mcp_toolweaver.core.query import IndexEntry, SearchRequest
from mcp_toolweaver.core.tools import Snapshot
from mcp_toolweaver.demo import CATALOG, QUERIES
from mcp_toolweaver.embeddings.cached import CachedEmbedder
from mcp_toolweaver.evaluation import read_labelled
from mcp_toolweaver.search.question import Question
from mcp_toolweaver.text.tool_text import passage

SIZES = (10_000,)
_SHOWN = 3

Figures = dict[str, float]


def main() -> None:
    """Compare the indexes on every set and size, print tables and keep the figures."""
    options = _options()
    console = Console(width=150)
    found: dict[str, dict[str, Figures]] = {}
    for name, catalog, queries in labelled_sets(options.data):
        if not options.sets or name in options.sets:
            found[name] = anyio.run(_on_a_set, catalog, queries, snapshot_of(catalog), options, console)
    for size in options.sizes:
        found[f"{size:,} drawn"] = anyio.run(_drawn, workload(CATALOG, QUERIES, size), options)
    _print(console, found)
    if options.json:
        options.json.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, nargs="?", default=os.environ.get("TOOLWEAVER_EVAL_DATA"))
    parser.add_argument("--sets", nargs="*", help="only these sets")
    parser.add_argument("--asked", type=int, default=300, help="how many queries of a set, at most")
    parser.add_argument("--sizes", type=int, nargs="*", default=SIZES, help="how many tools with drawn vectors")
    parser.add_argument("--engines", nargs="+", choices=(EMBEDDED, CLIENT), default=(EMBEDDED, CLIENT))
    parser.add_argument("--json", type=Path, help="write the figures here")
    options = parser.parse_args()
    options.data = None if options.data is None else Path(options.data)
    return options


async def _on_a_set(
    catalog: Path, queries: Path, snapshot: Snapshot, options: argparse.Namespace, console: Console
) -> dict[str, Figures]:
    settings = configuration_of(catalog).settings
    async with open_file_cache(settings.cache_dir / "cache.sqlite3") as cache:
        embedder = CachedEmbedder(await open_embedder(settings), cache)
        tools = list(snapshot.tools.values())
        entries = list(map(IndexEntry, tools, await embedder.embed_documents([passage(tool) for tool in tools])))
        asked: list[Asked] = []
        for labelled in islice(read_labelled(queries), options.asked):
            request = SearchRequest(labelled.text, limit=10)
            question = Question.of(request)
            asked.append(Asked(request, question.to_index(request, await embedder.embed_queries(question.texts))))
    return {engine: await _compared(engine, snapshot, entries, asked, console) for engine in options.engines}


async def _drawn(work: Workload, options: argparse.Namespace) -> dict[str, Figures]:
    """Compare the engines on many tools; the client's own one is too slow for that."""
    asked = [asked for kind in KINDS for asked in islice(work.questions[kind], options.asked)]
    engines = [engine for engine in options.engines if engine != CLIENT]
    console = Console(quiet=True)
    return {engine: await _compared(engine, work.snapshot, work.entries(), asked, console) for engine in engines}


async def _compared(
    engine: str, snapshot: Snapshot, entries: Sequence[IndexEntry], asked: Sequence[Asked], console: Console
) -> Figures:
    with tempfile.TemporaryDirectory(prefix="bench-congruence-") as folder:
        async with (
            open_index(MEMORY, Path(folder), snapshot.tools) as exact,
            open_index(engine, Path(folder), snapshot.tools) as other,
        ):
            for arm in (exact, other):
                await arm.fill(entries)
                await arm.settle()
            same = [await _is_same(exact, other, each, snapshot, console) for each in asked]
            figures = {"tools": len(snapshot), "queries": len(asked), "the same": fmean(same)}
            return {**figures, **await compared(other, exact, asked)}


async def _is_same(exact: IndexArm, other: IndexArm, asked: Asked, snapshot: Snapshot, console: Console) -> bool:
    found = [await arm.index.query(asked.query) for arm in (exact, other)]
    different = differences(found[0], found[1], asked, snapshot)
    if different:
        console.print(f"{asked.request.text[:80]!r}: {'; '.join(different[:_SHOWN])}", highlight=False)
    return not different


def _print(console: Console, found: Mapping[str, Mapping[str, Figures]]) -> None:
    names = list(dict.fromkeys(name for engines in found.values() for figures in engines.values() for name in figures))
    table = Table("set", "index", *names)
    for name, engines in found.items():
        for engine, figures in engines.items():
            table.add_row(name, engine, *(f"{figures[each]:,.4g}" for each in names))
    console.print(table)


if __name__ == "__main__":
    main()
