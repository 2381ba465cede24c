"""What many outcomes say together: means, and how well the searcher knows when to say no."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from statistics import fmean
from typing import Any

import numpy as np

from mcp_toolweaver.evaluation.intervals import Interval, mean_interval, mean_intervals
from mcp_toolweaver.evaluation.metrics import METRICS
from mcp_toolweaver.evaluation.outcome import Outcome
from mcp_toolweaver.evaluation.rounding import rounded

ABSTENTION = "abstention"
FALSE_ABSTENTION = "false_abstention"


@dataclass(frozen=True, slots=True)
class Summary:
    """Counts, means and shares over a group of queries."""

    answerable: int
    unanswerable: int
    metrics: Mapping[str, float]
    """The mean of each metric over the answerable queries; empty if there are none."""
    abstention: float | None
    """Share of the unanswerable queries with confidence "none" (1 is best); None if there are none."""
    false_abstention: float | None
    """Share of the answerable queries with confidence "none" (0 is best); None if there are none."""
    intervals: Mapping[str, Interval] = field(default_factory=dict[str, Interval])
    """The 95 % interval of each metric and of both shares, where there are two queries or more."""

    @classmethod
    def of(cls, outcomes: Sequence[Outcome]) -> Summary:
        """Summarize a group of outcomes."""
        answerable = [outcome for outcome in outcomes if outcome.answerable]
        unanswerable = [outcome for outcome in outcomes if not outcome.answerable]
        return cls(
            answerable=len(answerable),
            unanswerable=len(unanswerable),
            metrics=_means(answerable),
            abstention=_abstained(unanswerable),
            false_abstention=_abstained(answerable),
            intervals=_intervals(answerable, unanswerable),
        )

    @property
    def queries(self) -> int:
        """How many queries the group has."""
        return self.answerable + self.unanswerable

    def to_json(self) -> dict[str, Any]:
        """Return the summary as a JSON object."""
        return {
            "queries": self.queries,
            "answerable": self.answerable,
            "unanswerable": self.unanswerable,
            "metrics": {name: rounded(mean) for name, mean in self.metrics.items()},
            "abstention": rounded(self.abstention),
            "false_abstention": rounded(self.false_abstention),
            "intervals": {name: interval.to_json() for name, interval in self.intervals.items()},
        }


def _means(outcomes: Sequence[Outcome]) -> dict[str, float]:
    if not outcomes:
        return {}
    return {name: fmean(outcome.scores[name] for outcome in outcomes) for name in METRICS}


def _abstained(outcomes: Sequence[Outcome]) -> float | None:
    return fmean(outcome.abstained for outcome in outcomes) if outcomes else None


def _intervals(answerable: Sequence[Outcome], unanswerable: Sequence[Outcome]) -> dict[str, Interval]:
    rows = [[*outcome.scores.values(), float(outcome.abstained)] for outcome in answerable]
    names = [*METRICS, FALSE_ABSTENTION]
    intervals = dict(zip(names, mean_intervals(np.asarray(rows, dtype=np.float64)), strict=False))
    abstention = mean_interval([float(outcome.abstained) for outcome in unanswerable])
    return intervals if abstention is None else {**intervals, ABSTENTION: abstention}
