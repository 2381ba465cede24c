"""From an index's candidates to the answer: fuse the lanes, order, judge."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from mcp_toolweaver.core.query import Hit, IndexQuery, Match, SearchRequest, SearchResult, Tier
from mcp_toolweaver.core.tools import Snapshot
from mcp_toolweaver.search.confidence import judge
from mcp_toolweaver.search.fusion import reciprocal_rank_fusion
from mcp_toolweaver.text.tokenize import tokenize

CANDIDATES = 50
"""How many candidates each lane brings to the fusion, at least."""


def index_query(request: SearchRequest) -> IndexQuery:
    """Return the question to the index, by words."""
    terms = tuple(tokenize(request.text))
    return IndexQuery(terms=terms, limit=max(CANDIDATES, request.limit), domain=request.domain)


def rank(
    matches: Sequence[Match], snapshot: Snapshot, limit: int, *, tier: Tier, skipped: tuple[str, ...] = ()
) -> SearchResult:
    """Fuse the lanes and return the best hits; candidates that left the catalog are dropped."""
    present = [match for match in matches if match.id in snapshot.tools]
    lanes = [_lane(present, lambda match: match.lexical), _lane(present, lambda match: match.dense)]
    scores = reciprocal_rank_fusion(lanes)
    best = sorted(present, key=lambda match: (-scores.get(match.id, 0.0), match.id))[:limit]
    confidence = judge(present)
    hits = (
        ()
        if confidence == "none"
        else tuple(Hit(snapshot.tools[match.id], scores.get(match.id, 0.0)) for match in best)
    )
    return SearchResult(hits=hits, confidence=confidence, tier=tier, skipped=skipped)


def _lane(matches: Sequence[Match], score: Callable[[Match], float | None]) -> list[object]:
    scored = [(value, match.id) for match in matches if (value := score(match)) is not None]
    return [id_ for _value, id_ in sorted(scored, key=lambda pair: (-pair[0], pair[1]))]
