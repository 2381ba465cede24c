"""An embedder that breaks its promise."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from tests.fakes.embedder import FakeEmbedder

if TYPE_CHECKING:
    from mcp_toolweaver.core.query import Vector


class ShortEmbedder(FakeEmbedder):
    """Returns one vector less than it was given texts."""

    async def embed_documents(self, texts: Sequence[str]) -> Sequence[Vector]:
        return (await super().embed_documents(texts))[:-1]
