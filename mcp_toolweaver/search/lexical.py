"""Search by words alone: needs no model and cannot fail while its index answers."""

from __future__ import annotations

from mcp_toolweaver.core.interfaces import CatalogView, ToolIndex
from mcp_toolweaver.core.query import SearchRequest, SearchResult
from mcp_toolweaver.search.ranking import index_query, rank


class LexicalSearcher:
    """A `Searcher` that ranks by BM25."""

    def __init__(self, catalog: CatalogView, index: ToolIndex) -> None:
        """Search the tools of ``catalog`` in ``index``."""
        self._catalog = catalog
        self._index = index

    async def search(self, request: SearchRequest) -> SearchResult:
        """See `Searcher.search`."""
        matches = await self._index.query(index_query(request))
        return rank(matches, self._catalog.snapshot, request.limit, tier="lexical")
