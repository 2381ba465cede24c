"""A short request of several needs: the best tool for each of them has a row.

A request such as "list the pods, create a ticket and send an email" is a plan, and a row for
each step is worth more than five for the first. In long requests most clauses are talk, so
nothing is done there; decision 9 has the numbers.
"""

from __future__ import annotations

from collections.abc import Sequence

from mcp_toolweaver.core.query import Hit
from mcp_toolweaver.core.tools import ToolId
from mcp_toolweaver.search.fusion import Lane

MOST_TERMS = 13
"""A request of more distinct terms than this is no plan but a story."""
LEAST_COSINE = 0.35
"""What the best tool for a part must reach, or the part is talk."""
_OWN_SHARE = 0.8
"""What a tool's score for the part counts for, beside its score for the whole."""
_BEHIND = 0.95
"""What the score of those that gave way is cut to, so that no rule about comparable rows brings them back."""


def best_of_parts(parts: Sequence[Lane], cosines: Sequence[Lane], scores: Lane, ids: Sequence[ToolId]) -> list[int]:
    """Return the candidate that serves each part best, each once, in the order of the parts.

    ``parts`` and ``cosines`` hold a lane a part, ``scores`` are those for the whole request; ties are settled by
    the identity.
    """
    if len(parts) < 2 or not scores:  # noqa: PLR2004  one part is the whole
        return []
    best = [(_best(lane, scores, ids), near) for lane, near in zip(parts, cosines, strict=True)]
    return list(dict.fromkeys(at for at, near in best if near[at] >= LEAST_COSINE))


def _best(lane: Lane, scores: Lane, ids: Sequence[ToolId]) -> int:
    mixed = [_OWN_SHARE * own + (1 - _OWN_SHARE) * whole for own, whole in zip(lane, scores, strict=True)]
    highest = max(mixed)
    return min((at for at, score in enumerate(mixed) if score == highest), key=lambda at: ids[at])


def with_a_row_each(hits: Sequence[Hit], wanted: Sequence[Hit], limit: int) -> list[Hit]:
    """Return the hits, best first, with the wanted ones among the first ``limit``.

    The first hit stays, and the last of the others give way; their scores follow their new places.
    """
    names = {hit.tool.id for hit in wanted}
    shown, rest = list(hits[:limit]), list(hits[limit:])
    missing = [hit for hit in wanted if hit.tool.id not in {each.tool.id for each in shown}]
    giving_way = [hit for hit in reversed(shown[1:]) if hit.tool.id not in names][: len(missing)]
    if not giving_way:
        return list(hits)
    gone, come = _ids(giving_way), missing[: len(giving_way)]
    kept = [hit for hit in shown if hit.tool.id not in gone]
    lowest = kept[-1].score
    newcomers = _ids(come)
    back = [hit for hit in (*shown, *rest) if hit.tool.id in gone] + [
        hit for hit in rest if hit.tool.id not in newcomers
    ]
    return [
        *kept,
        *(Hit(hit.tool, lowest) for hit in come),
        *(Hit(hit.tool, _BEHIND * min(hit.score, lowest)) for hit in back),
    ]


def _ids(hits: Sequence[Hit]) -> set[ToolId]:
    return {hit.tool.id for hit in hits}
