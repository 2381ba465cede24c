"""What indexes are compared with: hybrid search as it is commonly put together from two libraries.

Words split at spaces are scored by rank-bm25's ``get_scores``, meaning by qdrant-client's local mode
(``:memory:``); reciprocal ranks (k = 60) of the first thirty of each give ten tools with their payload.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from qdrant_client import QdrantClient, models
from rank_bm25 import BM25Okapi

from bench.index_arm import Answer, payload_of
from bench.index_local import within
from bench.index_tools import DIMENSION, Asked
from mcp_toolweaver.core.query import IndexEntry
from mcp_toolweaver.core.tools import Tool
from mcp_toolweaver.text.tool_text import passage

CANDIDATES = 30
SHOWN = 10
RANK_CONSTANT = 60
_BATCH = 1_000


class SeedsArm:
    """The pipeline; see above."""

    def __init__(self) -> None:
        self._client = QdrantClient(":memory:")
        self._words: Any = None
        self._tools: list[Tool] = []
        self._homes: NDArray[np.str_] = np.empty((0, 2), dtype=np.str_)

    async def fill(self, entries: Sequence[IndexEntry]) -> None:
        """See `Arm.fill`."""
        self._tools = [entry.tool for entry in entries]
        self._homes = np.asarray([(tool.domain, tool.id.server) for tool in self._tools], dtype=np.str_)
        self._words = BM25Okapi([passage(tool).lower().split() for tool in self._tools])
        space = models.VectorParams(size=DIMENSION, distance=models.Distance.COSINE)
        self._client.create_collection("tools", vectors_config=space)
        for start in range(0, len(entries), _BATCH):
            self._client.upsert(
                "tools", [_point(at, entry) for at, entry in enumerate(entries[start : start + _BATCH], start)]
            )

    async def settle(self) -> None:
        """See `Arm.settle`; there is nothing to do."""

    async def ask(self, asked: Asked) -> Answer:
        """See `Arm.ask`."""
        started = time.perf_counter()
        scores: defaultdict[int, float] = defaultdict(float)
        for lane in (self._by_words(asked), self._by_meaning(asked)):
            for rank, at in enumerate(lane, start=1):
                scores[at] += 1 / (RANK_CONSTANT + rank)
        best = sorted(scores, key=lambda at: -scores[at])[:SHOWN]
        return Answer(tuple(self._tools[at].id for at in best), time.perf_counter() - started)

    def _by_words(self, asked: Asked) -> list[int]:
        scores = np.asarray(self._words.get_scores(asked.request.text.lower().split()))
        if asked.query.domain is not None:
            scores = np.where((self._homes == asked.query.domain).any(axis=1), scores, 0.0)
        best: list[int] = np.argsort(-scores)[:CANDIDATES].tolist()
        return [at for at in best if scores[at] > 0]

    def _by_meaning(self, asked: Asked) -> list[int]:
        [vector] = (probe.vector for probe in asked.query.probes)
        assert vector is not None
        home = within(asked.query.domain)
        found = self._client.query_points("tools", vector.tolist(), query_filter=home, limit=CANDIDATES)
        return [int(point.id) for point in found.points]


def _point(at: int, entry: IndexEntry) -> models.PointStruct:
    assert entry.vector is not None
    return models.PointStruct(id=at, vector=entry.vector.tolist(), payload=payload_of(entry.tool))
