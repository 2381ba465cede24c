"""What hostile tools gain: their share of the rows, and what is lost of the right ones.

    python bench/attack.py [DATA] [--share 0.01] [--blind] [--one-server] [--kinds KIND ...] [--json FILE]

DATA is a folder of sets as ``bench/relevance.py`` takes it. To each set one hostile tool is
added for a hundred honest ones, and at least four. Their authors know the catalog and every
second query (with ``--blind``, no query); the other queries are measured. The set that ships
with Toolweaver is measured too.
"""

from __future__ import annotations

import argparse
import json
import math
import shutil
import statistics
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import anyio
from rich.console import Console
from rich.table import Table

from bench.hostile import ATTACKS, SERVER, Known, hostile_rows
from bench.sets import labelled_sets
from mcp_toolweaver.cli.evaluating import configuration_of
from mcp_toolweaver.cli.running import running
from mcp_toolweaver.core.query import SearchRequest
from mcp_toolweaver.core.tools import Tool, ToolId
from mcp_toolweaver.evaluation import LabelledQuery, read_labelled, recall

ROWS = 10
FEWEST = 4
MIXED = "all in turn"
ARMS = {"words": False, "words and meaning": True}


@dataclass(frozen=True)
class Options:
    """The command line."""

    data: Path | None = None
    meaning: bool = True
    share: float = 0.01
    blind: bool = False
    one_server: bool = False
    kinds: tuple[str, ...] = (MIXED, *ATTACKS)
    queries: int = 200
    json: Path | None = None


@dataclass(frozen=True, slots=True)
class Figures:
    """What was found in one run, over all its queries."""

    recall: float
    hostile: float
    """The share of the rows that are hostile."""
    first: float
    """The share of the queries whose first row is hostile."""


def main() -> None:
    """Attack every set with every kind, print a table for each arm and keep the figures."""
    options = _options()
    found = {
        arm: {
            name: anyio.run(attack, catalog, queries, replace(options, meaning=meaning))
            for name, catalog, queries in labelled_sets(options.data)
        }
        for arm, meaning in ARMS.items()
    }
    for arm, sets in found.items():
        _print(arm, sets)
    if options.json:
        options.json.write_text(json.dumps(found, indent=2, default=asdict) + "\n", encoding="utf-8")


def _options() -> Options:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, nargs="?", help="a folder of labelled sets")
    parser.add_argument("--share", type=float, default=Options.share, help="hostile tools for each honest one")
    parser.add_argument("--blind", action="store_true", help="the attackers know no query")
    parser.add_argument("--one-server", action="store_true", help="one server lists all of them, not each its own")
    parser.add_argument("--kinds", nargs="+", default=Options.kinds, help=f"of: {MIXED}, {', '.join(ATTACKS)}")
    parser.add_argument(
        "--queries", type=int, default=Options.queries, help="how many queries of a set to measure at most"
    )
    parser.add_argument("--json", type=Path, help="write the figures here")
    given = parser.parse_args()
    return Options(
        data=given.data,
        share=given.share,
        blind=given.blind,
        one_server=given.one_server,
        kinds=tuple(given.kinds),
        queries=given.queries,
        json=given.json,
    )


async def attack(catalog: Path, queries: Path, options: Options) -> dict[str, Figures]:
    """Measure a set without hostile tools and with those of each kind."""
    labelled = [query for query in read_labelled(queries) if query.needs]
    measured = labelled[1::2][: options.queries]
    tools, honest = await _search(catalog, measured, meaning=options.meaning)
    known = Known(tools, () if options.blind else [query.text for query in labelled[::2]])
    number = max(FEWEST, math.ceil(options.share * len(tools)))
    figures = {"none": honest}
    for kind in options.kinds:
        kinds = list(ATTACKS) if kind == MIXED else [kind]
        rows = hostile_rows(known, kinds, number, servers=1 if options.one_server else number)
        with tempfile.TemporaryDirectory() as scratch:
            attacked = _with_rows(catalog, rows, Path(scratch) / catalog.stem)
            _tools, figures[kind] = await _search(attacked, measured, meaning=options.meaning)
    return figures


def _with_rows(catalog: Path, rows: Sequence[Mapping[str, object]], folder: Path) -> Path:
    """Return a folder that holds the catalog and one more file of these rows."""
    folder.mkdir()
    for file in [catalog] if catalog.is_file() else catalog.iterdir():
        shutil.copy(file, folder)
    lines = "".join(json.dumps(row) + "\n" for row in rows)
    (folder / "0-hostile.jsonl").write_text(lines, encoding="utf-8")
    return folder


async def _search(catalog: Path, queries: Sequence[LabelledQuery], *, meaning: bool) -> tuple[Sequence[Tool], Figures]:
    """Index a catalog as the server would, and put every query to it."""
    async with running(configuration_of(catalog), meaning=meaning) as app:
        tools = list(app.catalog.snapshot.tools.values())
        results = [await app.searcher.search(SearchRequest(query.text, limit=ROWS)) for query in queries]
    found = [[hit.tool.id for hit in result.hits[:ROWS]] for result in results]
    return tools, _figures(queries, found)


def _figures(queries: Sequence[LabelledQuery], found: Sequence[Sequence[ToolId]]) -> Figures:
    rows = [tool for ranked in found for tool in ranked]
    return Figures(
        recall=statistics.fmean(
            recall(ranked, query.needs, ROWS) for query, ranked in zip(queries, found, strict=True)
        ),
        hostile=sum(map(_is_hostile, rows)) / max(len(rows), 1),
        first=statistics.fmean(bool(ranked) and _is_hostile(ranked[0]) for ranked in found),
    )


def _is_hostile(tool: ToolId) -> bool:
    return tool.server.startswith(SERVER)


def _print(arm: str, sets: Mapping[str, Mapping[str, Figures]]) -> None:
    title = f"by {arm}: hostile share of the first {ROWS} rows, and recall@{ROWS} gained or lost, in points"
    table = Table("attack", *sets, title=title)
    for kind in next(iter(sets.values())):
        table.add_row(kind, *(_cell(figures[kind], figures["none"]) for figures in sets.values()))
    Console(width=150).print(table)


def _cell(attacked: Figures, honest: Figures) -> str:
    if attacked is honest:
        return f"recall {100 * honest.recall:.1f}"
    return f"{100 * attacked.hostile:.0f} % {100 * (attacked.recall - honest.recall):+.1f}"


if __name__ == "__main__":
    main()
