"""An index that is opened when it is first needed, so that nobody waits for its imports or its server."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence

import anyio

from mcp_toolweaver.core.interfaces import ToolIndex
from mcp_toolweaver.core.query import Candidates, IndexEntry, IndexQuery
from mcp_toolweaver.core.tools import ToolId


class LateIndex:
    """A `ToolIndex` that opens its inner one once, on first use."""

    def __init__(self, open_index: Callable[[], Awaitable[ToolIndex]]) -> None:
        """Use the index that ``open_index`` returns."""
        self._open_index = open_index
        self._inner: ToolIndex | None = None
        self._opening = anyio.Lock()

    async def query(self, query: IndexQuery) -> Candidates:
        """See `ToolIndex.query`."""
        return await (await self._opened()).query(query)

    async def unembedded(self) -> int:
        """See `ToolIndex.unembedded`."""
        return await (await self._opened()).unembedded()

    async def without_vector(self) -> Collection[ToolId]:
        """See `ToolIndex.without_vector`."""
        return await (await self._opened()).without_vector()

    async def digests(self) -> Mapping[ToolId, str]:
        """See `ToolIndex.digests`."""
        return await (await self._opened()).digests()

    async def apply(self, upserts: Sequence[IndexEntry], deletes: Sequence[ToolId]) -> None:
        """See `ToolIndex.apply`."""
        await (await self._opened()).apply(upserts, deletes)

    async def _opened(self) -> ToolIndex:
        if self._inner is None:
            async with self._opening:
                self._inner = self._inner or await self._open_index()
        return self._inner
