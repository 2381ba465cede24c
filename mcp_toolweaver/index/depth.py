"""How deep a question looks into an index, the same for every engine."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import fmean

PART_SHARE = 0.4
"""How many of a query's limit a lane brings for each probe after the first, and for a likely domain."""

CROWD_START, CROWD_END = 50, 150
"""The ranks by meaning that are the crowd."""
LEAST_CROWD = 20
"""Fewer tools than this are no crowd to compare with."""


def part_limit(limit: int) -> int:
    """Return how many candidates a lane brings for a part of a question whose whole brings ``limit``."""
    return max(1, round(limit * PART_SHARE)) if limit > 0 else 0


def crowd_of(cosines: Sequence[float]) -> float | None:
    """Return the mean of what comes after the best of at least 150 cosines, or of all there are; best first.

    See `Candidates.crowd`.
    """
    if len(cosines) < LEAST_CROWD:
        return None
    return fmean(cosines[min(CROWD_START, len(cosines) // 2) : CROWD_END])
