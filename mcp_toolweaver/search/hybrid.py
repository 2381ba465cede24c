"""Search by words and by meaning at once."""

from __future__ import annotations

from dataclasses import replace

from mcp_toolweaver.core.interfaces import CatalogView, Embedder, ToolIndex
from mcp_toolweaver.core.query import SearchRequest, SearchResult
from mcp_toolweaver.search.ranking import index_query, rank

PARTLY_EMBEDDED = "search by meaning: some tools are not embedded yet and were matched by words only"


class HybridSearcher:
    """A `Searcher` that fuses BM25 with the cosine of embeddings."""

    def __init__(self, catalog: CatalogView, index: ToolIndex, embedder: Embedder) -> None:
        """Search the tools of ``catalog`` in ``index`` with queries embedded by ``embedder``."""
        self._catalog = catalog
        self._index = index
        self._embedder = embedder

    async def search(self, request: SearchRequest) -> SearchResult:
        """See `Searcher.search`.

        Raises:
            Unavailable: the embedding model or the index is away.
        """
        vector = await self._embedder.embed_query(request.text)
        matches = await self._index.query(replace(index_query(request), vector=vector))
        skipped = (PARTLY_EMBEDDED,) if await self._index.unembedded() else ()
        return rank(matches, self._catalog.snapshot, request.limit, tier="hybrid", skipped=skipped)
