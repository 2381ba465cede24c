"""An embedder without a model."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import TYPE_CHECKING

import anyio.lowlevel
import numpy as np

from mcp_toolweaver.core.errors import Unavailable

if TYPE_CHECKING:
    from mcp_toolweaver.core.query import Vector


class FakeEmbedder:
    """Gives each text a unit vector of its own, the same in every run, and remembers the texts."""

    def __init__(self, space: str = "fake", dimension: int = 8) -> None:
        self.space = space
        self.query_space = f"{space}-query"
        self.dimension = dimension
        self.batches: list[list[str]] = []
        self.calls_before_away: int | None = None
        """After so many more calls the model is away; None for never."""

    @property
    def texts(self) -> list[str]:
        """Every text that was embedded, in order."""
        return [text for batch in self.batches for text in batch]

    async def embed_queries(self, texts: Sequence[str]) -> Sequence[Vector]:
        return await self.embed_documents(texts)

    async def embed_documents(self, texts: Sequence[str]) -> Sequence[Vector]:
        await anyio.lowlevel.checkpoint()
        if self.calls_before_away is not None:
            if self.calls_before_away == 0:
                raise Unavailable("fake model", "gone")
            self.calls_before_away -= 1
        self.batches.append(list(texts))
        return [self.vector(text) for text in texts]

    def vector(self, text: str) -> Vector:
        """Return the vector of a text without counting as a call."""
        seed = int.from_bytes(hashlib.sha256(f"{self.space}\0{text}".encode(errors="replace")).digest()[:8], "big")
        raw = np.random.default_rng(seed).normal(size=self.dimension)
        return np.asarray(raw / np.linalg.norm(raw), dtype=np.float32)
