"""An index to which something happens after each change, in the care of an indexer."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence

from mcp_toolweaver.core.interfaces import ToolIndex
from mcp_toolweaver.core.query import Candidates, IndexEntry, IndexQuery
from mcp_toolweaver.core.tools import ToolId


class MeddledIndex:
    """A `ToolIndex` over another; calls ``meddle`` with the number of the change when it is done, from 0.

    What has lost its vector then gets it back, as the indexer would do it.
    """

    def __init__(self, inner: ToolIndex, meddle: Callable[[int], Awaitable[None]]) -> None:
        self._inner = inner
        self._meddle = meddle
        self._changes = 0
        self._embedded: dict[str, IndexEntry] = {}

    async def query(self, query: IndexQuery) -> Candidates:
        return await self._inner.query(query)

    async def unembedded(self) -> int:
        return await self._inner.unembedded()

    async def digests(self) -> Mapping[ToolId, str]:
        return await self._inner.digests()

    async def without_vector(self) -> Collection[ToolId]:
        return await self._inner.without_vector()

    async def apply(self, upserts: Sequence[IndexEntry], deletes: Sequence[ToolId]) -> None:
        await self._inner.apply(upserts, deletes)
        change, self._changes = self._changes, self._changes + 1
        self._embedded.update({entry.tool.digest: entry for entry in upserts if entry.vector is not None})
        await self._meddle(change)
        await self._embed_again()

    async def _embed_again(self) -> None:
        digests = await self._inner.digests()
        lost = [digests[id_] for id_ in await self._inner.without_vector()]
        await self._inner.apply([self._embedded[digest] for digest in lost if digest in self._embedded], [])
