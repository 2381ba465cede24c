"""An index over an engine: what is searchable is a view, and the engine searches and keeps it."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace

import anyio

from mcp_toolweaver.core.errors import Unavailable
from mcp_toolweaver.core.query import Candidates, IndexEntry, IndexQuery
from mcp_toolweaver.core.threads import run_in_thread
from mcp_toolweaver.core.tools import ToolId
from mcp_toolweaver.index.change import Change, Spare, change
from mcp_toolweaver.index.engine import MEANING, Engine, Found, Lane, PointId
from mcp_toolweaver.index.lanes import Asked, Scores
from mcp_toolweaver.index.parts import Parts
from mcp_toolweaver.index.reading import Held, read
from mcp_toolweaver.index.view import View
from mcp_toolweaver.index.view_file import encode

_log = logging.getLogger(__name__)

_MOST_WIDENINGS = 4
"""How often a lane is asked for more, because what it brought does not count."""
_WIDENING = 8
"""How much more it is asked for each time."""
_KEPT = 600.0
"""Seconds for which what left the catalog stays in an engine that others share; nothing finds it here meanwhile."""
_MOST_OVERTAKEN = 3
"""How often a question is asked again, because the points that it was about may have been removed meanwhile."""


class StoredIndex:
    """A `ToolIndex` whose points lie in an engine. Use `open_stored` to get one."""

    def __init__(
        self, engine: Engine, catalog: str, dimension: int, held: Held, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Search what is held in ``engine`` for ``catalog``; its vectors have shape ``(dimension,)``."""
        self._engine = engine
        self._catalog = catalog
        self._dimension = dimension
        self._view = held.view
        self._parts = Parts()
        self._spare: Spare = held.spare
        self._litter: set[PointId] = set()
        """Points that may be there, after a change that failed, and are of no use."""
        self._went: dict[PointId, float] = {}
        """When each spare point of a shared engine was seen to be spare."""
        self._clock = clock
        self._writing = anyio.Lock()

    async def query(self, query: IndexQuery) -> Candidates:
        """See `ToolIndex.query`."""
        for _ in range(_MOST_OVERTAKEN):
            view = self._view
            found = await self._query(query, await self._parts.of(view, query.within))
            if view is self._view:
                return found
        return await self._query(query, await self._parts.of(self._view, query.within))

    async def _query(self, query: IndexQuery, view: View) -> Candidates:
        if not query.probes or not len(view):
            return Candidates()
        asked = Asked.of(query, view, self._dimension)
        found = await self._found(asked.lanes(), view)
        rows = asked.union(found)
        cosines = [dict(scores) for scores in found[: len(asked.vectors)]]
        unmet = asked.unmet(rows, found)
        for known, scores in zip(cosines, await self._found(unmet, view), strict=True):
            known.update(scores)
        return asked.candidates(rows, cosines, found[0] if asked.vectors else ())

    async def unembedded(self) -> int:
        """See `ToolIndex.unembedded`."""
        return self._view.unembedded

    async def digests(self) -> Mapping[ToolId, str]:
        """See `ToolIndex.digests`."""
        if self._engine.is_shared:
            await self._read_again()
        view = self._view
        return await run_in_thread(lambda: view.digest_of_tool)

    async def without_vector(self) -> Collection[ToolId]:
        """See `ToolIndex.without_vector`."""
        return self._view.bare

    async def apply(self, upserts: Sequence[IndexEntry], deletes: Sequence[ToolId]) -> None:
        """See `ToolIndex.apply`."""
        async with self._writing:
            planned = await run_in_thread(change, self._view, self._spare, self._catalog, upserts, deletes)
            self._litter.update(point.id for point in planned.points if point.id not in self._view.row_of_point)
            await self._engine.write(planned.points)
            if not self._engine.is_shared:
                await self._engine.write_view(await run_in_thread(encode, planned.view))
            self._view = planned.view
            await self._remove(planned)

    @property
    def generation(self) -> str:
        """The generation of the catalog that is searchable."""
        return self._view.generation

    async def settle(self) -> None:
        """Let the engine put in order what was written; see `Engine.settle`."""
        await self._engine.settle()

    async def _remove(self, planned: Change) -> None:
        """Remove what is searchable no longer; what cannot be removed now does no harm, and is tried again."""
        litter = self._litter | planned.gone.keys()
        self._spare = {}  # if not all can be removed, some are not there any more
        if self._engine.is_shared:
            self._spare = self._kept(planned.gone)
            litter = planned.gone.keys() - self._spare.keys()
        self._litter = litter - planned.view.row_of_point.keys()
        try:
            await self._engine.remove(self._litter)
        except Unavailable as away:
            _log.warning("%s; old versions of tools stay there until the next change", away)
        else:
            self._litter = set()

    def _kept(self, gone: Spare) -> Spare:
        """Return what another process may still search, or again: all that went less than ten minutes ago.

        One that has just started, with a catalog of yesterday, would else take from the others what is new.
        """
        now = self._clock()
        self._went = {point: self._went.get(point, now) for point in gone}
        return {point: row for point, row in gone.items() if now - self._went[point] < _KEPT}

    async def _read_again(self) -> None:
        """Take notice of what others did to the points of the catalog."""
        async with self._writing:
            held = await read(self._engine, self._dimension, self._view, self._went)
            self._view, self._spare, self._litter = held.view, held.spare, set()

    async def _found(self, lanes: Sequence[Lane], view: View) -> list[Scores]:
        """Return what each lane finds of the view, asking for more where the rest of the engine took its places."""
        wanted = [(at, lane) for at, lane in enumerate(lanes) if lane.limit > 0]
        found: list[Scores] = [()] * len(lanes)
        for _ in range(_MOST_WIDENINGS):
            short: list[tuple[int, Lane]] = []
            for (at, lane), all_found in zip(wanted, await self._search([lane for _, lane in wanted]), strict=True):
                limit = lanes[at].limit
                counted = _counted(lane, all_found, view)
                found[at] = counted[:limit]
                if len(counted) < limit and len(all_found) == lane.limit:
                    short.append((at, replace(lane, limit=_WIDENING * lane.limit)))
            if not short:
                break
            wanted = short
        return found

    async def _search(self, lanes: Sequence[Lane]) -> Sequence[Found]:
        return await self._engine.search(lanes) if lanes else ()


def _counted(lane: Lane, found: Found, view: View) -> list[tuple[int, float]]:
    """Return what is in the view, by row; a vector that is not in it yet does not count."""
    rows = view.row_of_point
    known = [(row, score) for point, score in found if (row := rows.get(point)) is not None]
    if lane.space != MEANING or not view.unembedded:
        return known
    has_meaning = view.has_meaning
    return [(row, score) for row, score in known if has_meaning[row]]


async def open_stored(
    engine: Engine, catalog: str, dimension: int, *, clock: Callable[[], float] = time.monotonic
) -> StoredIndex:
    """Return the index over what an engine holds of a catalog.

    Args:
        engine: Where the points are.
        catalog: The name that keeps the points of several catalogs in one engine apart.
        dimension: The length of the vectors.
        clock: Returns seconds.

    Raises:
        Unavailable: the engine cannot be read.
    """
    return StoredIndex(engine, catalog, dimension, await read(engine, dimension), clock=clock)
