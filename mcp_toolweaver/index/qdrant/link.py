"""A client, who is at its other end, and how long to wait for an answer."""

from __future__ import annotations

from collections.abc import Awaitable
from dataclasses import dataclass
from typing import TypeVar

from qdrant_client import AsyncQdrantClient

from mcp_toolweaver.index.qdrant.failures import asking
from mcp_toolweaver.index.qdrant.options import Deadlines

AnswerT = TypeVar("AnswerT")


@dataclass(frozen=True, slots=True)
class Link:
    """A connection, or the client's own engine in memory."""

    client: AsyncQdrantClient
    where: str
    """The host and the port."""
    is_local: bool
    """Whether it is the client's own engine: exact, and without payload indexes, shards or search parameters."""
    deadlines: Deadlines

    async def search(self, answer: Awaitable[AnswerT]) -> AnswerT:
        """Wait for the answer to a question.

        Raises:
            Unavailable: see `asking`.
        """
        async with asking(self.where, self.deadlines.search):
            return await answer

    async def ask(self, answer: Awaitable[AnswerT]) -> AnswerT:
        """Wait for anything else.

        Raises:
            Unavailable: see `asking`.
        """
        async with asking(self.where, self.deadlines.other):
            return await answer
