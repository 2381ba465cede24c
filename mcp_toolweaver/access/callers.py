"""The catalog and the search of whoever asks."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from mcp_toolweaver.access.seen import Whole
from mcp_toolweaver.core.access import CALLER
from mcp_toolweaver.core.errors import UnknownTool
from mcp_toolweaver.core.interfaces import Searcher, ToolCaller
from mcp_toolweaver.core.offers import Offers
from mcp_toolweaver.core.query import SearchRequest, SearchResult
from mcp_toolweaver.core.status import SourceStatus
from mcp_toolweaver.core.tools import Snapshot, Tool, ToolResult


class CallersCatalog:
    """A `Whole` that is another one for each caller."""

    def __init__(self, current: Callable[[], Whole]) -> None:
        """Show the ``current`` caller's."""
        self._current = current

    @property
    def snapshot(self) -> Snapshot:
        """See `CatalogView.snapshot`."""
        return self._current().snapshot

    @property
    def statuses(self) -> Sequence[SourceStatus]:
        """See `CatalogView.statuses`."""
        return self._current().statuses

    @property
    def offers(self) -> Mapping[str, Offers]:
        """See `OfferView.offers`."""
        return self._current().offers

    def prefix(self, server: str) -> str:
        """See `OfferView.prefix`."""
        return self._current().prefix(server)

    async def request(self, server: str, method: str, params: Mapping[str, Any]) -> dict[str, Any]:
        """See `OfferView.request`."""
        return await self._current().request(server, method, params)

    async def watch_resource(self, server: str, uri: str) -> None:
        """See `OfferView.watch_resource`."""
        await self._current().watch_resource(server, uri)

    def departed(self, name: str, server: str | None = None) -> str | None:
        """See `Whole.departed`."""
        return self._current().departed(name, server)


class CallersSearcher:
    """A `Searcher` that is another one for each caller."""

    def __init__(self, current: Callable[[], Searcher]) -> None:
        """Ask the ``current`` caller's."""
        self._current = current

    async def search(self, request: SearchRequest) -> SearchResult:
        """See `Searcher.search`."""
        return await self._current().search(request)


class CallersCaller:
    """A `ToolCaller` that calls what the caller sees, and nothing else."""

    def __init__(self, inner: ToolCaller, catalog: CallersCatalog) -> None:
        """Pass on to ``inner`` what is in ``catalog``."""
        self._inner = inner
        self._catalog = catalog

    async def call(self, tool: Tool, arguments: Mapping[str, Any]) -> ToolResult:
        """See `ToolCaller.call`.

        Raises:
            NotPermitted: the caller may not make such a call.
        """
        snapshot = self._catalog.snapshot
        if tool.id not in snapshot.tools and CALLER.get().profiles:
            happened = self._catalog.departed(tool.id.name, tool.id.server)
            raise UnknownTool(tool.callable_name, happened=happened or "")
        return await self._inner.call(tool, arguments)
