"""Figures of one kind after another: how they are summed up, and printed."""

from __future__ import annotations

import os
import platform
import statistics
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TypeAlias

from rich.console import Console
from rich.table import Table

Value: TypeAlias = float | str
Row: TypeAlias = Mapping[str, Value]
Rows: TypeAlias = Mapping[str, Row]
"""By arm, what was measured by name."""
Tables: TypeAlias = Mapping[str, Rows]
"""By title."""

NOT_HERE = "n/a"
_THOUSAND = 1_000
_HUNDRED = 100
_TEN = 10


def machine() -> str:
    """Name what the figures were measured on."""
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0
    return f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, load {load:.1f}"


def milliseconds(seconds: Sequence[float]) -> dict[str, Value]:
    """Return median, 95th percentile and least of some times."""
    hundredths = statistics.quantiles(seconds, n=100, method="inclusive")
    values = {"p50 ms": hundredths[49], "p95 ms": hundredths[94], "least ms": min(seconds)}
    return {name: _THOUSAND * value for name, value in values.items()}


def between(values: Sequence[float], unit: str) -> dict[str, Value]:
    """Return least, median and largest of some figures."""
    return {f"least {unit}": min(values), f"median {unit}": statistics.median(values), f"most {unit}": max(values)}


def number(row: Row, name: str) -> float:
    """Return a figure that is known to be one."""
    return float(row[name])


def memory(pid: int | str = "self") -> dict[str, Value]:
    """Return what a process holds now and has held at most, in MB, mapped files included; Linux only."""
    try:
        text = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    except OSError:
        return {"MB resident": NOT_HERE, "MB at most": NOT_HERE}
    kilobytes = {words[0]: int(words[1]) for line in text.splitlines() if (words := line.split())[0] in _KEPT}
    return {title: kilobytes[name] / _THOUSAND for name, title in _KEPT.items()}


_KEPT = {"VmRSS:": "MB resident", "RssAnon:": "MB of its own", "VmHWM:": "MB at most"}


def show(console: Console, title: str, rows: Rows) -> None:
    """Print one table."""
    if not rows:
        console.print(title)
        return
    columns = list(dict.fromkeys(name for row in rows.values() for name in row))
    table = Table("", *columns, title=title, title_justify="left")
    for arm, row in rows.items():
        table.add_row(arm, *(_said(row.get(name, "")) for name in columns))
    console.print(table)


def _said(value: Value) -> str:
    if isinstance(value, str):
        return value
    if value == int(value) and abs(value) >= _TEN:
        return f"{value:,.0f}"
    return f"{value:,.0f}" if abs(value) >= _THOUSAND else f"{value:.1f}" if abs(value) >= _HUNDRED else f"{value:.2f}"
