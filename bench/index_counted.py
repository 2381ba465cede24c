"""What is asked of an index, counted."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

import numpy as np

from bench.index_arm import Writes
from bench.index_tools import DIMENSION, Workload
from mcp_toolweaver.core.query import IndexEntry
from mcp_toolweaver.core.tools import ToolId
from mcp_toolweaver.index.engine import Engine, Point, PointId
from mcp_toolweaver.index.memory import MemoryIndex
from mcp_toolweaver.text.tool_text import passage

if TYPE_CHECKING:
    from mcp_toolweaver.core.query import Vector


class CountedMemoryIndex(MemoryIndex):
    """A `MemoryIndex` that counts the tools that it is told of."""

    def __init__(self, writes: Writes) -> None:
        super().__init__()
        self._writes = writes

    async def apply(self, upserts: Sequence[IndexEntry], deletes: Sequence[ToolId]) -> None:
        """See `ToolIndex.apply`."""
        await super().apply(upserts, deletes)
        self._writes.points += len(upserts)
        self._writes.removed += len(deletes)


class CountedEngine:
    """An `Engine` that counts the points that it writes and removes."""

    def __init__(self, inner: Engine, writes: Writes) -> None:
        self.is_shared = inner.is_shared
        self.search = inner.search
        self.points = inner.points
        self.vectors = inner.vectors
        self.read_view = inner.read_view
        self.write_view = inner.write_view
        self.settle = inner.settle
        self.describe = inner.describe
        self.discard = inner.discard
        self._inner = inner
        self._writes = writes

    async def write(self, points: Sequence[Point]) -> None:
        """See `Engine.write`."""
        await self._inner.write(points)
        self._writes.points += len(points)

    async def remove(self, ids: Collection[PointId]) -> None:
        """See `Engine.remove`."""
        await self._inner.remove(ids)
        self._writes.removed += len(ids)


class ReadyEmbedder:
    """An `Embedder` that has the vectors of a workload at hand, and one for all other texts."""

    space = "ready"
    query_space = "ready"

    def __init__(self, work: Workload) -> None:
        self.embedded = 0
        """How many texts were embedded so far."""
        self._vectors = dict(zip(map(passage, work.snapshot.tools.values()), work.vectors, strict=True))
        self._other = np.full(DIMENSION, DIMENSION**-0.5, dtype=np.float32)

    async def embed_queries(self, texts: Sequence[str]) -> Sequence[Vector]:
        """See `Embedder.embed_queries`."""
        return await self.embed_documents(texts)

    async def embed_documents(self, texts: Sequence[str]) -> Sequence[Vector]:
        """See `Embedder.embed_documents`."""
        self.embedded += len(texts)
        return [self._vectors.get(text, self._other) for text in texts]
