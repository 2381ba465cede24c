"""What an index costs: questions, building, syncing, opening, memory and disk, by engine and size.

    python bench/index.py [--sizes N ...] [--engines NAME ...] [--catalog PATH] [--queries FILE]
                          [--asked N] [--json FILE]

Questions are timed in one process, the engines taking turns: all lanes of the index with the scores of
every candidate, then their fusion. Building, opening a folder that was filled before, and syncing a
change of one percent are timed in new processes, one for each engine, and so is memory. ``seeds`` is
rank-bm25 beside the dense lane of qdrant-client's local mode, ``local mode`` is both lanes of that, and
``qdrant fusion`` is Qdrant's engine fusing by itself.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import anyio
from rich.console import Console
from rich.table import Table

from bench.index_engines import ENGINES, INDEXES, LOCAL, PERSISTENT, SEEDS
from bench.index_timing import Figures, Timed, timed
from bench.index_tools import KINDS, ONE, workload
from mcp_toolweaver.demo import CATALOG, QUERIES

SIZES = (100, 1_000, 5_000, 10_000)
REFERENCES = (SEEDS, LOCAL)
"""What the others are to beat."""


def main() -> None:
    """Measure every size, print tables and keep the figures."""
    options = _options()
    console = Console(width=150)
    console.print(_machine())
    results: dict[str, Any] = {"machine": _machine(), "catalog": options.catalog.name}
    for size in options.sizes:
        with tempfile.TemporaryDirectory(prefix="bench-index-") as folder:
            results[str(size)] = _measured(options, size, Path(folder), console)
        if options.json:
            options.json.write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES, help="how many tools")
    parser.add_argument("--engines", nargs="+", choices=ENGINES, default=ENGINES)
    parser.add_argument("--catalog", type=Path, default=CATALOG, help="a file or folder; by default that of the demo")
    parser.add_argument("--queries", type=Path, default=QUERIES, help="labelled queries about it")
    parser.add_argument("--asked", type=int, default=600, help="how many questions of each kind")
    parser.add_argument("--json", type=Path, help="write the figures here")
    return parser.parse_args()


def _machine() -> str:
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0
    return f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, load {load:.1f}"


def _measured(options: argparse.Namespace, size: int, home: Path, console: Console) -> dict[str, Any]:
    folders = {engine: home / engine.replace(" ", "-") for engine in options.engines}
    once: dict[str, dict[str, Figures]] = {}
    for engine, folder in folders.items():
        once[engine] = {"build": _step("build", engine, folder, options, size)}
        if engine in PERSISTENT:
            once[engine]["reopen"] = _step("reopen", engine, folder, options, size)
        if engine in INDEXES:
            once[engine]["sync"] = _step("sync", engine, home / f"{engine}-sync", options, size)
    anew = {
        engine: folder if engine in PERSISTENT else home / f"{folder.name}-again" for engine, folder in folders.items()
    }
    for folder in anew.values():
        folder.mkdir(exist_ok=True)
    asked, agreement = anyio.run(timed, anew, workload(options.catalog, options.queries, size), options.asked)
    _print_asked(console, size, asked)
    _print_once(console, size, once)
    _print_agreement(console, agreement)
    return {"asked ms": asked, "once": once, "agreement": agreement}


def _step(step: str, engine: str, folder: Path, options: argparse.Namespace, size: int) -> Figures:
    """Take a step of one engine in a new process."""
    folder.mkdir(exist_ok=True)
    script = Path(__file__).with_name("index_process.py")
    command = [
        sys.executable,
        str(script),
        step,
        engine,
        str(folder),
        str(options.catalog),
        str(options.queries),
        str(size),
    ]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, env=environment)
    figures: Figures = json.loads(done.stdout.splitlines()[-1])
    print(f"{size:,} tools, {engine}, {step}: {figures}", file=sys.stderr, flush=True)
    return figures


def _print_asked(console: Console, size: int, asked: Timed) -> None:
    table = Table("ms: p50 (p95, least)", *asked, title=f"{size:,} tools: the whole index step, and its lanes + fusion")
    for kind in KINDS:
        table.add_row(kind, *(_cell(figures.get(kind)) for figures in asked.values()))
    for slow in (engine for engine in REFERENCES if engine in asked):
        for kind, taken in asked[slow].items():
            ratios = (taken["p50"] / figures[kind]["p50"] for figures in asked.values())
            table.add_row(f"times faster than {slow}, {kind}", *(f"{ratio:.1f}" for ratio in ratios))
    console.print(table)


def _cell(figures: Figures | None) -> str:
    if figures is None:
        return ""
    parts = f"{figures['lanes p50']:.3f} + {figures['fusion p50']:.3f}" if figures["fusion p50"] else ""
    return f"{figures['p50']:.3f} ({figures['p95']:.3f}, {figures['least']:.3f})\n{parts}"


def _print_once(console: Console, size: int, once: Mapping[str, Mapping[str, Figures]]) -> None:
    table = Table("", *once, title=f"{size:,} tools: in a process of its own")
    rows = dict.fromkeys((step, name) for steps in once.values() for step, found in steps.items() for name in found)
    for step, name in rows:
        values = (steps.get(step, {}).get(name) for steps in once.values())
        table.add_row(f"{step}: {name}", *("" if value is None else _number(name, value) for value in values))
    console.print(table)


def _number(name: str, value: float) -> str:
    return f"{value:.1f}" if name.endswith("MB") else f"{value:,.0f}" if value == int(value) else f"{value:.3f}"


def _print_agreement(console: Console, agreement: Mapping[str, Figures]) -> None:
    for engine, figures in agreement.items():
        said: Sequence[str] = [f"{name} {value:.4f}" for name, value in figures.items()]
        console.print(f"{engine} beside memory, {ONE}: {', '.join(said)}")


if __name__ == "__main__":
    main()
