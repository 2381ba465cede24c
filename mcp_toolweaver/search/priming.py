"""One cheap search in the background, so that the first user does not pay for what searches build once."""

from __future__ import annotations

from mcp_toolweaver.core.interfaces import Searcher
from mcp_toolweaver.core.query import SearchRequest

_ANYTHING = SearchRequest("find a tool and then call it", limit=1)
"""Two clauses. The words of other languages are left for who asks in one: they take 12 ms and 2 MB each."""


async def prime(searcher: Searcher) -> None:
    """Search for something, so that names are learned, word lists are read and the index has answered once.

    Raises:
        Unavailable: nothing can answer.
    """
    await searcher.search(_ANYTHING)
