"""Search by words alone: needs no model and cannot fail while its index answers."""

from __future__ import annotations

from mcp_toolweaver.core.interfaces import CatalogView, ToolIndex
from mcp_toolweaver.core.query import SearchRequest, SearchResult
from mcp_toolweaver.search.names import CurrentNames
from mcp_toolweaver.search.question import Question
from mcp_toolweaver.search.ranking import rank
from mcp_toolweaver.search.routing import Routing


class LexicalSearcher:
    """A `Searcher` that ranks by BM25F."""

    def __init__(self, catalog: CatalogView, index: ToolIndex, names: CurrentNames, *, routed: bool = True) -> None:
        """Search the tools of ``catalog`` in ``index``; ``names`` is what they are called.

        ``routed`` says whether the best of the domains that a request names are candidates too.
        """
        self._catalog = catalog
        self._index = index
        self._names = names
        self._routing = Routing(catalog) if routed else None

    async def search(self, request: SearchRequest) -> SearchResult:
        """See `Searcher.search`."""
        named = (await self._names.get()).find(request.text)
        likely = self._routing.likely(request, named) if self._routing else ()
        found = await self._index.query(Question.of(request).to_index(request, likely=likely))
        return rank(found, self._catalog.snapshot, request, named, share=0.0, tier="lexical")
