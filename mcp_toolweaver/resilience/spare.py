"""The index in memory that answers when no other can: made when it is needed, let go when it is not."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import anyio

from mcp_toolweaver.core.interfaces import ToolIndex
from mcp_toolweaver.resilience.applied import Applied


class Spare:
    """Knows what was applied, and has an index of it in memory: always, or on demand."""

    def __init__(self, make_index: Callable[[], Awaitable[ToolIndex]], *, is_kept: bool) -> None:
        """Make the index with ``make_index``; one that ``is_kept`` follows every change at once."""
        self._make_index = make_index
        self._is_kept = is_kept
        self._applied = Applied()
        self._index: ToolIndex | None = None
        self._holds = Applied()
        self._following = anyio.Lock()
        self._releases = 0

    @property
    def applied(self) -> Applied:
        """What is to be searchable."""
        return self._applied

    @property
    def is_ready(self) -> bool:
        """Whether the index can answer without being made first."""
        return self._index is not None and self._holds is self._applied

    async def index(self) -> ToolIndex:
        """Return the index, in step; made or brought up to date by whoever comes first, the others wait."""
        if self._index is not None and self._holds is self._applied:
            return self._index
        return await self._follow(None)

    async def change(self, applied: Applied) -> None:
        """Make this searchable; until then the index answers as before."""
        if self._is_kept or self._index is not None:
            await self._follow(applied)
        self._applied = applied

    def let_go(self) -> None:
        """Give the memory of the index and of the vectors back; one that is kept stays."""
        if not self._is_kept:
            self._forget()
            self._applied = self._applied.without_vectors()

    def _forget(self) -> None:
        self._index, self._holds = None, Applied()
        self._releases += 1

    async def _follow(self, applied: Applied | None) -> ToolIndex:
        releases = self._releases
        async with self._following:
            wanted = self._applied if applied is None else applied
            index, holds = self._index, self._holds
            if index is None:
                index, holds = await self._make_index(), Applied()
            upserts, deletes = wanted.since(holds)
            try:
                if upserts or deletes:
                    await index.apply(upserts, deletes)
            except BaseException:
                self._forget()  # cut short, it may hold anything
                raise
            if releases == self._releases:
                self._index, self._holds = index, wanted
            return index
