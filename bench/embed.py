"""What embedding costs, by runtime and precision, beside ``SentenceTransformer.encode`` as the seeds call it.

    python bench/embed.py [DATA] [--only PART ...] [--long] [--against FOLDER] [--runs N] [--json FILE]

queries   one question of five to twenty words: milliseconds, and how many times faster
bulk      texts of tools: how many a second; 1,000 of them, or 10,000 with ``--long``
at-once   sixteen questions at the same time, one by one or as one padded batch
meanwhile a question while tools are being embedded, which let it go first or do not
loading   a new process until its first vector, and its memory
start     ``toolweaver serve`` with 1,000 tools through a real MCP client: handshake, first answers, memory;
          ``--against`` starts another version of Toolweaver from a folder too
gpu       the same on a CUDA device, where there is one
quality   nDCG@10 of the whole search in 8 bits and in full, on the labelled sets of DATA

DATA is a folder of sets as for ``bench/relevance.py``; without it, the set that ships is all. Arms take turns
in one run, so ratios mean more than times, and the least time more than the median on a machine with other work.
"""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import anyio
from rich.console import Console

from bench import embed_bulk, embed_gpu, embed_loading, embed_quality, embed_queries, embed_server, embed_waiting
from bench.embed_figures import Tables, machine, show
from bench.embed_models import Ready, open_ready
from bench.embed_texts import passages, questions
from bench.index_tools import snapshot_of
from bench.sets import labelled_sets
from mcp_toolweaver.config import Settings

_MANY = 10_000
_FEW = 1_000
_MEANWHILE = 400


@dataclass(frozen=True, slots=True)
class Run:
    """What is measured, and with what."""

    options: argparse.Namespace
    settings: Settings
    ready: Ready


Part: TypeAlias = Callable[[Run], Tables]


def main() -> None:
    """Measure the parts, print a table after each, and keep the figures."""
    options = _options()
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    settings = Settings()
    run = Run(options, settings, anyio.run(open_ready, settings))
    console = Console(width=160)
    console.print(machine())
    figures: dict[str, Any] = {"machine": machine()}
    for name in options.only:
        figures[name] = PARTS[name](run)
        for title, rows in figures[name].items():
            show(console, f"{name}: {title}", rows)
        if options.json:
            options.json.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, nargs="?", help="a folder of labelled sets")
    parser.add_argument("--only", nargs="+", choices=PARTS, default=list(PARTS), metavar="PART")
    parser.add_argument("--sets", nargs="*", help="only these sets")
    parser.add_argument("--long", action="store_true", help="embed 10,000 tools too, which takes the seeds minutes")
    parser.add_argument("--asked", type=int, default=240, help="how many questions")
    parser.add_argument("--tools", type=int, default=_FEW, help="how many tools a server has")
    parser.add_argument("--runs", type=int, default=5, help="how often a process is started")
    parser.add_argument("--against", type=Path, help="the folder of another version of Toolweaver to start")
    parser.add_argument("--json", type=Path, help="write the figures here")
    return parser.parse_args()


def _queries(run: Run) -> Tables:
    asked = questions(run.options.asked)
    return {f"{len(asked)} questions": anyio.run(embed_queries.asked, run.settings, run.ready, asked)}


def _bulk(run: Run) -> Tables:
    sizes = [_FEW, _MANY] if run.options.long else [_FEW]
    return {
        f"{size:,} tools": anyio.run(embed_bulk.embedded, run.settings, run.ready, passages(size)) for size in sizes
    }


def _at_once(run: Run) -> Tables:
    asked = questions(run.options.asked)
    return {f"{embed_waiting.AT_ONCE} questions": anyio.run(embed_waiting.at_once, run.ready, asked)}


def _meanwhile(run: Run) -> Tables:
    asked, texts = questions(run.options.asked), passages(_MEANWHILE)
    return {"a question in 8 bits": anyio.run(embed_waiting.meanwhile, run.ready, asked, texts)}


def _loading(run: Run) -> Tables:
    return {"a new process": embed_loading.loaded(run.ready, run.settings.models, run.options.runs)}


def _start(run: Run) -> Tables:
    tools, runs, against = run.options.tools, run.options.runs, run.options.against
    tables = {f"{tools:,} tools": embed_server.started(tools, runs, None)}
    return tables | ({f"{tools:,} tools, {against}": embed_server.started(tools, runs, against)} if against else {})


def _gpu(run: Run) -> Tables:
    name = embed_gpu.gpu_name(run.ready)
    if name is None:
        return {"did not run: torch finds no CUDA device": {}}
    asked, texts = questions(run.options.asked), passages(_MANY)
    return {name: anyio.run(embed_gpu.on_gpu, run.settings, run.ready, asked, texts)}


def _quality(run: Run) -> Tables:
    sets = [
        embed_quality.LabelledSet(name, snapshot_of(catalog), queries)
        for name, catalog, queries in labelled_sets(run.options.data)
        if not run.options.sets or name in run.options.sets
    ]
    return anyio.run(embed_quality.compared, run.settings, run.ready, sets)


PARTS: Mapping[str, Part] = {
    "queries": _queries,
    "bulk": _bulk,
    "at-once": _at_once,
    "meanwhile": _meanwhile,
    "loading": _loading,
    "start": _start,
    "gpu": _gpu,
    "quality": _quality,
}


if __name__ == "__main__":
    main()
