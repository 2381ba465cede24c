"""What cannot be found just now, because its server is away."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from mcp_toolweaver.core.query import SearchResult
from mcp_toolweaver.core.status import SourceState, SourceStatus
from mcp_toolweaver.text.tokenize import STOP_WORDS, tokenize

_MOST_REASONS = 3
"""How many servers are named with their reason; a reason may have 500 characters."""
_MOST_NAMES = 10
_SIGNS = ("__", "::", "/", ".", ":")
_PART = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[^\W_A-Z]+")
_SAYS_NOTHING = frozenset({"mcp", "server", "servers", "tool", "tools", "api", "official", "io", "com", "the"})


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


def away_of(statuses: Iterable[SourceStatus], name: str) -> str | None:
    """Return why a server has no tools, if the name of a tool begins with that of such a server, or is it."""
    for status in statuses:
        is_its = name == status.name or name.startswith(tuple(f"{status.name}{sign}" for sign in _SIGNS))
        if is_its and not status.tools:
            if status.state is SourceState.FAILED:
                return f"server {status.name!r} is not available: {status.reason}"
            if status.state is SourceState.CONNECTING:
                return f"server {status.name!r} is still starting; call again in a moment"
    return None


def is_meant(status: SourceStatus, question: str) -> bool:
    """Whether the question names the server, by all words of its name that say something, apart or as one word."""
    words = set(tokenize(question))
    telling = [part for part in map(str.lower, _PART.findall(status.name)) if part not in _SAYS_NOTHING]
    apart = {term for part in telling if not _is_filler(part) for term in tokenize(part)}
    joined = set(tokenize("".join(telling)))
    return any(terms and terms <= words for terms in (apart, joined))


def _is_filler(part: str) -> bool:
    """Whether a part of a name may be left unsaid; the single letter of ``iCloud`` may not."""
    return len(part) > 1 and part in STOP_WORDS


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
