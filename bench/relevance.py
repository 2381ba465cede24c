"""Search quality on labelled sets, by words alone and with meaning.

    python bench/relevance.py DATA [--json FILE]

DATA is a folder of sets. A set is a folder with ``queries.jsonl`` and either ``tools.jsonl``
or ``catalog/``; see ``toolweaver eval --help`` for the formats. The set that ships with
Toolweaver is measured too.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import anyio
from rich.console import Console
from rich.table import Table

from mcp_toolweaver.cli.evaluating import configuration_of, measure
from mcp_toolweaver.demo import CATALOG, QUERIES
from mcp_toolweaver.evaluation import Report, read_labelled

ARMS = {"words": False, "words and meaning": True}
METRICS = ("nDCG@10", "recall@1", "recall@5", "recall@10", "MRR")


def main() -> None:
    """Measure every set with every arm, print a table and keep the reports."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, nargs="?", help="a folder of labelled sets")
    parser.add_argument("--json", type=Path, help="write the reports here")
    options = parser.parse_args()
    reports = {
        name: {
            arm: anyio.run(measure, configuration_of(catalog), read_labelled(queries), by) for arm, by in ARMS.items()
        }
        for name, catalog, queries in _sets(options.data)
    }
    _print(reports)
    if options.json:
        options.json.write_text(json.dumps(_as_json(reports), indent=2) + "\n", encoding="utf-8")


def _sets(data: Path | None) -> Iterator[tuple[str, Path, Path]]:
    yield "demo", CATALOG, QUERIES
    for folder in sorted(data.iterdir()) if data else []:
        for catalog in (folder / "tools.jsonl", folder / "catalog"):
            if catalog.exists() and (folder / "queries.jsonl").exists():
                yield folder.name, catalog, folder / "queries.jsonl"


def _print(reports: dict[str, dict[str, Report]]) -> None:
    table = Table("set", "queries", "by", *METRICS, "none if none", "none if one", "p50 ms", "p95 ms")
    for name, arms in reports.items():
        for arm, report in arms.items():
            whole = report.overall
            cells = [f"{100 * whole.metrics[metric]:.1f}" for metric in METRICS]
            shares = [_percent(whole.abstention), _percent(whole.false_abstention)]
            times = [f"{report.latency_ms[name_]:.1f}" for name_ in ("p50", "p95")]
            table.add_row(name, str(whole.queries), arm, *cells, *shares, *times)
    for arm in ARMS:
        mean = sum(arms[arm].overall.metrics["nDCG@10"] for arms in reports.values()) / len(reports)
        table.add_row("mean", "", arm, f"{100 * mean:.1f}")
    Console(width=150).print(table)


def _percent(share: float | None) -> str:
    return "" if share is None else f"{100 * share:.1f}"


def _as_json(reports: dict[str, dict[str, Report]]) -> dict[str, Any]:
    return {
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}",
        "sets": {name: {arm: _brief(report) for arm, report in arms.items()} for name, arms in reports.items()},
    }


def _brief(report: Report) -> dict[str, Any]:
    return {key: value for key, value in report.to_json().items() if key != "failures"}


if __name__ == "__main__":
    main()
