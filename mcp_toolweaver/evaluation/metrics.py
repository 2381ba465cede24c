"""What a ranking of tools is worth, between 0 and 1. Pure functions.

A query has *needs*; each need has *alternatives*, the tools that serve it equally well, and is
*covered* by a ranking that holds one of them. Every metric takes the ranking, best tool first,
and the needs. A query without needs has no right ranking: its metrics are 0, and means should
leave it out.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import TypeAlias

from mcp_toolweaver.core.tools import ToolId

Need: TypeAlias = Sequence[str]
Metric: TypeAlias = Callable[[Sequence[ToolId], Sequence[Need]], float]


def satisfies(tool: ToolId, need: Need) -> bool:
    """Tell whether an alternative of the need is the tool's ``server::name`` or its plain name."""
    return str(tool) in need or tool.name in need


def recall(ranked: Sequence[ToolId], needs: Sequence[Need], k: int) -> float:
    """Return the share of the needs that the first ``k`` tools cover.

    ``recall@k = |{n in needs: one of ranked[1..k] satisfies n}| / |needs|``
    """
    met = len(needs) - len(unmet_needs(ranked[:k], needs))
    return met / len(needs) if needs else 0.0


def hit_at(ranked: Sequence[ToolId], needs: Sequence[Need], k: int) -> float:
    """Return 1 if one of the first ``k`` tools satisfies any need, else 0 (also called success@k)."""
    return 1.0 if best_rank(ranked[:k], needs) else 0.0


def reciprocal_rank(ranked: Sequence[ToolId], needs: Sequence[Need]) -> float:
    """Return ``1 / rank`` of the first tool that satisfies any need, 0 if none does.

    Its mean over queries is the mean reciprocal rank, MRR (Voorhees 1999, "The TREC-8 Question
    Answering Track Report").
    """
    rank = best_rank(ranked, needs)
    return 1 / rank if rank else 0.0


def ndcg(ranked: Sequence[ToolId], needs: Sequence[Need], k: int = 10) -> float:
    """Return the normalized discounted cumulative gain of the first ``k`` tools.

    ``nDCG@k = DCG@k / IDCG@k``, ``DCG@k = sum over ranks i = 1..k of gain(i) / log2(1 + i)``

    (Järvelin & Kekäläinen 2002, "Cumulated Gain-Based Evaluation of IR Techniques"; the discount
    ``log2(1 + i)`` is the form of Burges et al. 2005, which also discounts rank 2.) The gain of a
    tool is 1 if it covers a need that no tool before it covered, else 0: a second alternative of
    a need adds nothing. The ideal has a gain of 1 at each of its first ``min(needs, k)`` ranks.

    A tool that covers several needs at once gains 1, not more, and these needs count as one in
    the ideal, too. So the metric stays within 0 and 1, and who meets two needs with one tool
    does not score below who needs two tools for it.
    """
    gaining, unmet = _gaining_ranks(ranked[:k], needs)
    ideal = min(len(gaining) + len(unmet), k)
    return _dcg(gaining) / _dcg(range(1, ideal + 1)) if gaining else 0.0


def best_rank(ranked: Sequence[ToolId], needs: Sequence[Need]) -> int | None:
    """Return the rank, from 1, of the first tool that satisfies any need; None if none does."""
    ranks = (rank for rank, tool in enumerate(ranked, start=1) if any(satisfies(tool, need) for need in needs))
    return next(ranks, None)


def unmet_needs(ranked: Sequence[ToolId], needs: Sequence[Need]) -> list[Need]:
    """Return the needs that no tool of the ranking satisfies."""
    return [need for need in needs if not any(satisfies(tool, need) for tool in ranked)]


def _gaining_ranks(ranked: Sequence[ToolId], needs: Sequence[Need]) -> tuple[list[int], list[Need]]:
    """Return the ranks that cover a need not covered before, and the needs left over."""
    unmet = list(needs)
    gaining: list[int] = []
    for rank, tool in enumerate(ranked, start=1):
        left = [need for need in unmet if not satisfies(tool, need)]
        if len(left) < len(unmet):
            gaining.append(rank)
        unmet = left
    return gaining, unmet


def _dcg(gaining_ranks: Iterable[int]) -> float:
    return sum(1 / math.log2(1 + rank) for rank in gaining_ranks)


METRICS: Mapping[str, Metric] = MappingProxyType(
    {
        "recall@1": lambda ranked, needs: recall(ranked, needs, 1),
        "recall@3": lambda ranked, needs: recall(ranked, needs, 3),
        "recall@5": lambda ranked, needs: recall(ranked, needs, 5),
        "recall@10": lambda ranked, needs: recall(ranked, needs, 10),
        "nDCG@10": lambda ranked, needs: ndcg(ranked, needs, 10),
        "MRR": reciprocal_rank,
        "hit@1": lambda ranked, needs: hit_at(ranked, needs, 1),
    }
)
"""The metrics of a report by name."""
