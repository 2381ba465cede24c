"""The names of the catalog as it is now, learned off the event loop and once a catalog."""

from __future__ import annotations

import anyio

from mcp_toolweaver.core.interfaces import CatalogView
from mcp_toolweaver.core.threads import run_in_thread
from mcp_toolweaver.search.names.index import NameIndex


class CurrentNames:
    """Holds the `NameIndex` of the current snapshot."""

    def __init__(self, catalog: CatalogView) -> None:
        """Learn the names of ``catalog`` when they are asked for."""
        self._catalog = catalog
        self._snapshot: object = None
        self._names: NameIndex | None = None
        self._learning = anyio.Lock()

    async def get(self) -> NameIndex:
        """Return the names of the current snapshot."""
        if self._names is None or self._snapshot is not self._catalog.snapshot:
            async with self._learning:
                return await self._learned()
        return self._names

    async def _learned(self) -> NameIndex:
        snapshot = self._catalog.snapshot
        if self._names is None or self._snapshot is not snapshot:
            self._names = await run_in_thread(NameIndex, snapshot)
            self._snapshot = snapshot
        return self._names
