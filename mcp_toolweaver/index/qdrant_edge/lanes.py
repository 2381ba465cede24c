"""Our lanes as the engine's queries, and its answers, which are believed only where they can be true."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import qdrant_edge as qe

from mcp_toolweaver.core.errors import Unavailable
from mcp_toolweaver.index.engine import MEANING, Found, Lane, Sparse, Within
from mcp_toolweaver.index.payload import PLACES, SERVER
from mcp_toolweaver.index.qdrant_edge.folder import PART
from mcp_toolweaver.index.qdrant_edge.records import to_sparse

_LEAST_EF = 128
"""How many neighbours a search of the graph keeps in sight, at least."""
_OVERSAMPLING = 2.0
"""How many times the limit is found by 8-bit vectors, where there are such, before the whole ones decide."""
_ABOVE_ONE = 1.001
"""What a cosine may be at most, in the arithmetic of 32 bits."""


def can_find(lane: Lane) -> bool:
    """Whether anything could be found, so that it is worth asking."""
    asks_nothing = isinstance(lane.query, Sparse) and not len(lane.query.indices)
    return lane.limit > 0 and not asks_nothing and (lane.among is None or len(lane.among) > 0)


def to_request(lane: Lane) -> qe.QueryRequest:
    """Return the query of a lane."""
    conditions: list[Any] = []
    if lane.domain is not None:
        conditions.append(qe.FieldCondition(PLACES, match=qe.MatchValue(lane.domain.casefold())))
    if lane.among is not None:
        conditions.append(qe.HasIdCondition(set(lane.among)))
    if lane.within is not None:
        conditions.append(_inside(lane.within))
    query = to_sparse(lane.query) if isinstance(lane.query, Sparse) else lane.query.tolist()
    return qe.QueryRequest(
        lane.limit,
        query=qe.Query.Nearest(query, using=lane.space),
        filter=qe.Filter(must=conditions) if conditions else None,
        params=_params(lane) if lane.space == MEANING else None,
    )


def _inside(part: Within) -> qe.Filter:
    of_servers = qe.FieldCondition(SERVER, match=qe.MatchAny(sorted(part.servers)))
    return qe.Filter(should=[of_servers, qe.HasIdCondition(set(part.points))])


def _params(lane: Lane) -> qe.SearchParams:
    """Return how to search: scores are those of the whole vectors, whatever the search goes by."""
    if lane.among is not None:
        return qe.SearchParams(exact=True, quantization=qe.QuantizationSearchParams(ignore=True))
    rescored = qe.QuantizationSearchParams(rescore=True, oversampling=_OVERSAMPLING)
    return qe.SearchParams(hnsw_ef=max(_LEAST_EF, lane.limit), quantization=rescored)


def to_found(lane: Lane, points: Sequence[qe.ScoredPoint]) -> Found:
    """Return what a lane found.

    Raises:
        Unavailable: it is not an answer to the lane.
    """
    found = [(int(point.id), point.score) for point in points]
    if not math.isfinite(math.fsum(score for _, score in found)):
        raise Unavailable(PART, "the engine answers with scores that are not numbers")
    if lane.space != MEANING:
        return [(point, score) for point, score in found if score > 0]
    if found and max(abs(found[0][1]), abs(found[-1][1])) > _ABOVE_ONE:  # the best and the worst
        raise Unavailable(PART, "the engine answers with cosines above 1")
    return found
