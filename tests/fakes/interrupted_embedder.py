"""An embedder during whose work something else happens."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING

from tests.fakes.embedder import FakeEmbedder

if TYPE_CHECKING:
    from mcp_toolweaver.core.query import Vector


class InterruptedEmbedder(FakeEmbedder):
    """Runs ``interrupt`` once, while it embeds the given batch (counted from 0)."""

    def __init__(self, *, batch: int = 0) -> None:
        super().__init__()
        self._batch = batch
        self.interrupt: Callable[[], Awaitable[None]] | None = None

    async def embed_documents(self, texts: Sequence[str]) -> Sequence[Vector]:
        if self.interrupt is not None and len(self.batches) == self._batch:
            await self.interrupt()
        return await super().embed_documents(texts)
