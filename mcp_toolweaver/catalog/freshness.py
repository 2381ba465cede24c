"""How long a listing may be believed."""

from __future__ import annotations

import math
import random
from typing import Any

_LEAST = 30.0
_MOST = 24 * 3600.0
"""Seconds within which a source's own word counts."""


def fresh_for(source: Any) -> float | None:
    """Return for how many seconds a source says that its listing is good; None if it does not say."""
    said: Any = getattr(source, "fresh_for", None)
    value: Any = said() if callable(said) else said
    if not isinstance(value, int | float) or isinstance(value, bool) or math.isnan(value):
        return None
    return min(max(float(value), _LEAST), _MOST)


def until_next(interval: float, said: float | None) -> float:
    """Return the seconds until an open source is listed anew, with jitter; ``interval`` 0 never lists it unasked."""
    if not interval:
        return math.inf
    return jittered(said or interval)


def until_old(interval: float, said: float | None) -> float:
    """Return the age at which the listing of a source that is not open is old.

    What the source said does not shorten that: it tells how long an answer may be kept, and is no reason to
    start a process every few seconds.
    """
    return max(interval, said or 0.0) if interval else math.inf


def jittered(seconds: float) -> float:
    """Return about so many seconds, so that many sources do not come at once."""
    return seconds * random.uniform(0.9, 1.1)  # noqa: S311  not a secret
