"""Honest tuning of how much meaning counts beside words.

Cross-validation: the queries are split into five parts. For each part the best weight is chosen on
the other four and tried on this one. So every query is served by a weight that was chosen without
it, and the mean of that is what tuning is worth on queries not seen. The new weight is proposed
only if that mean is above today's and a paired randomization test says that it is no accident.
Queries that share a tool or a text stay together, in the split, in the test and in the interval.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mcp_toolweaver.core.interfaces import Searcher
from mcp_toolweaver.evaluation.folds import folds_of, groups_of
from mcp_toolweaver.evaluation.intervals import Interval, grouped_interval
from mcp_toolweaver.evaluation.labelled import LabelledQuery
from mcp_toolweaver.evaluation.rounding import rounded
from mcp_toolweaver.evaluation.run import answer_all
from mcp_toolweaver.evaluation.significance import SIGNIFICANT, randomization_test

FOLDS = 5
GRID = tuple(step / 10 for step in range(11))
LEAST_GROUPS = 20
"""With fewer unrelated groups of queries no choice can be told from chance."""

_TIE = 1e-9


@dataclass(frozen=True, slots=True)
class Tuning:
    """What cross-validation found."""

    metric: str
    current: float
    """The weight as it is set."""
    best: float
    """The weight that is best on all queries together."""
    means: dict[float, float]
    """The mean of the metric at each weight, on all queries: what it looks like, not what it is worth."""
    chosen: tuple[float, ...]
    """The weight chosen for each fold on the others."""
    before: float
    """The mean at the current weight."""
    held_out: float
    """The mean on queries whose weight was chosen without them."""
    interval: Interval | None
    """Of ``held_out - before``, by groups; None for fewer than two."""
    p: float
    groups: int
    """How many groups of queries have nothing in common."""

    @property
    def accepted(self) -> bool:
        """Whether the best weight should replace the current one."""
        return self.best != self.current and not self.reason

    @property
    def reason(self) -> str:
        """Why the current weight should be kept; empty if it should not."""
        if self.groups < LEAST_GROUPS:
            return f"the queries form {self.groups} groups without a tool in common; tuning takes {LEAST_GROUPS}"
        if self.best == self.current:
            return "it is the best of those tried"
        if self.held_out <= self.before:
            return "weights chosen on some queries do not serve the others better"
        if self.p >= SIGNIFICANT:
            return f"the gain on held-out queries may be chance (p = {self.p:.3f}, below {SIGNIFICANT} was asked for)"
        return ""

    def to_json(self) -> dict[str, Any]:
        """Return the finding as a JSON object."""
        return {
            "setting": "search.meaning_weight",
            "metric": self.metric,
            "current": self.current,
            "best": self.best,
            "accepted": self.accepted,
            "reason": self.reason,
            "means": {f"{weight:g}": rounded(mean) for weight, mean in self.means.items()},
            "chosen": list(self.chosen),
            "before": rounded(self.before),
            "held_out": rounded(self.held_out),
            "interval": None if self.interval is None else self.interval.to_json(),
            "p": rounded(self.p),
            "groups": self.groups,
        }


async def tune(
    searcher_for: Callable[[float], Searcher],
    queries: Sequence[LabelledQuery],
    *,
    current: float,
    metric: str,
    on_progress: Callable[[int, int], None] | None = None,
) -> Tuning:
    """Try the weights of the grid on the answerable queries, and tell which to set, if any.

    Raises:
        Unavailable: a searcher cannot answer.
    """
    answerable = [query for query in queries if query.needs]
    weights = sorted({*GRID, current})
    rows: list[list[float]] = []
    for number, weight in enumerate(weights):

        def tell(done: int, total: int, before: int = number) -> None:
            if on_progress is not None:
                on_progress(before * total + done, total * len(weights))

        outcomes = await answer_all(searcher_for(weight), answerable, on_progress=tell)
        rows.append([outcome.scores[metric] for outcome in outcomes])
    return judge(np.asarray(rows, dtype=np.float64), weights, groups_of(answerable), current=current, metric=metric)


def judge(
    scores: NDArray[np.float64], weights: Sequence[float], groups: NDArray[np.intp], *, current: float, metric: str
) -> Tuning:
    """Cross-validate over scores that are known; ``scores`` has a row a weight and a column a query."""
    folds = folds_of(groups, FOLDS)
    now = weights.index(current)
    chosen = [_best(scores[:, folds != fold], weights, now) for fold in range(FOLDS)]
    held_out = scores[np.asarray(chosen)[folds], np.arange(scores.shape[1])]
    differences = held_out - scores[now]
    return Tuning(
        metric=metric,
        current=current,
        best=weights[_best(scores, weights, now)],
        means={weight: float(row.mean()) for weight, row in zip(weights, scores, strict=True)},
        chosen=tuple(weights[index] for index in chosen),
        before=float(scores[now].mean()),
        held_out=float(held_out.mean()),
        interval=grouped_interval(differences.tolist(), groups),
        p=randomization_test(np.bincount(groups, weights=differences).tolist()),
        groups=int(groups.max()) + 1,
    )


def _best(scores: NDArray[np.float64], weights: Sequence[float], now: int) -> int:
    """Return the row of the highest mean; of equals, the one nearest to the current weight."""
    means = scores.mean(axis=1) if scores.shape[1] else np.zeros(len(weights))
    equals = np.flatnonzero(means >= means.max() - _TIE)
    return min(map(int, equals), key=lambda row: abs(weights[row] - weights[now]))
