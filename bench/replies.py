"""How many tokens a reply of ``search_tools`` takes, against a list of all definitions.

    python bench/replies.py DATA [--queries N] [--words-only] [--count COMMAND]

DATA is a folder of sets as for ``bench/relevance.py``. The tokens are our estimate
(``mcp_toolweaver/text/tokens.py``); COMMAND counts them with a real tokenizer: it reads JSON
strings, one a line, and prints a number for each, as ``bench/count_tokens.mjs`` does. The last
columns then say how the estimate relates to it.
"""

from __future__ import annotations

import argparse
import json
import shlex
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

import anyio
from rich.console import Console
from rich.table import Table

from bench.sets import labelled_sets
from mcp_toolweaver.cli.running import running
from mcp_toolweaver.config import Configuration, SourceSpec, load
from mcp_toolweaver.evaluation import read_labelled
from mcp_toolweaver.server.outcome import answer
from mcp_toolweaver.server.search import search_tools
from mcp_toolweaver.text.tokens import estimate

DETAILS = ("names", "signature", "schema")
NEEDS = 5
"""Questions of one call, where several are put at once."""
Count = Callable[[Sequence[str]], list[int]]


@dataclass(frozen=True, slots=True)
class Replies:
    """The texts that a model would read, by the way they were asked for."""

    texts: dict[str, list[str]]
    all_definitions: str


def main() -> None:
    """Measure every set and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, nargs="?", help="a folder of labelled sets")
    parser.add_argument("--queries", type=int, default=200, help="how many of each set's queries are put")
    parser.add_argument("--words-only", action="store_true", help="search without the model")
    parser.add_argument("--count", help="a command that counts tokens")
    options = parser.parse_args()
    count = _counter(options.count) if options.count else _estimates
    table = Table("set", "asked for", "replies", "median", "p95", "largest", "all definitions", "estimate / count")
    for name, catalog, queries in labelled_sets(options.data and options.data.absolute()):
        asked = [query.text for query in read_labelled(queries)][:: max(1, _size(queries) // options.queries)]
        replies = anyio.run(_replies, catalog, asked[: options.queries], not options.words_only)
        _add(table, name, replies, count)
    Console(width=120).print(table)


def _size(queries: Path) -> int:
    return len(queries.read_text(encoding="utf-8").splitlines())


async def _replies(catalog: Path, queries: Sequence[str], meaning: bool) -> Replies:  # noqa: FBT001  anyio.run passes by position
    source = SourceSpec(catalog.stem, "json_file", {"path": catalog}, str(catalog))
    async with running(Configuration(load(None).settings, (source,), (), None), meaning=meaning) as app:

        async def texts(calls: Sequence[dict[str, Any]]) -> list[str]:
            return [_text(await search_tools(app.catalog, app.searcher, call)) for call in calls]

        asked = {detail: await texts([{"query": query, "detail": detail} for query in queries]) for detail in DETAILS}
        plans = [list(queries[start : start + NEEDS]) for start in range(0, len(queries) - NEEDS + 1, NEEDS)]
        asked[f"{NEEDS} needs"] = await texts([{"queries": plan} for plan in plans])
        definitions = [tool.definition for tool in app.catalog.snapshot.tools.values()]
    return Replies(asked, json.dumps(definitions, ensure_ascii=False, separators=(",", ":")))


def _text(reply: dict[str, Any]) -> str:
    return str(answer(reply).payload["content"][0]["text"])


def _add(table: Table, name: str, replies: Replies, count: Count) -> None:
    (whole,) = count([replies.all_definitions])
    for asked, texts in replies.texts.items():
        sizes = sorted(count(texts))
        if not sizes:
            continue
        ratios = sorted(guess / size for guess, size in zip(_estimates(texts), count(texts), strict=True))
        figures = (median(sizes), sizes[int(0.95 * (len(sizes) - 1))], sizes[-1])
        relation = f"{ratios[0]:.2f} - {median(ratios):.2f} - {ratios[-1]:.2f}"
        table.add_row(name, asked, str(len(texts)), *(f"{figure:.0f}" for figure in figures), f"{whole:,}", relation)


def _estimates(texts: Sequence[str]) -> list[int]:
    """Estimate in parts, since a long text is not read as a whole."""
    return [sum(estimate(text[start : start + 10_000]) for start in range(0, len(text), 10_000)) for text in texts]


def _counter(command: str) -> Count:
    def count(texts: Sequence[str]) -> list[int]:
        lines = "".join(json.dumps(text) + "\n" for text in texts)
        done = subprocess.run(shlex.split(command), input=lines, capture_output=True, text=True, check=True)
        return [int(line) for line in done.stdout.split()]

    return count


if __name__ == "__main__":
    main()
