"""Our lanes as Qdrant's queries, and their answers, which are believed only where they can be true."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from uuid import UUID

from qdrant_client import models

from mcp_toolweaver.index.engine import MEANING, Found, Lane, PointId, Sparse, Within
from mcp_toolweaver.index.payload import CATALOG, PLACES, SERVER
from mcp_toolweaver.index.qdrant.failures import Nonsense
from mcp_toolweaver.index.qdrant.records import to_sparse

_LEAST_EF = 128
"""How many neighbours a search of the graph keeps in sight, at least."""
_ABOVE_ONE = 1.001
"""What a cosine may be at most, in the arithmetic of 32 bits."""

_EXACT = models.SearchParams(exact=True, quantization=models.QuantizationSearchParams(ignore=True))
_RESCORED = models.QuantizationSearchParams(rescore=True, oversampling=2.0)


def is_empty(lane: Lane) -> bool:
    """Whether nothing can be found, so that there is nothing to ask."""
    asks_nothing = isinstance(lane.query, Sparse) and not len(lane.query.indices)
    return asks_nothing or lane.limit <= 0 or (lane.among is not None and not lane.among)


def to_query(lane: Lane, catalog: str, shard_keys: Sequence[str] | None, *, is_local: bool) -> models.QueryRequest:
    """Return the query of a lane; without ``shard_keys`` it goes to all shards."""
    vector = to_sparse(lane.query) if isinstance(lane.query, Sparse) else lane.query.tolist()
    return models.QueryRequest(
        query=models.NearestQuery(nearest=vector),
        using=lane.space,
        filter=_filter(lane, catalog),
        limit=lane.limit,
        params=None if is_local else _params(lane),
        with_payload=False,
        with_vector=False,
        shard_key=list(shard_keys) if shard_keys else None,
    )


def _params(lane: Lane) -> models.SearchParams | None:
    if isinstance(lane.query, Sparse):
        return None
    if lane.among is not None:
        return _EXACT
    return models.SearchParams(hnsw_ef=max(_LEAST_EF, lane.limit), quantization=_RESCORED)


def _filter(lane: Lane, catalog: str) -> models.Filter:
    must: list[models.Condition] = [is_of(catalog)]
    if lane.domain is not None:
        must.append(has(PLACES, lane.domain.casefold()))
    if lane.among is not None:
        must.append(among(lane.among))
    if lane.within is not None:
        must.append(_inside(lane.within))
    return models.Filter(must=must)


def _inside(part: Within) -> models.Filter:
    of_servers = models.FieldCondition(key=SERVER, match=models.MatchAny(any=sorted(part.servers)))
    return models.Filter(should=[of_servers, among(part.points)])


def is_of(catalog: str) -> models.FieldCondition:
    """Return the condition that every query for points of ours has."""
    return has(CATALOG, catalog)


def among(ids: Collection[PointId]) -> models.HasIdCondition:
    """Return the condition that a point is one of these."""
    return models.HasIdCondition(has_id=list[int | str | UUID](ids))


def has(field: str, value: str) -> models.FieldCondition:
    """Return the condition that a field has a value."""
    return models.FieldCondition(key=field, match=models.MatchValue(value=value))


def to_found(lane: Lane, points: Sequence[models.ScoredPoint], where: str) -> Found:
    """Return what a lane found; a point that two shards hold counts once.

    Raises:
        Unavailable: it is not an answer to the lane.
    """
    if len(points) > lane.limit:
        raise Nonsense(where, f"{len(points)} points where {lane.limit} were asked for")
    scores: dict[PointId, float] = {}
    for point in points:
        if not isinstance(point.id, int) or not _is_score(point.score, lane):
            raise Nonsense(where, f"point {point.id} with a score of {point.score} for {lane.space}")
        scores[point.id] = max(point.score, scores.get(point.id, -math.inf))
    kept = scores.items() if lane.space == MEANING else ((id_, score) for id_, score in scores.items() if score > 0)
    return sorted(kept, key=lambda found: (-found[1], found[0]))


def _is_score(score: float, lane: Lane) -> bool:
    return math.isfinite(score) and (lane.space != MEANING or abs(score) <= _ABOVE_ONE)
