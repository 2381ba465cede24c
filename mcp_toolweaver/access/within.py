"""An index of which only a part is looked through."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from mcp_toolweaver.access.seen import SeenCatalog
from mcp_toolweaver.core.interfaces import ToolIndex
from mcp_toolweaver.core.query import Candidates, IndexEntry, IndexQuery
from mcp_toolweaver.core.tools import ToolId


class IndexWithin:
    """A `ToolIndex` over what a catalog shows of another one's; changes are those of the whole."""

    def __init__(self, index: ToolIndex, catalog: SeenCatalog) -> None:
        """Ask ``index`` for what is in ``catalog``."""
        self._index = index
        self._catalog = catalog

    async def query(self, query: IndexQuery) -> Candidates:
        """See `ToolIndex.query`."""
        return await self._index.query(replace(query, within=self._catalog.reach))

    async def unembedded(self) -> int:
        """See `ToolIndex.unembedded`."""
        return len(await self.without_vector()) if await self._index.unembedded() else 0

    async def digests(self) -> Mapping[ToolId, str]:
        """See `ToolIndex.digests`."""
        seen = self._catalog.snapshot.tools
        return {id_: digest for id_, digest in (await self._index.digests()).items() if id_ in seen}

    async def without_vector(self) -> Collection[ToolId]:
        """See `ToolIndex.without_vector`."""
        seen = self._catalog.snapshot.tools
        return [id_ for id_ in await self._index.without_vector() if id_ in seen]

    async def apply(self, upserts: Sequence[IndexEntry], deletes: Sequence[ToolId]) -> None:
        """See `ToolIndex.apply`."""
        await self._index.apply(upserts, deletes)
