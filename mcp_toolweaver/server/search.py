"""``search_tools``: a search and its reply."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from mcp_toolweaver.core.errors import InvalidArguments
from mcp_toolweaver.core.interfaces import CatalogView, Searcher
from mcp_toolweaver.core.query import Hit, SearchRequest, SearchResult
from mcp_toolweaver.core.status import SourceState
from mcp_toolweaver.core.tools import Snapshot
from mcp_toolweaver.server.meta_tools import CALL, DETAILS, SEARCH
from mcp_toolweaver.server.requests import SearchArguments, parse
from mcp_toolweaver.text.signature import signature
from mcp_toolweaver.text.summary import summarize
from mcp_toolweaver.text.tokenize import tokenize

_MOST_NAMES = 20
_LONGEST_QUERY = 4_000
"""Characters of a query that are read."""
_FOUND = (
    f'Call one with {CALL}: {{"name": <name>, "arguments": {{...}}}}. Full schemas of the others: {DETAILS}. '
    "Nothing fits? Search again in other words."
)
_NOT_FOUND = "No tool fits. Describe the action and the system in other words, or do it without a tool."


async def search_tools(catalog: CatalogView, searcher: Searcher, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Answer a call of ``search_tools`` with its reply, a JSON object.

    Raises:
        InvalidArguments: the arguments are wrong, or the query is empty.
    """
    asked = parse(SearchArguments, SEARCH, arguments)
    if not asked.query.strip():
        raise InvalidArguments("The query is empty. Say what you want to do, for example: create an issue.")
    query = asked.query[:_LONGEST_QUERY]
    snapshot = catalog.snapshot
    domain, notes = _known_domain(snapshot, asked.domain)
    result = await searcher.search(SearchRequest(query, asked.limit, domain))
    away = _away(catalog, result, f"{query} {asked.domain or ''}")
    return reply(result, (*notes, *away))


def reply(result: SearchResult, notes: tuple[str, ...] = ()) -> dict[str, Any]:
    """Return the reply to the model; the full schema of the first row only."""
    rows = [_row(hit) for hit in result.hits]
    if rows:
        rows[0]["inputSchema"] = result.hits[0].tool.input_schema
    return {
        "tools": rows,
        "confidence": result.confidence,
        "degraded": [*result.skipped, *notes],
        "hint": _FOUND if rows else _NOT_FOUND,
    }


def _row(hit: Hit) -> dict[str, Any]:
    tool = hit.tool
    row: dict[str, Any] = {
        "name": tool.callable_name,
        "server": tool.id.server,
        "tool": tool.id.name,
        "description": summarize(tool.description or tool.title),
        "signature": signature(tool),
        "score": round(hit.score, 4),
    }
    return row if tool.is_callable else {**row, "callable": False}


def _known_domain(snapshot: Snapshot, domain: str | None) -> tuple[str | None, tuple[str, ...]]:
    """Return the domain to search in; None with a note, if there is no such domain or server."""
    if not domain:
        return None, ()
    known = sorted({tool.domain for tool in snapshot.tools.values()} | set(snapshot.by_server))
    if domain.casefold() in {name.casefold() for name in known}:
        return domain, ()
    more = ", ..." if len(known) > _MOST_NAMES else ""
    return None, (
        f"there is no domain {domain!r}, so all were searched; domains: {', '.join(known[:_MOST_NAMES])}{more}",
    )


def _away(catalog: CatalogView, result: SearchResult, question: str) -> Iterator[str]:
    """Yield a sentence for each server that is away and may have been meant."""
    words = set(tokenize(question))
    found = {hit.tool.id.server for hit in result.hits}
    for status in catalog.statuses:
        meant = status.name in found or not words.isdisjoint(tokenize(status.name))
        if status.state is SourceState.FAILED and (meant or (result.confidence != "high" and not status.tools)):
            yield f"server {status.name} is not available: {status.reason}"
        elif status.state is SourceState.CONNECTING and not status.tools:
            yield f"server {status.name} is still starting; its tools cannot be found yet"
        elif status.state is SourceState.CONNECTING and status.name in found:
            yield f"server {status.name} is still starting; its tools are those of the last run"
