"""An index in a store that may be away, and one in memory that answers then."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace

from mcp_toolweaver.core.errors import DeadlineExceeded, Unavailable
from mcp_toolweaver.core.interfaces import ToolIndex
from mcp_toolweaver.core.query import Candidates, IndexEntry, IndexQuery
from mcp_toolweaver.core.tools import ToolId
from mcp_toolweaver.resilience.guard import Guard
from mcp_toolweaver.resilience.keeper import Keeper, OpenStore
from mcp_toolweaver.resilience.patience import Patience
from mcp_toolweaver.resilience.spare import Spare
from mcp_toolweaver.resilience.standing import StandbyStatus, StoreState


class StandbyIndex:
    """A `ToolIndex` that never fails: the store answers while it holds what was applied last, memory does else."""

    def __init__(
        self,
        open_store: OpenStore,
        make_memory: Callable[[], Awaitable[ToolIndex]],
        *,
        keep_memory: bool,
        patience: Patience | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Use the store that ``open_store`` opens once `run` is started.

        With ``keep_memory`` the index in memory follows every change. Without, it is let go while the store
        is in step; of each tool a reference stays, and should the store fail, memory finds it by its words
        until its vector is applied again (see `without_vector`).
        """
        self._patience = patience or Patience()
        self._keeps_memory = keep_memory
        self._spare = Spare(make_memory, is_kept=keep_memory)
        self._keeper = Keeper(open_store, self._spare, patience=self._patience, clock=clock)

    async def run(self) -> None:
        """Open the store, keep it in step and open it again when it fails, until cancelled; it is left here too."""
        await self._keeper.run()

    def status(self) -> StandbyStatus:
        """Return how the store stands, and who answers."""
        return self._keeper.standing.status()

    async def wait_switched(self) -> None:
        """Return when another index answers than now, so that other tools may be without a vector."""
        await self._keeper.wait_switched()

    async def wait_settled(self) -> None:
        """Return when the store answers, or is known to be away."""
        while self.status().state in {StoreState.OPENING, StoreState.BEHIND}:
            await self.wait_switched()

    async def query(self, query: IndexQuery) -> Candidates:
        """See `ToolIndex.query`; an answer that the store should have given says so."""
        while True:
            guard, late = self._keeper.answering, ""
            if guard is not None:
                try:
                    return await self._query_store(guard, query)
                except Unavailable as away:
                    late = away.reason
            memory = await self._keeper.memory_unless_in_step(guard)
            if memory is not None:
                return _noting(await memory.query(query), late or self._keeper.standing.excuse)

    async def unembedded(self) -> int:
        """See `ToolIndex.unembedded`."""
        if self._keeper.answering is not None:
            with suppress(Unavailable):
                return await self._keeper.answering.ask(lambda store: store.unembedded())
        return len(self._spare.applied.bare)

    async def digests(self) -> Mapping[ToolId, str]:
        """Return the digest of each tool that was applied since the start.

        What the store held before is not among them: the first change makes it hold exactly these,
        and writes only what differs.
        """
        return self._spare.applied.digests

    async def without_vector(self) -> Collection[ToolId]:
        """Return the applied tools whose vector is wanted: by memory, if it is kept or answers, or by the store."""
        applied = self._spare.applied
        if self._keeper.answering is not None and not self._keeps_memory:
            with suppress(Unavailable):
                bare = await self._keeper.answering.ask(lambda store: store.without_vector())
                return [id_ for id_ in bare if id_ in applied.entries]
        return applied.bare

    async def apply(self, upserts: Sequence[IndexEntry], deletes: Sequence[ToolId]) -> None:
        """See `ToolIndex.apply`; a store that is away or fails catches up when it is back."""
        await self._keeper.apply(upserts, deletes)

    async def _query_store(self, guard: Guard, query: IndexQuery) -> Candidates:
        """Ask the store; once more if it is late and nothing is in memory, which would take longer to make."""
        try:
            return await guard.query(query, deadline=self._patience.query)
        except DeadlineExceeded:
            if self._spare.is_ready or guard.has_failed:
                raise
        return await guard.query(query, deadline=self._patience.query)


def _noting(found: Candidates, excuse: str | None) -> Candidates:
    if excuse is None:
        return found
    return replace(found, skipped=(*found.skipped, f"index: {excuse}; searched in memory instead"))
