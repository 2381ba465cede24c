"""A model that is loaded when a test lets it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import anyio
import anyio.lowlevel

from mcp_toolweaver.core.errors import Unavailable, Warming
from tests.fakes.embedder import FakeEmbedder

if TYPE_CHECKING:
    from mcp_toolweaver.core.query import Vector


class LateModel(FakeEmbedder):
    """Fails as often as there are failures, waits for its gate, and then embeds like its parent."""

    label = ""

    def __init__(self, *failures: Unavailable, retry_after: float | None = None) -> None:
        super().__init__()
        self.failures = list(failures)
        self.retry_after: float | None = retry_after
        self.gate: anyio.Event | None = None
        """What loading waits for."""
        self.is_loaded = False
        self.loads = 0
        self.away: Unavailable | None = Warming("fake model", "30 of 90 MB")
        self.broken: Unavailable | None = None
        """Raised instead of embedding documents."""

    async def load(self) -> None:
        await anyio.lowlevel.checkpoint()
        if self.is_loaded:
            return
        self.loads += 1
        if self.gate is not None:
            await self.gate.wait()
        self.away = self.failures.pop(0) if self.failures else None
        self.is_loaded = self.away is None

    async def embed_documents(self, texts: Sequence[str]) -> Sequence[Vector]:
        if self.broken is not None:
            raise self.broken
        return await super().embed_documents(texts)
