"""An embedder that a test can stop in the middle of its work."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import anyio

from tests.fakes.embedder import FakeEmbedder

if TYPE_CHECKING:
    from mcp_toolweaver.core.query import Vector


class GatedEmbedder(FakeEmbedder):
    """Says when it has been asked, and answers once the test opens the gate."""

    def __init__(self) -> None:
        super().__init__()
        self.asked = anyio.Event()
        self.gate = anyio.Event()

    async def embed_documents(self, texts: Sequence[str]) -> Sequence[Vector]:
        self.asked.set()
        await self.gate.wait()
        return await super().embed_documents(texts)
