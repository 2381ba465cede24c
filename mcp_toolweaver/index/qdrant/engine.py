"""An `Engine` over a collection on a Qdrant server or cluster, which other Toolweavers may use too."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import AsyncGenerator, Collection, Iterator, Sequence
from contextlib import aclosing
from typing import TYPE_CHECKING, TypeVar

from qdrant_client import models

from mcp_toolweaver.core.errors import Unavailable
from mcp_toolweaver.index.engine import MEANING, WORDS, Found, Lane, Point, PointId, Report, Sparse, StoredPoint
from mcp_toolweaver.index.payload import CATALOG, READ_BACK
from mcp_toolweaver.index.qdrant.failures import PART, Nonsense
from mcp_toolweaver.index.qdrant.lanes import among, is_empty, is_of, to_found, to_query
from mcp_toolweaver.index.qdrant.link import Link
from mcp_toolweaver.index.qdrant.options import Place
from mcp_toolweaver.index.qdrant.records import batches, to_stored, to_struct, to_vector
from mcp_toolweaver.index.qdrant.shards import Shards

if TYPE_CHECKING:
    from mcp_toolweaver.core.query import Vector

_PAGE = 1000
_PAGE_OF_VECTORS = 256
"""A megabyte or so, by REST."""
_TEXTS_AT_ONCE = 256
_IDS_AT_ONCE = 1000
_MOST_VALUES = 1000
"""Of a field: catalogs, or domains."""
ItemT = TypeVar("ItemT")


class QdrantEngine:
    """The points of one catalog; nothing else in the collection is seen or touched, but vectors by their text."""

    is_shared = True

    def __init__(self, link: Link, place: Place, collection: str, shards: Shards) -> None:
        """Use `open_qdrant` to get one."""
        self.link = link
        self.place = place
        self.collection = collection
        self._shards = shards

    async def search(self, lanes: Sequence[Lane]) -> Sequence[Found]:
        """See `Engine.search`."""
        asked = {at: self._query(lane) for at, lane in enumerate(lanes) if not is_empty(lane)}
        if not asked:
            return [[] for _ in lanes]
        client = self.link.client
        answers = await self.link.search(client.query_batch_points(self.collection, list(asked.values())))
        if len(answers) != len(asked):
            raise Nonsense(self.link.where, f"{len(answers)} answers to {len(asked)} questions")
        by_lane = dict(zip(asked, answers, strict=True))
        where = self.link.where
        return [to_found(lane, by_lane[at].points, where) if at in by_lane else [] for at, lane in enumerate(lanes)]

    def _query(self, lane: Lane) -> models.QueryRequest:
        self._check_dimension(lane.query)
        keys = self._shards.keys_with(lane.domain)
        return to_query(lane, self.place.catalog, keys, is_local=self.link.is_local)

    def _check_dimension(self, vector: Vector | Sparse | None) -> None:
        if vector is None or isinstance(vector, Sparse) or vector.shape == (self.place.dimension,):
            return
        raise Unavailable(PART, f"a vector of shape {vector.shape} is not one of {self.place.dimension} dimensions")

    async def write(self, points: Sequence[Point]) -> None:
        """See `Engine.write`."""
        by_key: defaultdict[str | None, list[Point]] = defaultdict(list)
        keys = {domain: await self._shards.key_for(domain) for domain in {point.payload.domain for point in points}}
        for point in await self._worth_writing(points):
            self._check_dimension(point.meaning)
            by_key[keys[point.payload.domain]].append(point)
        for key, some in by_key.items():
            await self._write(some, key)

    async def _worth_writing(self, points: Sequence[Point]) -> Sequence[Point]:
        """Leave out points without a vector that are there already: another process may have given them theirs."""
        bare = [point.id for point in points if point.meaning is None]
        there: set[PointId] = set()
        for some in _parts(bare, _IDS_AT_ONCE):
            client = self.link.client
            records = await self.link.ask(client.retrieve(self.collection, some, with_payload=False))
            there.update(record.id for record in records if isinstance(record.id, int))
        return [point for point in points if point.id not in there]

    async def _write(self, points: Sequence[Point], key: str | None) -> None:
        for point in points:
            self._shards.remember((point.payload.domain, point.payload.server), key)
        structs = (to_struct(point, self.place.catalog) for point in points)
        for batch in batches(structs, self.place.dimension):
            done = await self.link.ask(
                self.link.client.upsert(self.collection, batch, wait=True, shard_key_selector=key)
            )
            self._check_done(done)

    async def remove(self, ids: Collection[PointId]) -> None:
        """See `Engine.remove`; a point of another catalog is unknown."""
        keys = await self._shards.all_keys() if ids else None
        for some in _parts(list(ids), _IDS_AT_ONCE):
            of_these = models.Filter(must=[is_of(self.place.catalog), among(some)])
            selector = models.FilterSelector(filter=of_these, shard_key=list(keys) if keys else None)
            done = await self.link.ask(self.link.client.delete(self.collection, selector, wait=True))
            self._check_done(done)

    def _check_done(self, done: models.UpdateResult) -> None:
        """Raise where a change was merely accepted, or waited for in vain."""
        if done.status is not models.UpdateStatus.COMPLETED:
            raise Unavailable(PART, f"{self.link.where} has not carried out a change yet ({done.status.value})")

    async def points(self) -> AsyncGenerator[Sequence[StoredPoint]]:
        """See `Engine.points`; what no Toolweaver wrote is left out."""
        condition = models.Filter(must=[is_of(self.place.catalog)])
        async with aclosing(self._pages(condition, READ_BACK, WORDS, _PAGE)) as pages:
            async for page in pages:
                yield [point for record in page if (point := self._stored(record)) is not None]

    def _stored(self, record: models.Record) -> StoredPoint | None:
        point = to_stored(record)
        if point is not None:
            self._shards.remember((point.domain, point.tool.server), _key_of(record))
        return point

    async def vectors(self, texts: Collection[str]) -> dict[str, Vector]:
        """See `Engine.vectors`."""
        found: dict[str, Vector] = {}
        for some in _parts(list(texts), _TEXTS_AT_ONCE):
            found |= await self._vectors(some)
        return found

    async def _vectors(self, texts: list[str]) -> dict[str, Vector]:
        """Read until all are found, for other catalogs may have the same."""
        found: dict[str, Vector] = {}
        wanted, any_of = set(texts), models.FieldCondition(key="text", match=models.MatchAny(any=texts))
        of_texts = models.Filter(must=[any_of])
        async with aclosing(self._pages(of_texts, ["text"], MEANING, _PAGE_OF_VECTORS)) as pages:
            async for page in pages:
                for record in page:
                    vector = to_vector(record, self.place.dimension)
                    text = (record.payload or {}).get("text")
                    if vector is not None and text in wanted:
                        found[str(text)] = vector
                if found.keys() >= wanted:
                    break
        return found

    async def _pages(
        self, condition: models.Filter, payload: list[str], vector: str, limit: int
    ) -> AsyncGenerator[Sequence[models.Record]]:
        """Read the points that meet a condition in the order of their ids."""
        offset: int | None = None
        while True:
            page, following = await self.link.ask(
                self.link.client.scroll(
                    self.collection,
                    condition,
                    limit=limit,
                    offset=offset,
                    with_payload=payload,
                    with_vectors=[vector],
                )
            )
            yield page
            if not isinstance(following, int):
                return  # the end, or UUIDs, which come after all numbers and are not ours
            if offset is not None and following <= offset:
                raise Nonsense(self.link.where, f"page after {offset} starts at {following}")
            offset = following

    async def read_view(self) -> bytes | None:
        """See `Engine.read_view`: others may have written."""

    async def write_view(self, view: bytes) -> None:
        """See `Engine.write_view`: nothing is kept."""
        del view

    async def describe(self) -> Report:
        """See `Engine.describe`."""
        return Report(self.link.where, self.collection, await self.count_by(CATALOG, models.Filter()))

    async def count_by(self, field: str, condition: models.Filter) -> dict[str, int]:
        """Return how many points have each value of a field, the largest number first.

        Raises:
            Unavailable: the server does not say.
        """
        client = self.link.client
        answer = client.facet(self.collection, field, facet_filter=condition, limit=_MOST_VALUES, exact=True)
        hits = (await self.link.ask(answer)).hits
        return {str(hit.value): hit.count for hit in sorted(hits, key=lambda hit: (-hit.count, str(hit.value)))}

    async def discard(self) -> None:
        """See `Engine.discard`: what others use is not ours to let go of."""

    async def settle(self) -> None:
        """See `Engine.settle`: the server does it by itself."""


def _key_of(record: models.Record) -> str | None:
    return record.shard_key if isinstance(record.shard_key, str) else None


def _parts(items: list[ItemT], size: int) -> Iterator[list[ItemT]]:
    return (items[start : start + size] for start in range(0, len(items), size))
