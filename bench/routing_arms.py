"""Ways to route a question to domains, each as what it makes of the question to the index."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from mcp_toolweaver.core.interfaces import ToolIndex
from mcp_toolweaver.core.query import Candidates, IndexEntry, IndexQuery, Match
from mcp_toolweaver.core.tools import Tool, ToolId

Route: TypeAlias = Callable[[IndexQuery], Sequence[IndexQuery]]
"""From the question that the search asks to those that the index is asked; their candidates are put together."""

NEAREST = 3
"""How many of the nearest domains are likely."""


@dataclass(frozen=True)
class Arm:
    """A way to route."""

    name: str
    route: Route
    uses_names: bool = False
    """Whether the search itself says which domains the question names."""


class Right:
    """Knows the right tools of the question that is being asked."""

    def __init__(self, tools: Sequence[Tool]) -> None:
        """Learn the tools by all that a label may call them."""
        self._tools: defaultdict[str, list[Tool]] = defaultdict(list)
        for tool in tools:
            for name in (str(tool.id), tool.id.name):
                self._tools[name].append(tool)
        self._now: list[Tool] = []

    def ask(self, needs: Sequence[Sequence[str]]) -> None:
        """Let the question be one with these labels."""
        self._now = [tool for need in needs for name in need for tool in self._tools[name]]

    @property
    def domains(self) -> tuple[str, ...]:
        """Their domains."""
        return tuple(sorted({tool.domain for tool in self._now}))

    @property
    def servers(self) -> tuple[str, ...]:
        """Their servers."""
        return tuple(sorted({tool.id.server for tool in self._now}))

    def is_in(self, domains: Collection[str]) -> bool:
        """Whether one of them is in one of these domains or servers."""
        return any(tool.domain in domains or tool.id.server in domains for tool in self._now)


class Centroids:
    """The mean vector of the tools of each domain."""

    def __init__(self, tools: Sequence[Tool], vectors: NDArray[np.float32]) -> None:
        """Average the vectors, one a tool."""
        rows: defaultdict[str, list[int]] = defaultdict(list)
        for row, tool in enumerate(tools):
            rows[tool.domain].append(row)
        self._domains = list(rows)
        means = np.stack([vectors[each].mean(axis=0) for each in rows.values()])
        self._means = means / np.linalg.norm(means, axis=1, keepdims=True)

    def nearest(self, vector: NDArray[np.float32], most: int) -> tuple[str, ...]:
        """Return the domains whose centroids are nearest, best first."""
        order: list[int] = np.argsort(-(self._means @ vector))[:most].tolist()
        return tuple(self._domains[at] for at in order)


def arms(right: Right, centroids: Centroids) -> tuple[Arm, ...]:
    """Return the ways to route; the first is not to."""

    def nearest(query: IndexQuery, most: int) -> tuple[str, ...]:
        vector = query.probes[0].vector
        return () if vector is None else centroids.nearest(vector, most)

    return (
        Arm("no routing", lambda query: [query]),
        Arm("soft, by names", lambda query: [query], uses_names=True),
        Arm("hard, by names", lambda query: _kept(query, query.likely), uses_names=True),
        Arm("soft, by centroids", lambda query: [replace(query, likely=nearest(query, NEAREST))]),
        Arm("hard, by centroid", lambda query: _kept(query, nearest(query, 1))),
        Arm("soft, right domains", lambda query: [replace(query, likely=right.domains)]),
        Arm("hard, right domains", lambda query: _kept(query, right.domains)),
    )


def _kept(query: IndexQuery, domains: Sequence[str]) -> list[IndexQuery]:
    """Return the question to each of the domains alone; to the whole catalog, if there is none."""
    return [replace(query, likely=(), domain=domain) for domain in domains] or [query]


class RoutedIndex:
    """A `ToolIndex` that asks another one as an arm says, and notes what was asked and how long it took."""

    def __init__(self, inner: ToolIndex, route: Route) -> None:
        self._inner = inner
        self._route = route
        self.seconds = 0.0
        self.domains: tuple[str, ...] = ()
        """Those to which the last question was routed."""
        self.candidates = 0

    async def query(self, query: IndexQuery) -> Candidates:
        """See `ToolIndex.query`."""
        asked = self._route(query)
        started = time.perf_counter()
        found = [await self._inner.query(each) for each in asked]
        self.seconds = time.perf_counter() - started
        self.domains = (*(each.domain for each in asked if each.domain is not None), *asked[0].likely)
        matches: dict[ToolId, Match] = {match.id: match for each in found for match in each.matches}
        self.candidates = len(matches)
        crowds = [each.crowd for each in found if each.crowd is not None]
        return Candidates(tuple(matches.values()), max(crowds, default=None))

    async def unembedded(self) -> int:
        """See `ToolIndex.unembedded`."""
        return await self._inner.unembedded()

    async def digests(self) -> Mapping[ToolId, str]:
        """See `ToolIndex.digests`."""
        return await self._inner.digests()

    async def without_vector(self) -> Collection[ToolId]:
        """See `ToolIndex.without_vector`."""
        return await self._inner.without_vector()

    async def apply(self, upserts: Sequence[IndexEntry], deletes: Sequence[ToolId]) -> None:
        """See `ToolIndex.apply`."""
        await self._inner.apply(upserts, deletes)


def foreign_centroid_accuracy(tools: Sequence[Tool], vectors: NDArray[np.float32]) -> tuple[int, int]:
    """Return how many servers the nearest centroid of the other servers' tools puts into their domain, and of how many.

    Only servers count whose domain has tools on other servers too.
    """
    servers: defaultdict[str, list[int]] = defaultdict(list)
    for row, tool in enumerate(tools):
        servers[tool.id.server].append(row)
    right = counted = 0
    for own in servers.values():
        mine = set(own)
        others = [row for row in range(len(tools)) if row not in mine]
        domain = tools[own[0]].domain
        if not any(tools[row].domain == domain for row in others):
            continue
        centroids = Centroids([tools[row] for row in others], vectors[others])
        counted += 1
        right += centroids.nearest(vectors[own].mean(axis=0), 1) == (domain,)
    return right, counted
