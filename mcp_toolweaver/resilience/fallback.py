"""The next searcher answers when one is away, and the answer says so."""

from __future__ import annotations

from dataclasses import replace

from mcp_toolweaver.core.errors import Unavailable
from mcp_toolweaver.core.interfaces import Searcher
from mcp_toolweaver.core.query import SearchRequest, SearchResult


class FallbackSearcher:
    """A `Searcher` that asks its searchers in order until one answers."""

    def __init__(self, *searchers: Searcher) -> None:
        """Ask ``searchers`` in this order; at least one."""
        if not searchers:
            raise ValueError("a FallbackSearcher needs at least one searcher")
        self._searchers = searchers

    async def search(self, request: SearchRequest) -> SearchResult:
        """Return the first answer, with one sentence for each searcher that was away.

        Raises:
            Unavailable: all of them are away; the error is the last one's.
        """
        skipped: list[str] = []
        for searcher in self._searchers[:-1]:
            try:
                result = await searcher.search(request)
            except Unavailable as away:
                skipped.append(str(away))
            else:
                return _noting(result, skipped)
        return _noting(await self._searchers[-1].search(request), skipped)


def _noting(result: SearchResult, skipped: list[str]) -> SearchResult:
    return replace(result, skipped=(*skipped, *result.skipped)) if skipped else result
