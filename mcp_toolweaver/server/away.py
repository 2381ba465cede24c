"""What cannot be found just now, because its server is away."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from mcp_toolweaver.core.query import SearchResult
from mcp_toolweaver.core.status import SourceState, SourceStatus
from mcp_toolweaver.text.tokenize import tokenize

_MOST_REASONS = 3
"""How many servers are named with their reason; a reason may have 500 characters."""
_MOST_NAMES = 10
_SAYS_NOTHING = frozenset({"mcp", "server", "tool", "api", "the"})


def notes_on(statuses: Iterable[SourceStatus], results: Sequence[SearchResult], question: str) -> Iterator[str]:
    """Yield what to say of the servers that are away and may have been meant, or whose tools were found."""
    words = set(tokenize(question))
    found = {hit.tool.id.server for result in results for hit in result.hits}
    is_sure = all(result.confidence == "high" for result in results)
    failed: list[SourceStatus] = []
    maybe: list[SourceStatus] = []
    for status in statuses:
        is_near = status.name in found or not words.isdisjoint(tokenize(status.name))
        if status.state is SourceState.FAILED and is_near:
            failed.append(status)
        elif status.state is SourceState.FAILED and not is_sure and not status.tools:
            maybe.append(status)
        elif status.state is SourceState.CONNECTING and (status.name in found or not status.tools):
            yield _starting(status)
    yield from _not_available([*failed, *maybe])


def is_meant(status: SourceStatus, question: str) -> bool:
    """Whether the question names the server, by all words of its name that say something."""
    telling = set(tokenize(status.name)) - _SAYS_NOTHING
    return bool(telling) and telling <= set(tokenize(question))


def _starting(status: SourceStatus) -> str:
    what = "its tools are those of the last run" if status.tools else "its tools cannot be found yet"
    return f"server {status.name} is still starting; {what}"


def _not_available(failed: Sequence[SourceStatus]) -> Iterator[str]:
    for status in failed[:_MOST_REASONS]:
        yield f"server {status.name} is not available: {status.reason}"
    rest = [status.name for status in failed[_MOST_REASONS:]]
    if rest:
        more = ", ..." if len(rest) > _MOST_NAMES else ""
        yield f"{len(rest)} more servers are not available: {', '.join(rest[:_MOST_NAMES])}{more}"
