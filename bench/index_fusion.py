"""What indexes are compared with: Qdrant's engine in the process, fusing its own two lanes.

One request fetches thirty points by meaning and thirty by words (BM25 saturation, with Qdrant's own
inverse document frequency), fuses them by reciprocal ranks (k = 60) and returns ten with their payload.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from zlib import crc32

from qdrant_edge import (
    Distance,
    EdgeConfig,
    EdgeShard,
    EdgeSparseVectorParams,
    EdgeVectorParams,
    FieldCondition,
    Filter,
    Fusion,
    KeywordIndexParams,
    MatchValue,
    Modifier,
    PayloadSchemaType,
    Point,
    Prefetch,
    Query,
    QueryRequest,
    SparseVector,
    UpdateOperation,
)

from bench.index_arm import Answer, payload_of
from bench.index_tools import DIMENSION, Asked
from mcp_toolweaver.core.query import IndexEntry
from mcp_toolweaver.core.tools import ToolId
from mcp_toolweaver.text.tool_text import search_terms

CANDIDATES = 30
SHOWN = 10
RANK_CONSTANT = 60
_BATCH = 1_000
_K1 = 1.4
_FUSED: Any = Fusion.Rrf(k=RANK_CONSTANT)  # the library's stubs do not say that it is a query


class FusionArm:
    """The engine by itself; see above."""

    def __init__(self, folder: Path) -> None:
        """Keep the shard in an empty folder."""
        config = EdgeConfig(
            vectors={"meaning": EdgeVectorParams(size=DIMENSION, distance=Distance.Cosine)},
            sparse_vectors={"words": EdgeSparseVectorParams(modifier=Modifier.Idf)},
        )
        self._shard = EdgeShard.create(str(folder), config)
        self._shard.update(UpdateOperation.create_field_index("domain", KeywordIndexParams(is_tenant=True)))
        self._shard.update(UpdateOperation.create_field_index("server", PayloadSchemaType.Keyword))

    async def fill(self, entries: Sequence[IndexEntry]) -> None:
        """See `Arm.fill`."""
        for start in range(0, len(entries), _BATCH):
            points = [_point(at, entry) for at, entry in enumerate(entries[start : start + _BATCH], start)]
            self._shard.update(UpdateOperation.upsert_points(points))

    async def settle(self) -> None:
        """See `Arm.settle`."""
        self._shard.optimize()

    async def ask(self, asked: Asked) -> Answer:
        """See `Arm.ask`."""
        started = time.perf_counter()
        [probe] = asked.query.probes
        assert probe.vector is not None
        within = _within(asked.query.domain)
        by_meaning = Query.Nearest(probe.vector.tolist(), using="meaning")
        by_words = Query.Nearest(_sparse(dict.fromkeys(probe.terms, 1.0)), using="words")
        found = self._shard.query(
            QueryRequest(
                limit=SHOWN,
                query=_FUSED,
                prefetches=[Prefetch(CANDIDATES, lane, filter=within) for lane in (by_meaning, by_words)],
                with_payload=True,
            )
        )
        payloads = [point.payload or {} for point in found]
        tools = tuple(ToolId(payload["server"], payload["name"]) for payload in payloads)
        return Answer(tools, time.perf_counter() - started)


def _point(at: int, entry: IndexEntry) -> Point:
    assert entry.vector is not None
    words = {term: (_K1 + 1) * times / (_K1 + times) for term, times in Counter(search_terms(entry.tool)).items()}
    return Point(at, {"meaning": entry.vector.tolist(), "words": _sparse(words)}, payload_of(entry.tool))


def _sparse(values: dict[str, float]) -> SparseVector:
    dimensions = {crc32(term.encode()): value for term, value in values.items()}
    return SparseVector(list(dimensions), list(dimensions.values()))


def _within(domain: str | None) -> Filter | None:
    if domain is None:
        return None
    return Filter(should=[FieldCondition(key, MatchValue(domain)) for key in ("domain", "server")])
