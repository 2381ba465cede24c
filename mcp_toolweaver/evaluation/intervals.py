"""How far chance reaches: bootstrap intervals of means over queries.

The percentile bootstrap (Efron & Tibshirani 1993, "An Introduction to the Bootstrap", chapter 13):
draw as many queries as there are, with replacement, take the mean, and do so many times; the
interval holds the middle 95 % of these means. It says how the mean would vary over other queries
of the same sort; with fewer than about 20 queries it is too narrow.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mcp_toolweaver.evaluation.rounding import rounded

RESAMPLES = 2_000
LEVEL = 0.95

_SEED = 0
_CELLS = 4_000_000
"""How many draws are held in memory at once."""


@dataclass(frozen=True, slots=True)
class Interval:
    """Where a mean lies with a confidence of 95 %."""

    low: float
    high: float

    def to_json(self) -> list[float | None]:
        """Return both ends as a JSON array."""
        return [rounded(self.low), rounded(self.high)]


def mean_interval(values: Sequence[float], *, seed: int = _SEED) -> Interval | None:
    """Return the interval of the mean of one value a query; None for fewer than two queries."""
    intervals = mean_intervals(np.asarray(values, dtype=np.float64).reshape(-1, 1), seed=seed)
    return intervals[0] if intervals else None


def mean_intervals(values: NDArray[np.float64], *, seed: int = _SEED) -> list[Interval]:
    """Return the interval of each column's mean; ``values`` has a row a query. Empty for fewer than two rows.

    All columns see the same draws. An interval always holds the mean, whatever the rounding.
    """
    queries = len(values)
    if queries < 2:  # noqa: PLR2004  one query does not vary
        return []
    means = np.concatenate([counts @ values / queries for counts in _draws(queries, np.random.default_rng(seed))])
    return _middle(means, values.mean(axis=0))


def grouped_interval(values: Sequence[float], groups: NDArray[np.intp], *, seed: int = _SEED) -> Interval | None:
    """Return the interval of the mean over queries whose groups are drawn whole; None for fewer than two groups.

    ``groups`` has the number of each query's group, from 0. Related queries vary together, so it is
    the groups that are observed independently (the cluster bootstrap: Davison & Hinkley 1997, chapter 3.8).
    """
    sizes = np.bincount(groups)
    if len(sizes) < 2:  # noqa: PLR2004  one group does not vary
        return None
    sums = np.bincount(groups, weights=values)
    draws = _draws(len(sizes), np.random.default_rng(seed))
    means = np.concatenate([counts @ sums / (counts @ sizes) for counts in draws])
    return _middle(means.reshape(-1, 1), np.atleast_1d(sums.sum() / sizes.sum()))[0]


def _middle(means: NDArray[np.float64], center: NDArray[np.float64]) -> list[Interval]:
    """Return the middle 95 % of each column, as far as its center at least."""
    tail = 100 * (1 - LEVEL) / 2
    low = np.minimum(np.percentile(means, tail, axis=0), center)
    high = np.maximum(np.percentile(means, 100 - tail, axis=0), center)
    return [Interval(float(start), float(end)) for start, end in zip(low, high, strict=True)]


def _draws(queries: int, random: np.random.Generator) -> Iterator[NDArray[np.intp]]:
    """Yield how often each query, or each group of them, was drawn, a row a resample."""
    rows = max(1, min(RESAMPLES, _CELLS // queries))
    for start in range(0, RESAMPLES, rows):
        size = min(rows, RESAMPLES - start)
        drawn = random.integers(queries, size=(size, queries)) + queries * np.arange(size)[:, np.newaxis]
        yield np.bincount(drawn.ravel(), minlength=size * queries).reshape(size, queries)
