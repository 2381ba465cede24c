"""``search_tools``: one search or several at once, and the reply."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import anyio

from mcp_toolweaver.core.errors import ToolweaverError
from mcp_toolweaver.core.interfaces import CatalogView, Searcher
from mcp_toolweaver.core.query import SearchRequest, SearchResult
from mcp_toolweaver.server.asked import what_was_asked
from mcp_toolweaver.server.away import notes_on
from mcp_toolweaver.server.kinds import of_kind
from mcp_toolweaver.server.meta_tools import SEARCH
from mcp_toolweaver.server.needs import Need, reply_by_need
from mcp_toolweaver.server.reply import reply
from mcp_toolweaver.server.requests import SearchArguments, parse
from mcp_toolweaver.server.wanted import Wanted
from mcp_toolweaver.server.why_not import Case, explain


async def search_tools(catalog: CatalogView, searcher: Searcher, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Answer a call of ``search_tools`` with its reply, a JSON object.

    Raises:
        InvalidArguments: the arguments are wrong, or the query is empty.
        Unavailable: no searcher can answer.
    """
    given = parse(SearchArguments, SEARCH, arguments)
    with of_kind(given.kind, catalog.snapshot) as unknown:
        return await _searched(catalog, searcher, given, unknown)


async def _searched(
    catalog: CatalogView, searcher: Searcher, given: SearchArguments, noted: tuple[str, ...]
) -> dict[str, Any]:
    asked = what_was_asked(given, catalog.snapshot)
    requests = [SearchRequest(question, given.limit, asked.domain) for question in asked.questions]
    needs = await _answered(catalog, searcher, requests)
    where = f"{' '.join(asked.questions)} {given.domain or ''}"
    notes = (*noted, *asked.notes, *notes_on(catalog.statuses, [need.result for need in needs], where))
    wanted = Wanted(given.limit, given.detail, given.max_tokens, len(needs))
    if asked.is_grouped:
        return reply_by_need(needs, wanted, notes)
    return reply(needs[0].result, wanted, notes, needs[0].why)


async def _answered(catalog: CatalogView, searcher: Searcher, requests: Sequence[SearchRequest]) -> list[Need]:
    """Answer all requests at once, in their order.

    Raises:
        ToolweaverError: one of them failed.
    """
    needs: dict[SearchRequest, Need] = {}
    failures: list[ToolweaverError] = []

    async def answer(request: SearchRequest) -> None:
        try:
            needs[request] = await _answer(catalog, searcher, request)
        except ToolweaverError as error:  # the task group would wrap it
            failures.append(error)

    async with anyio.create_task_group() as tasks:
        for request in requests:
            tasks.start_soon(answer, request)
    if failures:
        raise failures[0]
    return [needs[request] for request in requests]


async def _answer(catalog: CatalogView, searcher: Searcher, request: SearchRequest) -> Need:
    """Answer one request from its domain, or from all of them if it has nothing good; where nothing fits, no hits."""
    inside = await searcher.search(request)
    beyond = await _beyond(searcher, request, inside)
    result = inside if beyond is None else beyond
    if result.confidence == "none":
        result = replace(result, hits=())
    case = Case(request.text, result, catalog, request.domain, is_beyond=beyond is not None)
    return Need(request.text, result, explain(case))


async def _beyond(searcher: Searcher, request: SearchRequest, inside: SearchResult) -> SearchResult | None:
    """Return what all domains have, if it is better by its confidence than what the chosen one has."""
    if request.domain is None or inside.confidence == "high":
        return None
    found = await searcher.search(replace(request, domain=None))
    is_better = found.confidence == "high" or (found.confidence == "low" and inside.confidence == "none")
    return found if is_better else None
