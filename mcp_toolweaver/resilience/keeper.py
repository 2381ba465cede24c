"""Opens a store, brings it in step with what was applied, and opens it again when it fails."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from typing import TypeAlias

import anyio

from mcp_toolweaver.core.errors import DeadlineExceeded, Unavailable
from mcp_toolweaver.core.interfaces import ToolIndex
from mcp_toolweaver.core.query import IndexEntry
from mcp_toolweaver.core.tools import ToolId
from mcp_toolweaver.resilience.applied import Applied, Change
from mcp_toolweaver.resilience.backoff import Backoff
from mcp_toolweaver.resilience.guard import Guard, all_unavailable
from mcp_toolweaver.resilience.patience import Patience
from mcp_toolweaver.resilience.spare import Spare
from mcp_toolweaver.resilience.standing import Standing

OpenStore: TypeAlias = Callable[[], AbstractAsyncContextManager[ToolIndex]]
"""Connects to the store and verifies what it holds; raises `Unavailable`, or `InUse` if another process has it."""

_ROUNDS = 3
"""How often a store catches up with what is applied meanwhile before changes have to wait for it."""


class Keeper:
    """Owns the store: its one task enters and leaves it, and decides when it may answer."""

    def __init__(self, open_store: OpenStore, spare: Spare, *, patience: Patience, clock: Callable[[], float]) -> None:
        """Keep the store that ``open_store`` opens in step with what ``spare`` holds."""
        self._open_store = open_store
        self._spare = spare
        self._patience = patience
        self._clock = clock
        self.standing = Standing(grace=patience.grace, clock=clock)
        self.answering: Guard | None = None
        """The store, while it holds exactly what was applied last."""
        self._is_untouched = True
        self._changing = anyio.Lock()
        self._switched = anyio.Event()
        self._called = anyio.Event()

    async def run(self) -> None:
        """Hold the store whenever it can be opened, until cancelled."""
        backoff = Backoff(self._patience.first_pause, self._patience.longest_pause)
        try:
            async with anyio.create_task_group() as tasks:
                while True:
                    opened = self._clock()
                    await self._hold()
                    tasks.start_soon(self.memory_unless_in_step, None)  # a query that makes it may be cancelled
                    await anyio.sleep(backoff.pause(lasted=self._clock() - opened))
        finally:
            self.standing.note_closed()

    async def wait_switched(self) -> None:
        """Return when the store starts or stops answering."""
        await self._switched.wait()

    async def memory_unless_in_step(self, refused: Guard | None) -> ToolIndex | None:
        """Return the index in memory, or None if it must be made first and a store is in step before.

        That store may not be the one that refused just now.
        """
        if self._spare.is_ready:
            return await self._spare.index()
        memory: ToolIndex | None = None
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self._cancel_in_step, tasks.cancel_scope, refused)
            memory = await self._spare.index()
            tasks.cancel_scope.cancel()
        return memory

    async def _cancel_in_step(self, scope: anyio.CancelScope, refused: Guard | None) -> None:
        while self.answering is None or self.answering is refused:
            await self._switched.wait()
        scope.cancel()

    async def apply(self, upserts: Sequence[IndexEntry], deletes: Sequence[ToolId]) -> None:
        """Make a change searchable, in the store if it is in step, else it catches up."""
        async with self._changing:
            before = self._spare.applied
            await self._spare.change(before.changed(upserts, deletes))
            is_first = self._is_untouched and len(upserts) > 0
            self._is_untouched = self._is_untouched and not is_first
            if self.answering is not None:
                await self._pass_on(self.answering, None if is_first else (upserts, deletes), before)

    async def _pass_on(self, guard: Guard, change: Change | None, before: Applied) -> None:
        """Write a change to the store; the first compares all, since the store may hold something already."""
        try:
            if change is None:
                await self._write_first(guard)
            else:
                await self._write(guard, (await self._news(guard, change[0], before), change[1]))
        except Unavailable as away:
            guard.fail(away)
        except BaseException:
            guard.fail(Unavailable("index", "a change was cut short"))
            raise
        if self.answering is guard:
            self._spare.let_go()

    async def _write_first(self, guard: Guard) -> None:
        """Bring the store up to date while it answers as it was left, unless it knew too little to answer."""
        change = await self._missing(guard)
        if 2 * len(change[0]) <= len(self._spare.applied.entries):
            await self._write(guard, change)
        else:
            self.standing.note_behind(is_first=True)
            self._switch(None)

    async def _news(self, guard: Guard, upserts: Sequence[IndexEntry], before: Applied) -> Sequence[IndexEntry]:
        """Leave out vectors that only we had not: the store has them from an earlier process or from another."""
        if not any(before.knows_without_vector(entry) for entry in upserts):
            return upserts
        bare = frozenset(await guard.ask(lambda store: store.without_vector()))
        return [entry for entry in upserts if entry.tool.id in bare or not before.knows_without_vector(entry)]

    async def _hold(self) -> None:
        """Open the store, serve from it, and leave it when it has failed."""
        limit = anyio.move_on_after(self._patience.opening)
        is_served = False
        try:
            with all_unavailable(), limit:
                async with self._open_store() as store:
                    limit.deadline = math.inf
                    await self._serve(store)
                    is_served, limit.deadline = True, anyio.current_time() + self._patience.closing
            if not is_served:
                raise DeadlineExceeded("index", f"it did not open in {self._patience.opening:g} s")
        except Unavailable as away:
            if not is_served:
                self._lose(away)

    async def _serve(self, store: ToolIndex) -> None:
        """Let the store answer whenever it is in step, until it fails."""
        guard = Guard(store, clock=self._clock, on_failure=self._lose)
        self.standing.note_behind()
        try:
            while not guard.has_failed:
                self._called = anyio.Event()
                await self._bring_in_step(guard)
                while not self._called.is_set():
                    with anyio.move_on_after(self._patience.recheck):
                        await self._called.wait()
                    if not self._called.is_set():
                        await self._check(guard)
        finally:
            self.answering = None

    async def _check(self, guard: Guard) -> None:
        """Write what others removed meanwhile; changes wait."""
        try:
            async with self._changing:
                await self._catch_up(guard)
        except Unavailable as away:
            guard.fail(away)

    async def _bring_in_step(self, guard: Guard) -> None:
        try:
            for _ in range(_ROUNDS):
                await self._catch_up(guard)
                async with self._changing:
                    if not any(await self._missing(guard)):
                        return self._answer_from(guard)
            async with self._changing:  # it is never done, unless changes wait
                await self._catch_up(guard)
                self._answer_from(guard)
        except Unavailable as away:
            guard.fail(away)

    def _answer_from(self, guard: Guard) -> None:
        self._spare.let_go()
        self.standing.note_in_step()
        self._switch(guard)

    async def _catch_up(self, guard: Guard) -> None:
        await self._write(guard, await self._missing(guard))

    async def _missing(self, guard: Guard) -> Change:
        """Return what the store lacks to hold exactly what was applied; nothing as long as nothing was applied."""
        if self._is_untouched:
            return (), ()
        digests = await guard.ask(lambda store: store.digests())
        bare = await guard.ask(lambda store: store.without_vector())
        return self._spare.applied.missing_in(digests, frozenset(bare))

    async def _write(self, guard: Guard, change: Change) -> None:
        upserts, deletes = change
        if upserts or deletes:
            patience = self._patience.change + self._patience.change_each * (len(upserts) + len(deletes))
            await guard.write(upserts, deletes, deadline=patience)

    def _lose(self, away: Unavailable) -> None:
        self.standing.note_away(away)
        self._switch(None)

    def _switch(self, guard: Guard | None) -> None:
        """Let this store answer, or memory."""
        self.answering = guard
        self._switched.set()
        self._switched = anyio.Event()
        if guard is None:
            self._called.set()
