"""Search by words and by meaning at once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from mcp_toolweaver.core.interfaces import CatalogView, Embedder, ToolIndex
from mcp_toolweaver.core.query import SearchRequest, SearchResult
from mcp_toolweaver.search.fusion import MEANING_WEIGHT, meaning_share
from mcp_toolweaver.search.names import CurrentNames
from mcp_toolweaver.search.question import Question
from mcp_toolweaver.search.ranking import rank
from mcp_toolweaver.search.routing import Routing


def partly_embedded(embedded: int, tools: int) -> str:
    """Return the sentence about tools that have no vector yet."""
    return f"search by meaning: {embedded:,} of {tools:,} tools are embedded so far; the others were matched by words"


class HybridSearcher:
    """A `Searcher` that fuses BM25F with the cosine of embeddings."""

    def __init__(
        self,
        catalog: CatalogView,
        index: ToolIndex,
        embedder: Embedder,
        names: CurrentNames,
        *,
        meaning_weight: float = MEANING_WEIGHT,
        routed: bool = True,
        is_coming: Callable[[], bool] = lambda: True,
    ) -> None:
        """Search the tools of ``catalog`` in ``index`` with queries embedded by ``embedder``.

        Args:
            catalog: Where the tools are.
            index: Where their words and vectors are.
            embedder: What made the vectors.
            names: What the tools and servers of the catalog are called.
            meaning_weight: The share of meaning in a typical question, 0 to 1; the rest is words.
            routed: Whether the best of the domains that a request names are candidates too.
            is_coming: Whether tools that have no vector are about to get one.
        """
        self._catalog = catalog
        self._index = index
        self._embedder = embedder
        self._names = names
        self._weight = meaning_weight
        self._is_coming = is_coming
        self._routing = Routing(catalog) if routed else None

    async def search(self, request: SearchRequest) -> SearchResult:
        """See `Searcher.search`.

        Raises:
            Unavailable: the embedding model or the index is away.
        """
        question = Question.of(request)
        vectors = await self._embedder.embed_queries(question.texts)
        named = (await self._names.get()).find(request.text)
        likely = self._routing.likely(request, named) if self._routing else ()
        query = question.to_index(request, vectors, likely)
        found = await self._index.query(query)
        result = rank(
            found,
            self._catalog.snapshot,
            request,
            named,
            share=meaning_share(self._weight, len(set(query.probes[0].terms))),
            tier="hybrid",
        )
        return await self._noting(result)

    async def _noting(self, result: SearchResult) -> SearchResult:
        """Say so if some tools have no vector yet."""
        bare = await self._index.unembedded()
        if not bare:
            return result
        tools = max(len(self._catalog.snapshot), bare)
        skipped = (*result.skipped, partly_embedded(tools - bare, tools))
        return replace(result, skipped=skipped, is_warming=self._is_coming())
