"""Two runs over the same queries, query by query."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from statistics import fmean
from typing import Any

from mcp_toolweaver.core.errors import ConfigurationError
from mcp_toolweaver.evaluation.intervals import Interval, mean_interval
from mcp_toolweaver.evaluation.metrics import METRICS
from mcp_toolweaver.evaluation.per_query import Scored
from mcp_toolweaver.evaluation.rounding import rounded
from mcp_toolweaver.evaluation.significance import SIGNIFICANT, randomization_test
from mcp_toolweaver.evaluation.summary import ABSTENTION, FALSE_ABSTENTION

_SAME = 1e-6
_EXACT = 4
"""Digits that a report keeps of a score."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One metric in both runs, over the queries that have it."""

    this: float
    other: float
    interval: Interval | None
    """Of ``other - this``; None for fewer than two queries."""
    p: float
    """Of the paired randomization test."""
    more: int
    """In how many queries the other run has more."""
    less: int
    same: int

    @property
    def mean(self) -> float:
        """How much more the other run has on average."""
        return self.other - self.this

    @property
    def is_significant(self) -> bool:
        """Whether chance alone would hardly give such a difference."""
        return self.p < SIGNIFICANT

    @classmethod
    def of(cls, this: Sequence[float], other: Sequence[float]) -> Difference:
        """Compare two runs by one value a query, in the same order."""
        differences = [right - left for left, right in zip(this, other, strict=True)]
        more = sum(difference > _SAME for difference in differences)
        less = sum(difference < -_SAME for difference in differences)
        return cls(
            this=fmean(this),
            other=fmean(other),
            interval=mean_interval(differences),
            p=randomization_test(differences),
            more=more,
            less=less,
            same=len(differences) - more - less,
        )

    def to_json(self) -> dict[str, Any]:
        """Return the difference as a JSON object."""
        return {
            "this": rounded(self.this),
            "other": rounded(self.other),
            "difference": rounded(self.mean),
            "interval": None if self.interval is None else self.interval.to_json(),
            "p": rounded(self.p),
            "more": self.more,
            "less": self.less,
            "same": self.same,
        }


@dataclass(frozen=True, slots=True)
class Mover:
    """A query that the two runs serve differently."""

    id: str
    query: str
    this: float
    other: float

    def to_json(self) -> dict[str, Any]:
        """Return the query as a JSON object."""
        return {"id": self.id, "query": self.query, "this": rounded(self.this), "other": rounded(self.other)}


@dataclass(frozen=True, slots=True)
class Comparison:
    """How another run differs from this one."""

    other: str
    """What the other run is called."""
    metric: str
    """What the movers are ordered by."""
    queries: int
    """How many queries both runs have, with the same text and labels."""
    left_out: int
    """How many queries only one run has, or has with another text or other labels."""
    differences: Mapping[str, Difference]
    movers: tuple[Mover, ...]
    """The queries that differ, the largest difference first."""

    def to_json(self) -> dict[str, Any]:
        """Return the comparison as a JSON object."""
        return {
            "other": self.other,
            "metric": self.metric,
            "queries": self.queries,
            "left_out": self.left_out,
            "differences": {name: difference.to_json() for name, difference in self.differences.items()},
            "movers": [mover.to_json() for mover in self.movers],
        }


def compare(this: Mapping[str, Scored], other: Mapping[str, Scored], *, name: str, metric: str) -> Comparison:
    """Compare another run, called ``name``, with this one.

    Raises:
        ConfigurationError: they have no query in common.
    """
    shared = [id_ for id_, scored in this.items() if id_ in other and other[id_].fingerprint == scored.fingerprint]
    if not shared:
        fix = "Compare runs over the same labelled queries."
        raise ConfigurationError(f"{name}: none of its queries has the id, the text and the labels of one here. {fix}")
    pairs = {id_: (this[id_], other[id_]) for id_ in shared}
    return Comparison(
        other=name,
        metric=metric,
        queries=len(shared),
        left_out=len(this.keys() | other.keys()) - len(shared),
        differences=_differences(list(pairs.values())),
        movers=_movers(pairs, metric),
    )


def _differences(pairs: Sequence[tuple[Scored, Scored]]) -> dict[str, Difference]:
    answerable = [pair for pair in pairs if pair[0].scores]
    unanswerable = [pair for pair in pairs if not pair[0].scores]
    found: dict[str, Difference] = {}
    if answerable:
        found |= {name: _difference(answerable, partial(_score, name)) for name in METRICS}
        found[FALSE_ABSTENTION] = _difference(answerable, lambda each: each.abstained)
    if unanswerable:
        found[ABSTENTION] = _difference(unanswerable, lambda each: each.abstained)
    return found


def _score(metric: str, scored: Scored) -> float:
    return scored.scores[metric]


def _difference(pairs: Sequence[tuple[Scored, Scored]], value: Callable[[Scored], float]) -> Difference:
    """Compare by values as exact as a saved report has them, so that saving changes nothing."""
    this, other = ([round(float(value(pair[side])), _EXACT) for pair in pairs] for side in (0, 1))
    return Difference.of(this, other)


def _movers(pairs: Mapping[str, tuple[Scored, Scored]], metric: str) -> tuple[Mover, ...]:
    movers = [
        Mover(id_, this.text, round(this.scores[metric], _EXACT), round(other.scores[metric], _EXACT))
        for id_, (this, other) in pairs.items()
        if this.scores
    ]
    moved = [mover for mover in movers if abs(mover.other - mover.this) > _SAME]
    return tuple(sorted(moved, key=lambda mover: -abs(mover.other - mover.this)))
