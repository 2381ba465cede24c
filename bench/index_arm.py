"""What is timed: an index, or something to compare it with."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from bench.index_tools import Asked
from mcp_toolweaver.core.interfaces import ToolIndex
from mcp_toolweaver.core.query import Candidates, IndexEntry, SearchResult
from mcp_toolweaver.core.tools import Snapshot, Tool, ToolId
from mcp_toolweaver.search.fusion import MEANING_WEIGHT, meaning_share
from mcp_toolweaver.search.names import Named
from mcp_toolweaver.search.ranking import rank

_NOBODY = Named()


@dataclass(frozen=True, slots=True)
class Answer:
    """What was found, best first, and the seconds that the lanes and their fusion took."""

    found: tuple[ToolId, ...]
    lanes: float
    fusion: float = 0.0
    """0 where the lanes cannot be told from it."""

    @property
    def seconds(self) -> float:
        """The whole index step."""
        return self.lanes + self.fusion


class Arm(Protocol):
    """Something that is filled with tools and asked for them."""

    async def fill(self, entries: Sequence[IndexEntry]) -> None:
        """Make the tools searchable."""
        ...

    async def settle(self) -> None:
        """Finish whatever makes searches fast."""
        ...

    async def ask(self, asked: Asked) -> Answer:
        """Answer a question, timed."""
        ...


@dataclass(slots=True)
class Writes:
    """What was written to an index so far."""

    points: int = 0
    removed: int = 0


async def _nothing() -> None:
    pass


class IndexArm:
    """A `ToolIndex`, whose candidates are ranked as a search ranks them."""

    def __init__(
        self,
        index: ToolIndex,
        tools: Mapping[ToolId, Tool],
        writes: Writes,
        settle: Callable[[], Awaitable[None]] = _nothing,
    ) -> None:
        self.index = index
        self.writes = writes
        self._settle = settle
        self._snapshot = Snapshot(tools)

    async def fill(self, entries: Sequence[IndexEntry]) -> None:
        """See `Arm.fill`."""
        await self.index.apply(entries, [])

    async def settle(self) -> None:
        """See `Arm.settle`."""
        await self._settle()

    async def ask(self, asked: Asked) -> Answer:
        """See `Arm.ask`."""
        started = time.perf_counter()
        candidates = await self.index.query(asked.query)
        found = time.perf_counter()
        result = ranked(candidates, asked, self._snapshot)
        ended = time.perf_counter()
        return Answer(tuple(hit.tool.id for hit in result.hits), found - started, ended - found)


def ranked(candidates: Candidates, asked: Asked, snapshot: Snapshot) -> SearchResult:
    """Rank as a search does; what names a tool is found elsewhere, so no name takes part."""
    share = meaning_share(MEANING_WEIGHT, len(set(asked.query.probes[0].terms)))
    return rank(candidates, snapshot, asked.request, _NOBODY, share=share, tier="hybrid")


def payload_of(tool: Tool) -> dict[str, Any]:
    """Return what the references store of a tool."""
    return {
        "server": tool.id.server,
        "name": tool.id.name,
        "domain": tool.domain,
        "description": tool.description,
        "parameters": list(tool.input_schema.get("properties", {})),
        "digest": tool.digest,
    }
