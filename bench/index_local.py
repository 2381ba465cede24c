"""What indexes are compared with: qdrant-client's local mode by itself, which searches in Python.

One request fetches thirty points by meaning and thirty by words from ``:memory:``, fuses them by
reciprocal ranks and returns ten with their payload.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping, Sequence
from zlib import crc32

from qdrant_client import QdrantClient, models

from bench.index_arm import Answer, payload_of
from bench.index_tools import DIMENSION, Asked
from mcp_toolweaver.core.query import IndexEntry
from mcp_toolweaver.core.tools import ToolId
from mcp_toolweaver.text.tool_text import search_terms

CANDIDATES = 30
SHOWN = 10
_BATCH = 1_000
_K1 = 1.4


class LocalModeArm:
    """Local mode with both lanes; see above."""

    def __init__(self) -> None:
        self._client = QdrantClient(":memory:")
        self._client.create_collection(
            "tools",
            vectors_config={"meaning": models.VectorParams(size=DIMENSION, distance=models.Distance.COSINE)},
            sparse_vectors_config={"words": models.SparseVectorParams(modifier=models.Modifier.IDF)},
        )

    async def fill(self, entries: Sequence[IndexEntry]) -> None:
        """See `Arm.fill`."""
        for start in range(0, len(entries), _BATCH):
            batch = enumerate(entries[start : start + _BATCH], start)
            self._client.upsert("tools", [_point(at, entry) for at, entry in batch])

    async def settle(self) -> None:
        """See `Arm.settle`; there is nothing to do."""

    async def ask(self, asked: Asked) -> Answer:
        """See `Arm.ask`."""
        started = time.perf_counter()
        [probe] = asked.query.probes
        assert probe.vector is not None
        words = _sparse(dict.fromkeys(probe.terms, 1.0))
        lanes = {"meaning": probe.vector.tolist(), "words": words}
        home = within(asked.query.domain)
        found = self._client.query_points(
            "tools",
            prefetch=[
                models.Prefetch(query=query, using=name, limit=CANDIDATES, filter=home) for name, query in lanes.items()
            ],
            query=models.FusionQuery(fusion=models.Fusion.RRF),
            limit=SHOWN,
        )
        payloads = [point.payload or {} for point in found.points]
        tools = tuple(ToolId(payload["server"], payload["name"]) for payload in payloads)
        return Answer(tools, time.perf_counter() - started)


def within(domain: str | None) -> models.Filter | None:
    """Return the condition for tools of a domain or server."""
    if domain is None:
        return None
    same = models.MatchValue(value=domain)
    return models.Filter(should=[models.FieldCondition(key=key, match=same) for key in ("domain", "server")])


def _point(at: int, entry: IndexEntry) -> models.PointStruct:
    assert entry.vector is not None
    words = {term: (_K1 + 1) * times / (_K1 + times) for term, times in Counter(search_terms(entry.tool)).items()}
    vectors: dict[str, models.Vector] = {"meaning": entry.vector.tolist(), "words": _sparse(words)}
    return models.PointStruct(id=at, vector=vectors, payload=payload_of(entry.tool))


def _sparse(values: Mapping[str, float]) -> models.SparseVector:
    dimensions = {crc32(term.encode()): value for term, value in values.items()}
    return models.SparseVector(indices=list(dimensions), values=list(dimensions.values()))
