"""How long this process has been running, its interpreter's start included."""

from __future__ import annotations

import os
import time
from pathlib import Path

_OWN = Path("/proc/self/stat")
_STARTED = 19
"""Place of the start, in clock ticks since the machine's, among the fields after the program's name."""
_LONGEST_START = 600.0
"""Seconds; what claims to have taken longer to come here counts time in another way than we do."""

_imported = time.monotonic()


def process_start() -> float:
    """Return the start of this process on the clock ``time.monotonic``; where it is not told, that of this module."""
    age = _age(_OWN)
    return _imported if age is None else time.monotonic() - age


def _age(stat: Path) -> float | None:
    try:
        fields = stat.read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
        now = time.clock_gettime(time.CLOCK_BOOTTIME)
        age = now - int(fields[_STARTED]) / os.sysconf("SC_CLK_TCK")
    except (OSError, AttributeError, ValueError, IndexError):
        return None
    return age if 0 <= age < _LONGEST_START else None
