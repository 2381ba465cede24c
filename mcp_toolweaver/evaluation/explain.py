"""Looks deeper into the queries that failed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from mcp_toolweaver.core.interfaces import CatalogView, Searcher
from mcp_toolweaver.core.query import SearchRequest, SearchResult
from mcp_toolweaver.core.status import SourceState
from mcp_toolweaver.core.tools import Tool, ToolId
from mcp_toolweaver.evaluation.explanation import DEPTH, FUSED, Double, MissedNeed
from mcp_toolweaver.evaluation.failures import Failure
from mcp_toolweaver.evaluation.metrics import Need, best_rank, satisfies, unmet_needs
from mcp_toolweaver.evaluation.terms import query_words, resemblance, synonym_terms, tool_terms
from mcp_toolweaver.text.gloss import gloss

ALIKE = 0.5
"""The least resemblance at which two tools are told to be alike."""

_FOUND = 10


@dataclass(frozen=True, slots=True)
class _Case:
    text: str
    needs: Sequence[Need]
    results: Mapping[str, SearchResult]
    """What each arm finds, deeper than it is shown."""
    shallow: SearchResult
    """What is shown."""


class Explainer:
    """Explains failures by searching again, deeper and by each arm."""

    def __init__(self, catalog: CatalogView, arms: Mapping[str, Searcher]) -> None:
        """Look for the tools of ``catalog`` with ``arms``; the one named ``fused`` is the one that failed."""
        self._catalog = catalog
        self._arms = arms
        self._known: dict[ToolId, frozenset[str]] = {}

    async def explain(self, failure: Failure) -> Failure:
        """Return the failure with an explanation for each need that was missed.

        Raises:
            Unavailable: an arm cannot answer.
        """
        request = SearchRequest(failure.query.text, limit=_FOUND)
        return replace(failure, explained=await self.missed(request, failure.query.needs))

    async def missed(self, request: SearchRequest, needs: Sequence[Need]) -> tuple[MissedNeed, ...]:
        """Return an explanation for each need that the answer to a request does not cover.

        Raises:
            Unavailable: an arm cannot answer.
        """
        deeper = replace(request, limit=DEPTH)
        results = {name: await arm.search(deeper) for name, arm in self._arms.items()}
        shallow = await self._arms[FUSED].search(request)
        unmet = unmet_needs([hit.tool.id for hit in shallow.hits], needs)
        case = _Case(request.text, needs, results, shallow)
        return tuple(self._need(case, need) for need in unmet)

    def _need(self, case: _Case, need: Need) -> MissedNeed:
        results, shallow = case.results, case.shallow
        tools = [tool for tool in self._catalog.snapshot.tools.values() if satisfies(tool.id, need)]
        if not tools:
            return MissedNeed(need[0], absent=absence(need, self._catalog))
        tool = min(tools, key=lambda tool: _rank(results[FUSED], tool) or DEPTH + 1)
        words = query_words(gloss(case.text) or case.text)
        terms, synonyms = self._terms(tool), synonym_terms(tool)
        return MissedNeed(
            wanted=str(tool.id),
            ranks={name: _rank(result, tool) for name, result in results.items()},
            held=tuple(word for term, word in words.items() if term in terms),
            meant=tuple(word for term, word in words.items() if term in synonyms),
            lacked=tuple(word for term, word in words.items() if term not in terms | synonyms),
            double=self._double(tool, case),
            hidden_behind=_hidden_behind(tools, shallow),
            said_none=shallow.confidence == "none",
        )

    def _terms(self, tool: Tool) -> frozenset[str]:
        if tool.id not in self._known:
            self._known[tool.id] = tool_terms(tool)
        return self._known[tool.id]

    def _double(self, tool: Tool, case: _Case) -> Double | None:
        """Return the tool above that resembles the wanted one most, if one does that is not wanted itself."""
        terms = self._terms(tool)
        above = [
            Double(str(hit.tool.id), rank, resemblance(terms, self._terms(hit.tool)))
            for rank, hit in enumerate(case.shallow.hits, start=1)
            if best_rank([hit.tool.id], case.needs) is None
        ]
        best = max(above, key=lambda double: double.resemblance, default=None)
        return best if best is not None and best.resemblance >= ALIKE else None


def absence(need: Need, catalog: CatalogView) -> str:
    """Return why the catalog has none of the tools that serve a need."""
    server, _, name = need[0].rpartition("::")
    away = [status for status in catalog.statuses if status.name == server and status.state is SourceState.FAILED]
    if away:
        return f"the server {server} is not ready: {away[0].reason}"
    listed = catalog.snapshot.by_server.get(server, ())
    if server and not listed:
        return f"the catalog has no server {server}"
    return f"the server {server} lists no tool {name}" if server else f"the catalog has no tool {name}"


def _rank(result: SearchResult, tool: Tool) -> int | None:
    """Return the rank of a tool; a hit without any score is an artefact of filling up, and no find."""
    ranks = (rank for rank, hit in enumerate(result.hits, start=1) if hit.tool.id == tool.id and hit.score > 0)
    return next(ranks, None)


def _hidden_behind(tools: Sequence[Tool], result: SearchResult) -> str:
    wanted = {tool.id for tool in tools}
    behind = (str(hit.tool.id) for hit in result.hits if any(tool.id in wanted for tool in hit.alternatives))
    return next(behind, "")
