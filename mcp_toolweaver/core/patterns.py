"""Patterns in which ``*`` stands for anything, and every other character for itself in any case."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache


def is_any(name: str, patterns: Iterable[str]) -> bool:
    """Whether one of the patterns is that of the name."""
    return any(_compiled(pattern).fullmatch(name) for pattern in patterns)


@lru_cache(maxsize=4_096)
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(".*".join(map(re.escape, pattern.split("*"))), re.IGNORECASE | re.DOTALL)
