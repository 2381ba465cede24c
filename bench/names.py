"""How surely names of tools and servers are recognized, and how seldom something else is taken for one.

    python bench/names.py DATA [--seed N] [--json FILE]

DATA is a folder of sets as `bench/relevance.py` takes it. The names of each set's tools are
written in several spellings; a tool is found if no tool of another name comes before it. Then the
set's labelled queries are read: of those in which a tool (a server, a brand) is seen, how many
are about it. The set that ships with Toolweaver is measured too.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TypeAlias

import anyio
from rich.console import Console
from rich.table import Table

from bench.sets import labelled_sets
from mcp_toolweaver.cli.evaluating import configuration_of
from mcp_toolweaver.cli.running import running
from mcp_toolweaver.core.tools import Snapshot, Tool
from mcp_toolweaver.evaluation import LabelledQuery, read_labelled
from mcp_toolweaver.search.names.index import Named, NameIndex

Figures: TypeAlias = dict[str, float | None]
Spelling: TypeAlias = Callable[[Tool, random.Random], str]

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+|[^\W_A-Za-z0-9]+")
_MOST_OF_A_SET = 600


def _words(name: str) -> list[str]:
    return [word.lower() for word in _WORD.findall(name)] or [name]


def _camel(name: str) -> str:
    first, *rest = _words(name)
    return first + "".join(word.capitalize() for word in rest)


def _begun(name: str) -> str:
    """Return the name without the last third of its last word."""
    *rest, last = _words(name)
    return "_".join([*rest, last[: max(1, len(last) - max(1, len(last) // 3))]])


def _slipped(words: Sequence[str], chance: random.Random) -> list[str]:
    """Return the words with one letter left out, doubled, changed or swapped in a word of four or more."""
    long = [place for place, word in enumerate(words) if len(word) > 3 and word.isalpha()]  # noqa: PLR2004
    if not long:
        return list(words)
    at = chance.choice(long)
    word = words[at]
    place = chance.randrange(1, len(word) - 1)
    slip = chance.choice(
        [
            word[:place] + word[place + 1 :],
            word[:place] + word[place] + word[place:],
            word[:place] + chance.choice("abcdefghijklmnopqrstuvwxyz") + word[place + 1 :],
            word[:place] + word[place + 1] + word[place] + word[place + 2 :],
        ]
    )
    return [*words[:at], slip, *words[at + 1 :]]


SPELLINGS: Mapping[str, Mapping[str, Spelling]] = {
    "exact": {
        "as it is": lambda tool, _: tool.id.name,
        "snake": lambda tool, _: "_".join(_words(tool.id.name)),
        "camel": lambda tool, _: _camel(tool.id.name),
        "kebab": lambda tool, _: "-".join(_words(tool.id.name)),
        "words": lambda tool, _: " ".join(_words(tool.id.name)),
        "capitals": lambda tool, _: "_".join(_words(tool.id.name)).upper(),
        "request": lambda tool, _: f"please call the {tool.id.name} tool",
        "sentence": lambda tool, _: f"Use `{tool.id.name}` on what we talked about yesterday, and tell me how it went.",
    },
    "with server": {
        "pair": lambda tool, _: str(tool.id),
        "callable": lambda tool, _: tool.callable_name,
        "host's": lambda tool, _: f"mcp__{tool.callable_name}",
        "dot": lambda tool, _: f"{tool.id.server}.{tool.id.name}",
        "slash": lambda tool, _: f"{tool.id.server}/{tool.id.name}",
        "words": lambda tool, _: " ".join([*_words(tool.id.server), *_words(tool.id.name)]),
        "in": lambda tool, _: f"{' '.join(_words(tool.id.name))} in {tool.id.server}",
        "colon": lambda tool, _: f"{tool.id.server}: {' '.join(_words(tool.id.name))}",
    },
    "typo": {
        "snake": lambda tool, chance: "_".join(_slipped(_words(tool.id.name), chance)),
        "words": lambda tool, chance: " ".join(_slipped(_words(tool.id.name), chance)),
        "server": lambda tool, chance: " ".join([*_slipped(_words(tool.id.server), chance), *_words(tool.id.name)]),
    },
    "prefix": {"snake": lambda tool, _: _begun(tool.id.name)},
}


def main() -> None:
    """Measure every set, print a table and keep the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, nargs="?", help="a folder of labelled sets")
    parser.add_argument("--seed", type=int, default=0, help="of the typos and of the choice of tools in large sets")
    parser.add_argument("--json", type=Path, help="write the figures here")
    options = parser.parse_args()
    figures: dict[str, Figures] = {}
    for name, catalog, queries in labelled_sets(options.data):
        snapshot = anyio.run(_snapshot, catalog)
        figures[name] = _measure(snapshot, read_labelled(queries), random.Random(options.seed))  # noqa: S311
    _print(figures)
    if options.json:
        options.json.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")


async def _snapshot(catalog: Path) -> Snapshot:
    async with running(configuration_of(catalog), meaning=False) as app:
        return app.catalog.snapshot


def _measure(snapshot: Snapshot, queries: Sequence[LabelledQuery], chance: random.Random) -> Figures:
    started = time.process_time()
    index = NameIndex(snapshot)
    figures: Figures = {"tools": len(snapshot), "build ms": 1000 * (time.process_time() - started)}
    tools = list(snapshot.tools.values())
    chosen = chance.sample(tools, min(len(tools), _MOST_OF_A_SET))
    for kind, spellings in SPELLINGS.items():
        for name, spelling in spellings.items():
            found = [_is_first(tool, index.find(spelling(tool, chance))) for tool in chosen]
            figures[f"{kind}: {name}"] = _share(found)
    return {**figures, **_read(index, queries)}


def _is_first(tool: Tool, named: Named) -> bool:
    """Whether no tool of another name comes before the tool."""
    key = "".join(_words(tool.id.name))
    for other in named.tools:
        if other is tool:
            return True
        if "".join(_words(other.id.name)) != key:
            return False
    return False


def _read(index: NameIndex, queries: Sequence[LabelledQuery]) -> Figures:
    """Return how often what is seen in labelled queries is what they are about."""
    of_tools: list[bool] = []
    of_servers: list[bool] = []
    of_brands: list[bool] = []
    times: list[float] = []
    for query in queries:
        started = time.process_time()
        named = index.find(query.text)
        times.append(time.process_time() - started)
        right = {tool for need in query.needs for tool in need}
        if named.tools:
            of_tools.append(str(named.tools[0].id) in right or named.tools[0].id.name in right)
        if named.servers:
            of_servers.append(bool(named.servers & {tool.split("::")[0] for tool in right}))
        if named.brands:
            of_brands.append(any(str(id_) in right for id_ in named.brands))
    return {
        "queries": len(queries), "p50 ms": 1000 * statistics.median(times),
        "first tool seen": len(of_tools), "right: tool": _share(of_tools),
        "server seen": len(of_servers), "right: server": _share(of_servers),
        "brand seen": len(of_brands), "right: brand": _share(of_brands),
    }  # fmt: skip


def _share(outcomes: Sequence[bool]) -> float | None:
    return 100 * sum(outcomes) / len(outcomes) if outcomes else None


def _print(figures: Mapping[str, Figures]) -> None:
    table = Table("", *figures)
    for row in next(iter(figures.values())):
        cells = (each[row] for each in figures.values())
        table.add_row(row, *("" if cell is None else f"{cell:.4g}" for cell in cells))
    Console(width=150).print(table)


if __name__ == "__main__":
    main()
