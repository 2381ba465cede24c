"""Several rankings into one."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from typing import TypeVar

ItemT = TypeVar("ItemT", bound=Hashable)

RANK_CONSTANT = 10


def reciprocal_rank_fusion(rankings: Iterable[Sequence[ItemT]], *, constant: int = RANK_CONSTANT) -> dict[ItemT, float]:
    """Score each item by the sum of ``1 / (constant + rank)`` over the rankings, ranks from 1.

    Source: Cormack, Clarke and Büttcher, "Reciprocal Rank Fusion outperforms Condorcet and
    individual Rank Learning Methods", SIGIR 2009.
    """
    scores: dict[ItemT, float] = {}
    for ranking in rankings:
        for rank, item in enumerate(ranking, start=1):
            scores[item] = scores.get(item, 0.0) + 1 / (constant + rank)
    return scores
