"""Search by words alone: needs no model and cannot fail while its index answers."""

from __future__ import annotations

from mcp_toolweaver.core.interfaces import CatalogView, ToolIndex
from mcp_toolweaver.core.query import SearchRequest, SearchResult
from mcp_toolweaver.search.names import CurrentNames
from mcp_toolweaver.search.question import Question
from mcp_toolweaver.search.ranking import rank


class LexicalSearcher:
    """A `Searcher` that ranks by BM25F."""

    def __init__(self, catalog: CatalogView, index: ToolIndex, names: CurrentNames) -> None:
        """Search the tools of ``catalog`` in ``index``; ``names`` is what they are called."""
        self._catalog = catalog
        self._index = index
        self._names = names

    async def search(self, request: SearchRequest) -> SearchResult:
        """See `Searcher.search`."""
        found = await self._index.query(Question.of(request).to_index(request))
        named = (await self._names.get()).find(request.text)
        return rank(found, self._catalog.snapshot, request, named, share=0.0, tier="lexical")
