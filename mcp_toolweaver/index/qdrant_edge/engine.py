"""An engine over a shard in a folder of this process."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Collection, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import anyio
import qdrant_edge as qe
from typing_extensions import Buffer

from mcp_toolweaver.core.errors import Unavailable
from mcp_toolweaver.core.threads import run_in_thread
from mcp_toolweaver.index.engine import MEANING, WORDS, Found, Lane, Point, PointId, Report, Space, StoredPoint
from mcp_toolweaver.index.payload import READ_BACK
from mcp_toolweaver.index.qdrant_edge.failures import translated
from mcp_toolweaver.index.qdrant_edge.folder import PART, EdgeFolder, Head
from mcp_toolweaver.index.qdrant_edge.lanes import can_find, to_found, to_request
from mcp_toolweaver.index.qdrant_edge.records import to_stored, to_struct, to_vector
from mcp_toolweaver.index.qdrant_edge.settling import settle_elsewhere

if TYPE_CHECKING:
    from mcp_toolweaver.core.query import Vector

Shard: TypeAlias = tuple[Head, qe.EdgeShard]

_WRITTEN_AT_ONCE = 128
_READ_AT_ONCE = 1_000
_BYTES_OF_A_POINT = 8_192

_LEAST_UNSETTLED = 10_000
_UNSETTLED_SHARE = 0.2
"""How many changes there must be, and which share of the points, until it is worth putting the shard in order."""


class EdgeEngine:
    """An `Engine` inside this process; use `open_edge` to get one."""

    is_shared = False

    def __init__(
        self, folder: EdgeFolder, shard: Shard, catalog: str, make: Callable[[], Shard], *, is_known: bool
    ) -> None:
        """Use a shard, or what ``make`` makes in its place; ``is_known`` says whether the folder has a view of it."""
        self._make = make
        self._folder = folder
        self._head, self._shard = shard
        self._catalog = catalog
        self._is_known = is_known
        self._changing = anyio.Lock()
        self._settling = anyio.Lock()
        self._missed: list[tuple[qe.UpdateOperation, int]] | None = None
        """What was changed since the shard was copied, while the copy is put in order."""
        self.is_unsettled = anyio.Event()
        self._note_unsettled()

    async def search(self, lanes: Sequence[Lane]) -> Sequence[Found]:
        """See `Engine.search`; it holds the event loop for a fraction of a millisecond."""
        asked = [(at, lane) for at, lane in enumerate(lanes) if can_find(lane)]
        found: list[Found] = [()] * len(lanes)
        if asked:
            with translated("searching"):
                answers = self._shard.query_batch(qe.QueryBatchRequest([to_request(lane) for _, lane in asked]))
                for (at, lane), points in zip(asked, answers, strict=True):
                    found[at] = to_found(lane, points)
        return found

    async def write(self, points: Sequence[Point]) -> None:
        """See `Engine.write`."""
        if not self._folder.has_room(len(points) * _BYTES_OF_A_POINT):
            raise Unavailable(PART, f"the disk of {self._folder.path} is nearly full; nothing was written")
        for start in range(0, len(points), _WRITTEN_AT_ONCE):
            batch = points[start : start + _WRITTEN_AT_ONCE]
            with translated("writing"):
                structs = [to_struct(point, self._catalog) for point in batch]
            await self._change(qe.UpdateOperation.upsert_points(structs), len(batch))

    async def remove(self, ids: Collection[PointId]) -> None:
        """See `Engine.remove`."""
        left: list[Any] = list(ids)
        for start in range(0, len(left), _READ_AT_ONCE):
            batch = left[start : start + _READ_AT_ONCE]
            await self._change(qe.UpdateOperation.delete_points(batch), len(batch))

    async def points(self) -> AsyncIterator[Sequence[StoredPoint]]:
        """See `Engine.points`."""
        async for records in self._pages(READ_BACK, WORDS):
            with translated("reading"):
                page = [to_stored(record) for record in records]
            yield page

    async def vectors(self, texts: Collection[str]) -> dict[str, Vector]:
        """See `Engine.vectors`."""
        is_wanted = qe.FieldCondition("text", match=qe.MatchAny(list(texts)))
        wanted = qe.Filter(must=[is_wanted, qe.HasVectorCondition(MEANING)])
        found: dict[str, Vector] = {}
        async for records in self._pages(["text"], MEANING, wanted):
            for record in records:
                vector = to_vector(record)
                if vector is not None and record.payload:
                    found[str(record.payload["text"])] = vector
        return found

    async def _pages(
        self, fields: list[str], vector: Space, wanted: qe.Filter | None = None
    ) -> AsyncIterator[Sequence[qe.Record]]:
        offset: Any = None
        while True:
            request = qe.ScrollRequest(offset, _READ_AT_ONCE, wanted, with_payload=fields, with_vector=[vector])
            with translated("reading"):
                records, offset = await run_in_thread(self._shard.scroll, request)
            yield records
            if offset is None:
                return

    async def read_view(self) -> Buffer | None:
        """See `Engine.read_view`."""
        read = await run_in_thread(self._folder.read) if self._is_known else None
        return read[1] if read else None

    async def write_view(self, view: Buffer) -> None:
        """See `Engine.write_view`."""
        async with self._changing:
            with translated("writing"):
                with anyio.CancelScope(shield=True):
                    await run_in_thread(self._shard.flush)
                    await run_in_thread(self._folder.write, self._head, view)
                self._is_known = True
                self._note_unsettled()

    async def discard(self) -> None:
        """See `Engine.discard`."""
        async with self._changing:
            with translated("beginning anew"), anyio.CancelScope(shield=True):
                await run_in_thread(self._begin_anew)

    def _begin_anew(self) -> None:
        self._shard.close()
        self._head, self._shard = self._make()
        self._is_known = False
        self._folder.clear(kept=self._head.shard)

    async def describe(self) -> Report:
        """See `Engine.describe`."""
        with translated("reading"):
            size = await run_in_thread(lambda: self._folder.size)
            points = self._shard.info().points_count
        return Report(str(self._folder.path), catalogs={self._catalog: points}, bytes_on_disk=size)

    async def settle(self) -> None:
        """See `Engine.settle`; it takes as much disk again for a while."""
        async with self._settling:
            if self.is_unsettled.is_set():  # whoever waits for it goes on waiting for the same one
                self.is_unsettled = anyio.Event()
            if self._head.changed:
                await self._settle()

    async def _settle(self) -> None:
        copy = self._folder.new_shard()
        try:
            await self._check_room()
            async with self._changing:
                with translated("copying"):
                    await run_in_thread(self._shard.flush)
                    await run_in_thread(self._folder.copy_shard, self._head.shard, copy)
                self._missed = []
            await settle_elsewhere(copy)
            async with self._changing:
                with translated("opening what was put in order"), anyio.CancelScope(shield=True):
                    await run_in_thread(self._take, copy)
        finally:
            self._missed = None
            await run_in_thread(self._folder.clear, self._head.shard)

    async def _check_room(self) -> None:
        size = (await self.describe()).bytes_on_disk or 0
        if not self._folder.has_room(2 * size):
            raise Unavailable(PART, f"the disk of {self._folder.path} is too full to put the index in order")

    def close(self) -> None:
        """Leave the shard."""
        self._shard.close()

    def _note_unsettled(self) -> None:
        """Say that the shard is worth putting in order, if so much changed since."""
        if self._head.changed > max(_LEAST_UNSETTLED, _UNSETTLED_SHARE * self._shard.info().points_count):
            self.is_unsettled.set()

    async def _change(self, operation: qe.UpdateOperation, size: int) -> None:
        async with self._changing:
            with translated("writing"), anyio.CancelScope(shield=True):
                await run_in_thread(self._shard.update, operation)
            self._head = Head(self._head.shard, self._head.changed + size)
            if self._missed is not None:
                self._missed.append((operation, size))

    def _take(self, copy: Path) -> None:
        """Go on with another shard, once it has what this one has."""
        missed = self._missed or []
        shard = qe.EdgeShard.load(str(copy))
        for operation, _size in missed:
            shard.update(operation)
        shard.flush()
        head = Head(copy.name, sum(size for _operation, size in missed))
        if (read := self._folder.read()) is not None:
            self._folder.write(head, read[1])
        before, self._shard, self._head = self._shard, shard, head
        before.close()
