"""Search with queries in other languages on English tools: as asked, and put into English words.

    python bench/crosslingual.py [DATA] [--model NAME_OR_FOLDER] [--json FILE]

The demo's queries by language: those that the lexicon was corrected on once, those that it was
not, and the English originals of both. "min-max" is the simple fusion of ``bench/baselines.py``, which
takes the text as it comes; "toolweaver" is the search itself, which puts it into English words.
DATA is a folder of labelled sets; every query of theirs that `gloss` takes for English and should
not, or the reverse, shows in the counts.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from statistics import fmean

import anyio
import numpy as np
from rich.console import Console
from rich.table import Table

from bench.baselines import Lanes, baselines
from bench.embed_models import open_embedder
from mcp_toolweaver.cli.evaluating import configuration_of
from mcp_toolweaver.cli.running import running
from mcp_toolweaver.config import Configuration
from mcp_toolweaver.core.interfaces import Searcher
from mcp_toolweaver.demo import CATALOG, QUERIES
from mcp_toolweaver.evaluation import LabelledQuery, evaluate, read_labelled
from mcp_toolweaver.text.gloss import gloss
from mcp_toolweaver.text.tool_text import passage

TRANSLATED = {
    "corrected on": QUERIES.with_name("crosslingual.jsonl"),
    "held out": QUERIES.with_name("crosslingual_heldout.jsonl"),
}
MIN_MAX = "min-max, 0.6 meaning"
ARMS = ("min-max, as asked", "min-max, in English words", "toolweaver, words alone", "toolweaver")
Score = tuple[float, float]
"""nDCG@10 and recall@5."""


def main() -> None:
    """Measure every language, print a table and keep the numbers."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, nargs="?", help="a folder of labelled sets")
    parser.add_argument("--model", default="all-MiniLM-L6-v2", help="a name, or a folder written with a slash")
    parser.add_argument("--json", type=Path, help="write the numbers here")
    options = parser.parse_args()
    scores = anyio.run(_measure, _configuration(options.model))
    _print(scores)
    _print_touched(options.data)
    if options.json:
        options.json.write_text(json.dumps(scores, indent=2) + "\n", encoding="utf-8")


def _configuration(model: str) -> Configuration:
    configuration = configuration_of(CATALOG)
    embedding = configuration.settings.embedding.model_copy(update={"model": model})
    return replace(configuration, settings=configuration.settings.model_copy(update={"embedding": embedding}))


async def _measure(configuration: Configuration) -> dict[str, dict[str, Score]]:
    embedder = await open_embedder(configuration.settings)
    async with running(configuration) as app:
        tools = list(app.catalog.snapshot.tools.values())
        vectors = np.stack(await embedder.embed_documents([passage(tool) for tool in tools]))
        simple = baselines(Lanes(tools, vectors, embedder))[MIN_MAX]
        arms: dict[str, tuple[Searcher, bool]] = {
            ARMS[0]: (simple, False),
            ARMS[1]: (simple, True),
            ARMS[2]: (app.by_words, False),
            ARMS[3]: (app.searcher, False),
        }
        return {
            group: {
                arm: await _score(searcher, _worded(queries, english=english))
                for arm, (searcher, english) in arms.items()
            }
            for group, queries in _groups().items()
        }


async def _score(searcher: Searcher, queries: Sequence[LabelledQuery]) -> Score:
    metrics = (await evaluate(searcher, queries)).overall.metrics
    return metrics["nDCG@10"], metrics["recall@5"]


def _worded(queries: Sequence[LabelledQuery], *, english: bool) -> list[LabelledQuery]:
    return [replace(query, text=gloss(query.text) or query.text) if english else query for query in queries]


def _groups() -> dict[str, list[LabelledQuery]]:
    """Return the answerable queries of each language in each file, and their English originals."""
    english = {query.id.rpartition("-")[2]: query for query in read_labelled(QUERIES)}
    groups: dict[str, list[LabelledQuery]] = {}
    for name, path in TRANSLATED.items():
        answerable = [query for query in read_labelled(path) if query.needs]
        numbers = dict.fromkeys(query.id.rpartition("-")[2] for query in answerable)
        groups[f"{name}: en"] = [english[number] for number in numbers]
        for query in answerable:
            groups.setdefault(f"{name}: {query.kind}", []).append(query)
    return groups


def _print(scores: Mapping[str, Mapping[str, Score]]) -> None:
    table = Table("nDCG@10 / recall@5", *ARMS)
    for group, arms in scores.items():
        table.add_row(group, *(_cell(arms[arm]) for arm in ARMS))
    for name in TRANSLATED:
        rows = [arms for group, arms in scores.items() if group.startswith(f"{name}: ") and not group.endswith(": en")]
        means = [(fmean(row[arm][0] for row in rows), fmean(row[arm][1] for row in rows)) for arm in ARMS]
        table.add_row(f"{name}: mean without English", *map(_cell, means))
    Console(width=140).print(table)


def _cell(score: Score) -> str:
    return f"{100 * score[0]:.1f} / {100 * score[1]:.1f}"


def _print_touched(data: Path | None) -> None:
    """Say how many queries of each set were taken for another language than English."""
    files = [QUERIES, *sorted(data.glob("*/queries.jsonl"))] if data else [QUERIES]
    for file in files:
        queries = read_labelled(file)
        touched = sum(gloss(query.text) is not None for query in queries)
        print(f"{file.parent.name}: {touched} of {len(queries)} queries put into English words")


if __name__ == "__main__":
    main()
