"""Does the search know when nothing fits? Answerable questions against the same ones without an answer.

    python bench/abstention.py DATA [--queries N] [--json FILE]

DATA is a folder of sets as for ``bench/relevance.py``. Each question is asked twice: of the whole
catalog, and with the servers that hold its right tools hidden (in a catalog of one server the right
tools alone), and with them every tool that says nearly the same. Hidden answers are a hard
test: their neighbours stay. Questions that a set labels as having no answer are counted apart.

Prints how often each kind is answered ``none``, how often ``high``, and how often the first row of
a ``high`` answer is right.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import anyio
import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from bench.embed_models import open_embedder
from bench.sets import labelled_sets
from mcp_toolweaver.cache.file import open_file_cache
from mcp_toolweaver.cli.evaluating import configuration_of
from mcp_toolweaver.cli.running import progress_bar, running
from mcp_toolweaver.config import Configuration
from mcp_toolweaver.core.interfaces import CatalogView, Searcher, ToolIndex
from mcp_toolweaver.core.query import Candidates, IndexEntry, IndexQuery, SearchRequest, SearchResult
from mcp_toolweaver.core.tools import Snapshot, ToolId
from mcp_toolweaver.embeddings.cached import CachedEmbedder
from mcp_toolweaver.evaluation import LabelledQuery, read_labelled
from mcp_toolweaver.index.memory import MemoryIndex
from mcp_toolweaver.search.hybrid import HybridSearcher
from mcp_toolweaver.search.lexical import LexicalSearcher
from mcp_toolweaver.search.names import CurrentNames
from mcp_toolweaver.text.tool_text import passage

SAME = 0.8
"""The cosine from which a tool says nearly the same as a right one."""
WIDER = 6
"""How many times more candidates are fetched, so that enough are left when some are hidden."""


class Shown:
    """A `CatalogView` without the hidden tools."""

    def __init__(self, catalog: CatalogView) -> None:
        """Show all of ``catalog`` until ``snapshot`` is set."""
        self.snapshot = catalog.snapshot
        self.statuses = catalog.statuses


class Hiding:
    """A `ToolIndex` that does not show some of its tools."""

    def __init__(self, inner: ToolIndex) -> None:
        """Show all of ``inner`` until ``hidden`` is set."""
        self._inner = inner
        self.hidden: frozenset[ToolId] = frozenset()

    async def query(self, query: IndexQuery) -> Candidates:
        """See `ToolIndex.query`."""
        if not self.hidden:
            return await self._inner.query(query)
        wide = IndexQuery(query.probes, query.limit * WIDER, query.domain)
        found = await self._inner.query(wide)
        shown = tuple(match for match in found.matches if match.id not in self.hidden)
        return Candidates(shown, found.crowd)

    async def unembedded(self) -> int:
        """See `ToolIndex.unembedded`."""
        return await self._inner.unembedded()

    async def without_vector(self) -> Collection[ToolId]:
        """See `ToolIndex.without_vector`."""
        return await self._inner.without_vector()

    async def digests(self) -> Mapping[ToolId, str]:
        """See `ToolIndex.digests`."""
        return await self._inner.digests()

    async def apply(self, upserts: Sequence[IndexEntry], deletes: Sequence[ToolId]) -> None:
        """See `ToolIndex.apply`."""
        await self._inner.apply(upserts, deletes)


@dataclass(frozen=True)
class Asked:
    """One question and its answers."""

    query: LabelledQuery
    right: frozenset[ToolId]
    whole: SearchResult
    without: SearchResult | None
    """The answer with the right tools hidden; None for a question that has none."""


def main() -> None:
    """Measure every set and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, nargs="?", help="a folder of labelled sets")
    parser.add_argument("--queries", type=int, default=300, help="at most so many of each set")
    parser.add_argument("--json", type=Path, help="write the figures here")
    options = parser.parse_args()
    figures: dict[str, dict[str, Any]] = {}
    for name, catalog, queries in labelled_sets(options.data):
        labelled = read_labelled(queries)
        step = max(1, -(-len(labelled) // options.queries))
        for by, asked in anyio.run(_ask_all, configuration_of(catalog), labelled[::step]).items():
            figures[f"{name}, {by}"] = _figures(asked)
    _print(figures)
    if options.json:
        options.json.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")


async def _ask_all(configuration: Configuration, queries: tuple[LabelledQuery, ...]) -> dict[str, list[Asked]]:
    async with (
        running(configuration, index=False, meaning=False) as app,
        open_file_cache(configuration.settings.cache_dir / "cache.sqlite3") as cache,
    ):
        catalog, embedder = app.catalog, CachedEmbedder(await open_embedder(configuration.settings), cache)
        snapshot = await catalog.refresh()
        tools = list(snapshot.tools.values())
        vectors = np.stack(await embedder.embed_documents([passage(tool) for tool in tools]))
        index, names, shown = Hiding(MemoryIndex()), CurrentNames(catalog), Shown(catalog)
        await index.apply([IndexEntry(tool, vector) for tool, vector in zip(tools, vectors, strict=True)], [])
        searchers: dict[str, Searcher] = {
            "words": LexicalSearcher(shown, index, names),
            "words and meaning": HybridSearcher(shown, index, embedder, names),
        }
        found: dict[str, list[Asked]] = {}
        for by, searcher in searchers.items():
            with progress_bar() as progress:
                step = progress.add_task(by, total=len(queries))
                for query in queries:
                    right = _right(snapshot, query)
                    index.hidden, shown.snapshot = frozenset(), snapshot
                    whole = await searcher.search(SearchRequest(query.text))
                    index.hidden = _hidden(snapshot, right, vectors)
                    shown.snapshot = _without(snapshot, index.hidden)
                    without = await searcher.search(SearchRequest(query.text)) if right else None
                    found.setdefault(by, []).append(Asked(query, right, whole, without))
                    progress.advance(step)
        return found


def _right(snapshot: Snapshot, query: LabelledQuery) -> frozenset[ToolId]:
    wanted = {alternative for need in query.needs for alternative in need}
    return frozenset(id_ for id_ in snapshot.tools if str(id_) in wanted or id_.name in wanted)


def _hidden(snapshot: Snapshot, right: frozenset[ToolId], vectors: NDArray[np.float32]) -> frozenset[ToolId]:
    """Return the right tools, their servers' other tools, and what says nearly the same."""
    ids = list(snapshot.tools)
    rows = [at for at, id_ in enumerate(ids) if id_ in right]
    if not rows:
        return frozenset()
    alike = (vectors @ vectors[rows].T).max(axis=1) >= SAME
    servers = {id_.server for id_ in right} if len(snapshot.by_server) > 1 else set[str]()
    return frozenset(
        id_ for id_, is_alike in zip(ids, alike, strict=True) if is_alike or id_ in right or id_.server in servers
    )


def _figures(asked: Sequence[Asked]) -> dict[str, Any]:
    answerable = [each for each in asked if each.right]
    high = [each for each in answerable if each.whole.confidence == "high"]
    without = [each.without for each in answerable if each.without is not None]
    nothing = [each.whole for each in asked if not each.query.needs]
    return {
        "answerable": len(answerable),
        "none": _share([each.whole.confidence == "none" for each in answerable]),
        "high": _share([each.whole.confidence == "high" for each in answerable]),
        "first right if high": _share([each.whole.hits[0].tool.id in each.right for each in high]),
        "none, answer hidden": _share([result.confidence == "none" for result in without]),
        "high, answer hidden": _share([result.confidence == "high" for result in without]),
        "nothing fits": len(nothing),
        "none, nothing fits": _share([result.confidence == "none" for result in nothing]),
        "high, nothing fits": _share([result.confidence == "high" for result in nothing]),
    }


def _without(snapshot: Snapshot, hidden: frozenset[ToolId]) -> Snapshot:
    return Snapshot({id_: tool for id_, tool in snapshot.tools.items() if id_ not in hidden})


def _share(values: Sequence[bool]) -> float | None:
    return round(sum(values) / len(values), 4) if values else None


def _print(figures: Mapping[str, Mapping[str, Any]]) -> None:
    table = Table("set", *next(iter(figures.values())))
    for name, row in figures.items():
        table.add_row(name, *(_cell(value) for value in row.values()))
    Console(width=190).print(table)


def _cell(value: float | None) -> str:
    return "" if value is None else str(value) if isinstance(value, int) else f"{100 * value:.1f}"


if __name__ == "__main__":
    main()
