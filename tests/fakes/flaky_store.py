"""A store that is opened and left like a database, and is away when a test wants it to be."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import anyio

from mcp_toolweaver.core.interfaces import ToolIndex
from mcp_toolweaver.core.query import IndexEntry
from tests.fakes.flaky_index import FlakyIndex


class FlakyStore:
    """Opens always the same index, which outlives its connections."""

    def __init__(self) -> None:
        self.index = FlakyIndex()
        self.refusal: Exception | None = None
        """Raised instead of opening."""
        self.gate: anyio.Event | None = None
        """Opening waits for it."""
        self.leaving: anyio.Event | None = None
        """Leaving waits for it."""
        self.attempts = 0
        self.opened_by: list[int] = []
        self.left_by: list[int] = []

    @asynccontextmanager
    async def open(self) -> AsyncGenerator[ToolIndex]:
        """Connect; the task that does is noted, and again where it leaves."""
        self.attempts += 1
        await anyio.lowlevel.checkpoint()
        if self.gate is not None:
            await self.gate.wait()
        if self.refusal is not None:
            raise self.refusal
        self.opened_by.append(anyio.get_current_task().id)
        try:
            yield self.index
        finally:
            self.left_by.append(anyio.get_current_task().id)
            if self.leaving is not None:
                await self.leaving.wait()

    async def left_with(self, *entries: IndexEntry) -> FlakyStore:
        """Hold these from an earlier life."""
        await self.index.apply(entries, [])
        self.index.changes.clear()
        return self
