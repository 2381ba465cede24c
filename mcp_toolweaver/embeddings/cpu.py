"""The processor: what it is called, and how much of it is ours."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator
from pathlib import Path

_PERIOD = 100_000
"""Microseconds that a quota is for where nothing else is said."""


def processor_name(root: Path) -> str | None:
    """Return what Linux or Windows calls the processor; None where neither says.

    Args:
        root: The folder that ``proc`` lies in.
    """
    for line in _text(root / "proc/cpuinfo").splitlines():
        key, _, value = line.partition(":")
        if key.strip() == "model name" and value.strip():
            return value.strip()
    return os.environ.get("PROCESSOR_IDENTIFIER") or None


def usable_cores(root: Path, allowed: int | None = None) -> int:
    """Return how many cores this process may keep busy, at least 1; a quota of 1.5 cores is 2.

    Args:
        root: The folder that ``proc`` and ``sys`` lie in, where quotas of control groups are read.
        allowed: How many cores the scheduler gives us; without it, the scheduler is asked.
    """
    if allowed is None:
        allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min([allowed, *(math.ceil(quota) for quota in _quotas(root))]))


def _quotas(root: Path) -> Iterator[float]:
    """Return the cores that each control group around us may use, in the second version and the first."""
    groups = root / "sys/fs/cgroup"
    for line in _text(root / "proc/self/cgroup").splitlines():
        _, controllers, path = [*line.split(":", 2), "", ""][:3]
        own = Path(path.strip("/"))
        for group in (own, *own.parents):
            if not controllers:
                yield from _share(_text(groups / group / "cpu.max").split())
            elif "cpu" in controllers.split(","):
                for mounted in (groups / "cpu", groups / controllers):
                    yield from _share([_text(mounted / group / f"cpu.cfs_{name}_us") for name in ("quota", "period")])


def _share(numbers: list[str]) -> Iterator[float]:
    """Return quota by period, unless there is no limit, which is written as ``max`` or -1."""
    try:
        quota, period = (int(number) for number in [*numbers, str(_PERIOD)][:2])
    except ValueError:
        return
    if quota > 0 and period > 0:
        yield quota / period


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except (OSError, ValueError):
        return ""
