"""Search quality on labelled sets, beside simple rankings over the same tools.

    python bench/relevance.py DATA [--json FILE] [--sets NAME ...]

DATA is a folder of sets. A set is a folder with ``queries.jsonl`` and either ``tools.jsonl``
or ``catalog/``; see ``toolweaver eval --help`` for the formats. The set that ships with
Toolweaver is measured too. Figures are nDCG@10 in percent with a 95 % bootstrap interval.

The leave-one-set-out rows answer whether our weight of meaning was fitted to these sets: each
set is measured with the weight that is best on the mean of the others.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import Any

import anyio
import numpy as np
from rich.console import Console
from rich.table import Table

from bench.baselines import Lanes, baselines
from bench.embed_models import open_embedder
from bench.sets import labelled_sets
from mcp_toolweaver.app import App
from mcp_toolweaver.cache.file import open_file_cache
from mcp_toolweaver.cli.evaluating import configuration_of
from mcp_toolweaver.cli.running import by_words_alone, progress_bar, running
from mcp_toolweaver.config import Configuration
from mcp_toolweaver.core.interfaces import Searcher
from mcp_toolweaver.embeddings.cached import CachedEmbedder
from mcp_toolweaver.evaluation import LabelledQuery, Report, evaluate, read_labelled
from mcp_toolweaver.text.tool_text import passage

METRIC = "nDCG@10"
WORDS, OURS = "toolweaver, words alone", "toolweaver"
WEIGHTS = (0.4, 0.5, 0.6, 0.7, 0.8)


@dataclass(frozen=True)
class Measured:
    """What was measured on one set."""

    arms: Mapping[str, Report]
    by_weight: Mapping[float, float]
    """The metric of our search by weight of meaning."""


def main() -> None:
    """Measure every set, print the tables and keep the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, nargs="?", help="a folder of labelled sets")
    parser.add_argument("--sets", nargs="*", help="only these sets")
    parser.add_argument("--json", type=Path, help="write the reports here")
    options = parser.parse_args()
    sets = [found for found in labelled_sets(options.data) if not options.sets or found[0] in options.sets]
    measured = {
        name: anyio.run(_measure, configuration_of(catalog), read_labelled(queries)) for name, catalog, queries in sets
    }
    _print(measured)
    if options.json:
        options.json.write_text(json.dumps(_as_json(measured), indent=2) + "\n", encoding="utf-8")


async def _measure(configuration: Configuration, queries: tuple[LabelledQuery, ...]) -> Measured:
    async with running(by_words_alone(configuration), meaning=False) as app:
        words = await _evaluated(WORDS, app.searcher, queries)
    async with running(configuration) as app:
        async with _lanes(app, configuration) as lanes:
            simple = {name: await _evaluated(name, searcher, queries) for name, searcher in baselines(lanes).items()}
        ours = await _evaluated(OURS, app.searcher, queries)
        weighed = {
            weight: (await _evaluated(f"{weight}", app.searcher_for(weight), queries)).overall.metrics[METRIC]
            for weight in WEIGHTS
        }
    return Measured({**simple, WORDS: words, OURS: ours}, weighed)


async def _evaluated(name: str, searcher: Searcher, queries: tuple[LabelledQuery, ...]) -> Report:
    with progress_bar() as progress:
        step = progress.add_task(name, total=len(queries))
        return await evaluate(searcher, queries, on_progress=lambda done, _all: progress.update(step, completed=done))


@asynccontextmanager
async def _lanes(app: App, configuration: Configuration) -> AsyncGenerator[Lanes]:
    settings = configuration.settings
    tools = list(app.catalog.snapshot.tools.values())
    async with open_file_cache(settings.cache_dir / "cache.sqlite3") as cache:
        embedder = CachedEmbedder(await open_embedder(settings), cache)
        vectors = np.stack(await embedder.embed_documents([passage(tool) for tool in tools]))
        yield Lanes(tools, vectors, embedder)


def _print(measured: Mapping[str, Measured]) -> None:
    console = Console(width=max(120, 22 + 15 * (len(measured) + 1)))
    table = Table("nDCG@10", *measured, "mean")
    for arm in next(iter(measured.values())).arms:
        table.add_row(arm, *(_cell(found.arms[arm]) for found in measured.values()), _mean(measured, arm))
    chosen = _left_out(measured)
    if chosen:
        means = [100 * measured[name].by_weight[weight] for name, weight in chosen.items()]
        table.add_row("  leave one set out", *(f"{mean:.1f}" for mean in means), f"{fmean(means):.1f}")
        table.add_row("  weight chosen", *(f"{weight}" for weight in chosen.values()), "")
    console.print(table)
    console.print(_details(measured))


def _cell(report: Report) -> str:
    interval = report.overall.intervals.get(METRIC)
    around = f" ({100 * interval.low:.0f}-{100 * interval.high:.0f})" if interval else ""
    return f"{100 * report.overall.metrics[METRIC]:.1f}{around}"


def _mean(measured: Mapping[str, Measured], arm: str) -> str:
    return f"{100 * fmean(found.arms[arm].overall.metrics[METRIC] for found in measured.values()):.1f}"


def _left_out(measured: Mapping[str, Measured]) -> dict[str, float]:
    """Return, for each set, the weight that is best on the others."""
    if len(measured) < 2:  # noqa: PLR2004  nothing is left
        return {}
    return {
        name: max(WEIGHTS, key=lambda weight: fmean(other.by_weight[weight] for other in rest))
        for name in measured
        for rest in [[found for other, found in measured.items() if other != name]]
    }


def _details(measured: Mapping[str, Measured]) -> Table:
    table = Table("set", "queries", "by", "recall@1", "recall@5", "recall@10", "none if none", "none if one", "p50 ms")
    for name, found in measured.items():
        for arm in (WORDS, OURS):
            whole = found.arms[arm].overall
            cells = [f"{100 * whole.metrics[metric]:.1f}" for metric in ("recall@1", "recall@5", "recall@10")]
            shares = [_percent(whole.abstention), _percent(whole.false_abstention)]
            table.add_row(name, str(whole.queries), arm, *cells, *shares, f"{found.arms[arm].latency_ms['p50']:.1f}")
    return table


def _percent(share: float | None) -> str:
    return "" if share is None else f"{100 * share:.1f}"


def _as_json(measured: Mapping[str, Measured]) -> dict[str, Any]:
    return {
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}",
        "sets": {
            name: {
                "arms": {arm: _brief(report) for arm, report in found.arms.items()},
                "by_weight": {str(weight): value for weight, value in found.by_weight.items()},
            }
            for name, found in measured.items()
        },
    }


def _brief(report: Report) -> dict[str, Any]:
    return {key: value for key, value in report.to_json().items() if key not in {"failures", "per_query"}}


if __name__ == "__main__":
    main()
