"""An engine in memory that is exact, until a test makes it fail, forget, wait or talk nonsense."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Collection, Iterator, Sequence
from typing import TYPE_CHECKING, Literal, TypeAlias, TypeVar

import anyio
import anyio.lowlevel

from mcp_toolweaver.core.errors import Unavailable
from mcp_toolweaver.core.tools import ToolId
from mcp_toolweaver.index.engine import Found, Lane, Point, PointId, Report, Sparse, StoredPoint

if TYPE_CHECKING:
    from mcp_toolweaver.core.query import Vector

Step: TypeAlias = Literal["search", "write", "remove", "points", "vectors", "read_view", "write_view"]

AnyT = TypeVar("AnyT")

_PAGE = 100


class FakeEngine:
    """An `Engine` that remembers what was asked of it. What it holds outlives the indexes over it."""

    def __init__(self, *, is_shared: bool = False) -> None:
        self.is_shared = is_shared
        self.held: dict[PointId, Point] = {}
        self.view: bytes | None = None
        self.steps: list[tuple[Step, list[PointId]]] = []
        """Everything that was asked, with the points that it was about."""
        self.failing: Collection[str] = ()
        """What fails from now on."""
        self.left_of_failures = 0
        """How many points a step that fails has written or removed."""
        self.waiting: dict[Step, anyio.Event] = {}
        """What each step waits for."""
        self.answer: Callable[[Lane, Found], Found] = lambda _lane, found: found
        """Changes what a search has found."""

    def about(self, step: Step) -> list[list[PointId]]:
        """Return the points of each time that something was asked."""
        return [points for asked, points in self.steps if asked == step and points]

    async def discard(self) -> None:
        self.held.clear()
        self.view = None

    async def search(self, lanes: Sequence[Lane]) -> Sequence[Found]:
        await self._ask("search", [])
        return [self.answer(lane, self._find(lane)) for lane in lanes]

    async def write(self, points: Sequence[Point]) -> None:
        for point in self._done("write", points):
            if point.meaning is not None or not self.is_shared or point.id not in self.held:
                self.held[point.id] = point
        await self._ask("write", [point.id for point in points])

    async def remove(self, ids: Collection[PointId]) -> None:
        for id_ in self._done("remove", list(ids)):
            self.held.pop(id_, None)
        await self._ask("remove", list(ids))

    async def points(self) -> AsyncIterator[Sequence[StoredPoint]]:
        await self._ask("points", list(self.held))
        stored = [_stored(point) for point in self.held.values()]
        for start in range(0, len(stored), _PAGE):
            yield stored[start : start + _PAGE]

    async def vectors(self, texts: Collection[str]) -> dict[str, Vector]:
        await self._ask("vectors", [])
        known = {point.payload.text: point.meaning for point in self.held.values() if point.meaning is not None}
        return {text: known[text] for text in texts if text in known}

    async def read_view(self) -> bytes | None:
        await self._ask("read_view", [])
        return self.view

    async def write_view(self, view: bytes) -> None:
        await self._ask("write_view", [])
        self.view = None if self.is_shared else bytes(view)

    async def describe(self) -> Report:
        return Report("memory", catalogs={"": len(self.held)})

    async def settle(self) -> None:
        await anyio.lowlevel.checkpoint()

    async def _ask(self, step: Step, points: list[PointId]) -> None:
        self.steps.append((step, points))
        await anyio.lowlevel.checkpoint()
        if step in self.waiting:
            await self.waiting[step].wait()
        if step in self.failing:
            raise Unavailable("fake engine", f"cannot {step}")

    def _done(self, step: Step, asked: Sequence[AnyT]) -> Sequence[AnyT]:
        return asked[: self.left_of_failures] if step in self.failing else asked

    def _find(self, lane: Lane) -> Found:
        scored = [(point.id, score) for point in self._among(lane) for score in _scores(lane, point)]
        return sorted(scored, key=lambda found: (-found[1], found[0]))[: max(lane.limit, 0)]

    def _among(self, lane: Lane) -> Iterator[Point]:
        for point in self.held.values():
            places = {point.payload.domain.casefold(), point.payload.server.casefold()}
            is_there = lane.domain is None or lane.domain.casefold() in places
            part, server = lane.within, point.payload.server
            is_there = is_there and (part is None or server in part.servers or point.id in part.points)
            if is_there and (lane.among is None or point.id in lane.among):
                yield point


def _scores(lane: Lane, point: Point) -> Iterator[float]:
    """Yield the score of a point, if it has one."""
    if isinstance(lane.query, Sparse):
        asked = dict(zip(lane.query.indices, lane.query.values, strict=True))
        words = zip(point.words.indices, point.words.values, strict=True)
        score = sum(asked.get(dimension, 0.0) * value for dimension, value in words)
        if score > 0:
            yield score
    elif point.meaning is not None:
        yield float(lane.query @ point.meaning)


def _stored(point: Point) -> StoredPoint:
    payload = point.payload
    tool = ToolId(payload.server, payload.name)
    return StoredPoint(point.id, tool, payload.digest, payload.domain, point.meaning is not None, point.words)
