"""What it takes until a runtime has made its first vector, and what it holds then: each time a new process."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

from bench.embed_figures import Row, Rows, Value
from bench.embed_models import Ready
from bench.embed_process import NEED_TORCH, RUNTIMES, SINCE_START

_SCRIPT = Path(__file__).with_name("embed_process.py")


def loaded(ready: Ready, models: Path, runs: int) -> Rows:
    """Return seconds and memory of each runtime, the runtimes in turns; the median of some runs, and the least."""
    runtimes = [name for name in RUNTIMES if ready.runs_torch or name not in NEED_TORCH]
    measured: dict[str, list[Row]] = {name: [] for name in runtimes}
    for _run in range(runs):
        for name in runtimes:
            measured[name].append(_once(name, ready, models))
    return {name: _summed(rows) for name, rows in measured.items()}


def _once(runtime: str, ready: Ready, models: Path) -> Row:
    places = (ready.weights or ready.folder, ready.folder, models)
    environment = {**os.environ, "PYTHONPATH": str(_SCRIPT.parents[1]), "HF_HUB_OFFLINE": "1"}
    command = [sys.executable, str(_SCRIPT), runtime, str(time.time()), *map(str, places)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, env=environment)
    row: Row = json.loads(done.stdout.splitlines()[-1])
    return row


def _summed(rows: list[Row]) -> Row:
    made: dict[str, Value] = {}
    for name, first in rows[0].items():
        values = [row[name] for row in rows]
        numbers = [value for value in values if not isinstance(value, str)]
        made[name] = statistics.median(numbers) if numbers else first
        if name == SINCE_START:
            made["least"] = min(numbers)
    return made
