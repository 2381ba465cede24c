"""Searches in the background, so that no user pays for what searches build once, or waits for a common question."""

from __future__ import annotations

import time
from collections.abc import Callable

import anyio

from mcp_toolweaver.core.interfaces import CatalogView, Searcher
from mcp_toolweaver.core.query import SearchRequest
from mcp_toolweaver.search.usage import Usage

_ANYTHING = SearchRequest("find a tool and then call it", limit=1)
"""Two clauses. The words of other languages are left for who asks in one: they take 12 ms and 2 MB each."""
_AHEAD = 50
"""How many of the most frequent questions are answered ahead."""
_SHARE = 0.25
"""How much of the time that may take, so that those who ask now hardly notice it."""


class Priming:
    """Asks a searcher in the background."""

    def __init__(
        self,
        catalog: CatalogView,
        usage: Usage | None = None,
        *,
        anew: Searcher | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Ask about the tools of ``catalog``.

        Args:
            catalog: Whose tools are searched.
            usage: Says what is asked most.
            anew: Searches each time it is asked, where others have answers from before.
            clock: Returns seconds.
        """
        self._catalog = catalog
        self._usage = usage
        self._anew = anew
        self._clock = clock
        self._ahead_of = ""

    async def wake(self, searcher: Searcher) -> None:
        """Search for something, so that names are learned, word lists are read and the index has answered once.

        Raises:
            Unavailable: nothing can answer.
        """
        await (self._anew or searcher).search(_ANYTHING)

    async def answer_ahead(self, searcher: Searcher) -> str:
        """Ask what is asked most, so that a cache in ``searcher`` has the answers; once for each catalog.

        It ends early, to be tried again, where answers are degraded or the catalog changes: those are not kept.

        Returns:
            What was done, for people; empty if nothing was to be done.

        Raises:
            Unavailable: nothing can answer.
        """
        generation = self._catalog.snapshot.generation
        if self._usage is None or self._ahead_of == generation:
            return ""
        questions = self._usage.most_asked(_AHEAD)
        for question in questions:
            started = self._clock()
            result = await searcher.search(question)
            if result.skipped or self._catalog.snapshot.generation != generation:
                return ""
            await anyio.sleep((self._clock() - started) * (1 / _SHARE - 1))
        if not questions:
            return ""
        self._ahead_of = generation
        return f"{len(questions)} of the most frequent questions answered ahead"
