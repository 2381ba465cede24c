"""What the tests of a standby index have in common: a store, two tools, and ways to wait that end."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager

import anyio

from mcp_toolweaver.core.errors import Unavailable
from mcp_toolweaver.core.interfaces import ToolIndex
from mcp_toolweaver.core.query import IndexEntry
from mcp_toolweaver.core.tools import Tool
from mcp_toolweaver.resilience.patience import Patience
from mcp_toolweaver.resilience.standby import StandbyIndex
from mcp_toolweaver.resilience.standing import StoreState
from tests.contracts.asking import MODEL, asking
from tests.fakes.flaky_index import FlakyIndex
from tests.fakes.flaky_store import FlakyStore

GONE = Unavailable("store", "connection lost")
"""What a store that is taken away says."""
QUICK = Patience(query=0.02, closing=0.05, first_pause=0.001, longest_pause=0.01)
"""Late after 20 ms and open again at once, where a test is about that."""
CALM = Patience(first_pause=0.001, longest_pause=0.01, query=10.0)
"""Never late, however slow the machine, and open again at once."""


class Stand:
    """A standby index over a flaky store, with each index in memory that it made."""

    def __init__(
        self,
        store: FlakyStore | None = None,
        *,
        keep_memory: bool = True,
        patience: Patience = CALM,
        clock: Callable[[], float] | None = None,
    ) -> None:
        self.store = store or FlakyStore()
        self.memories: list[FlakyIndex] = []
        self.memory_gate: anyio.Event | None = None
        self.index = StandbyIndex(
            self.store.open,
            self._make_memory,
            keep_memory=keep_memory,
            patience=patience,
            clock=clock or anyio.current_time,
        )

    @asynccontextmanager
    async def running(self) -> AsyncGenerator[StandbyIndex]:
        """Run the owner's task meanwhile."""
        with anyio.fail_after(20):
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(self.index.run)
                yield self.index
                tasks.cancel_scope.cancel()

    async def becomes(self, state: StoreState) -> None:
        """Wait until the store is in this state."""
        while self.index.status().state is not state:
            await anyio.sleep(0.001)

    async def in_step(self, *entries: IndexEntry) -> None:
        """Let the store answer, over these."""
        await self.index.apply(entries, [])
        await self.becomes(StoreState.IN_STEP)

    async def outage(self) -> None:
        """Take the store away, and let a query meet that."""
        self.store.refusal = self.store.index.failure = GONE
        assert (await self.degraded("disk"))[1] == "index: connection lost; searched in memory instead"
        assert self.index.status().state is StoreState.AWAY

    async def recovery(self) -> None:
        """Bring the store back."""
        self.store.refusal = self.store.index.failure = None
        await self.becomes(StoreState.IN_STEP)

    async def names(self, text: str) -> set[str]:
        """Return what a question finds, which may not be flagged."""
        found = await self.index.query(asking(text))
        assert found.skipped == ()
        return {match.id.name for match in found.matches}

    async def degraded(self, text: str) -> tuple[set[str], str]:
        """Return what a question finds, and the flag that it must have."""
        found = await self.index.query(asking(text))
        (flag,) = found.skipped
        return {match.id.name for match in found.matches}, flag

    async def _make_memory(self) -> ToolIndex:
        self.memories.append(FlakyIndex())
        if self.memory_gate is not None:
            await self.memory_gate.wait()
        return self.memories[-1]


def embedded(*tools: Tool) -> list[IndexEntry]:
    """Return the tools with a vector for each."""
    return [IndexEntry(tool, MODEL.vector(tool.id.name)) for tool in tools]


def by_words(*tools: Tool) -> list[IndexEntry]:
    """Return the tools without vectors."""
    return [IndexEntry(tool) for tool in tools]
