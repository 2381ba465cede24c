"""An answer that was given before, as long as the catalog, the model and what ranks are the same."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable

from mcp_toolweaver.core.caching import CacheTier, QuickCache
from mcp_toolweaver.core.interfaces import CatalogView, Searcher
from mcp_toolweaver.core.query import SearchRequest, SearchResult
from mcp_toolweaver.core.tools import Snapshot
from mcp_toolweaver.search.flights import Flights
from mcp_toolweaver.search.kept_result import decode, encode


class CachedSearcher:
    """A `Searcher` that keeps the whole answers of another one, and looks for and makes each once however many ask.

    The key of an answer carries everything that it depends on, so that nothing needs to be invalidated: the hash of
    the catalog, the vector space, the settings of the ranking, the version of the program, and the request. Answers
    do not depend on who asks. One that is degraded, or made while the index was changing, is not kept.
    """

    def __init__(
        self,
        inner: Searcher,
        cache: QuickCache,
        catalog: CatalogView,
        *,
        lifetime: float,
        way: Callable[[], str | None],
        indexed: Callable[[], str],
    ) -> None:
        """Keep what ``inner`` answers in ``cache``.

        Args:
            inner: Who answers.
            cache: Where answers are kept.
            catalog: Whose tools are searched.
            lifetime: For how many seconds an answer is kept.
            way: Returns in a string how answers come about: by which model, with which settings. None as long as
                that is not known; then nothing is looked up or kept.
            indexed: Returns the generation of the catalog that the index holds.
        """
        self._inner = inner
        self._cache = cache
        self._catalog = catalog
        self._lifetime = lifetime
        self._way = way
        self._indexed = indexed
        self._flights = Flights[SearchResult]()

    async def search(self, request: SearchRequest) -> SearchResult:
        """See `Searcher.search`.

        Raises:
            Unavailable: the inner searcher cannot answer.
        """
        way, snapshot = self._way(), self._catalog.snapshot
        if way is None:
            return await self._inner.search(request)
        key = _key(way, snapshot.generation, request)
        kept = _decoded(self._cache.peek(key), snapshot)
        return kept or await self._flights.join(key, lambda: self._found(key, request, snapshot))

    async def _found(self, key: str, request: SearchRequest, snapshot: Snapshot) -> SearchResult:
        (kept,) = await self._cache.get_many([key])
        return _decoded(kept, snapshot) or await self._answer(key, request, snapshot)

    async def _answer(self, key: str, request: SearchRequest, snapshot: Snapshot) -> SearchResult:
        was_in_step = self._is_in_step(snapshot)
        result = await self._inner.search(request)
        if was_in_step and self._is_in_step(snapshot) and not result.skipped:
            await self._cache.set_many({key: encode(result)}, ttl=self._lifetime)
        return result

    def _is_in_step(self, snapshot: Snapshot) -> bool:
        return self._catalog.snapshot is snapshot and self._indexed() == snapshot.generation


def _decoded(kept: bytes | None, snapshot: Snapshot) -> SearchResult | None:
    return None if kept is None else decode(kept, snapshot)


def _key(way: str, generation: str, request: SearchRequest) -> str:
    told = json.dumps([way, generation, request.text, request.limit, request.domain])
    return f"{CacheTier.SEARCH}:{hashlib.blake2b(told.encode(), digest_size=20).hexdigest()}"
