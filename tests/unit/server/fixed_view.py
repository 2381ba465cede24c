"""A catalog that stands still, and tools for it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from mcp_toolweaver.core.query import Confidence, Hit, SearchRequest, SearchResult
from mcp_toolweaver.core.status import SourceState, SourceStatus
from mcp_toolweaver.core.tools import Snapshot, Tool


@dataclass
class FixedView:
    """A `CatalogView` of what it was made with."""

    snapshot: Snapshot = field(default_factory=Snapshot)
    statuses: Sequence[SourceStatus] = ()


@dataclass
class FixedSearcher:
    """Answers every search with the same result, and remembers what it was asked."""

    result: SearchResult
    asked: list[SearchRequest] = field(default_factory=list[SearchRequest])

    async def search(self, request: SearchRequest) -> SearchResult:
        self.asked.append(request)
        return self.result


def tool(server: str, name: str, *, domain: str = "", is_callable: bool = True, **definition: Any) -> Tool:
    return Tool.from_definition(server, {"name": name, **definition}, domain=domain, is_callable=is_callable)


def view(*tools: Tool, statuses: Sequence[SourceStatus] = ()) -> FixedView:
    return FixedView(Snapshot.of(tools), statuses)


def status(name: str, state: SourceState, *, tools: int = 0, reason: str = "") -> SourceStatus:
    return SourceStatus(name, "mcp_server", state, tools, reason)


def result_of(*tools: Tool, confidence: Confidence = "high", skipped: tuple[str, ...] = ()) -> SearchResult:
    hits = tuple(Hit(each, 0.9 - 0.1 * place) for place, each in enumerate(tools))
    return SearchResult(hits, confidence, "hybrid", skipped)
