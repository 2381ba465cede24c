"""The next searcher answers when one is away, and the answer says so."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from mcp_toolweaver.core.errors import Unavailable, Warming
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
        skipped: list[Unavailable] = []
        for searcher in self._searchers[:-1]:
            try:
                result = await searcher.search(request)
            except Unavailable as away:
                skipped.append(away)
            else:
                return _noting(result, skipped)
        return _noting(await self._searchers[-1].search(request), skipped)


def _noting(result: SearchResult, skipped: Sequence[Unavailable]) -> SearchResult:
    if not skipped:
        return result
    return replace(
        result,
        skipped=(*map(str, skipped), *result.skipped),
        is_warming=result.is_warming or any(isinstance(away, Warming) for away in skipped),
    )
