"""What a Qdrant server does with a request: checked by the client's own models, carried out by its engine in memory.

It is as strict as a server is: an unknown collection or vector is refused, so is a filter by a field without
an index (as in the strict mode of Qdrant Cloud), and a write without a shard key where there are some.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from pydantic import BaseModel, TypeAdapter
from qdrant_client import AsyncQdrantClient
from qdrant_client.http import models as m


class Refused(Exception):
    """The server answers with a status of 4xx and a reason."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason


def parsed(kind: Any, body: bytes) -> Any:
    """Return the body as one of the client's request models; a field that they do not have is refused."""
    return TypeAdapter(kind).validate_json(body)


class QdrantStore:
    """Collections, aliases, payload indexes and shard keys."""

    def __init__(self, *, is_cluster: bool = False) -> None:
        self.client = AsyncQdrantClient(":memory:")
        self.is_cluster = is_cluster
        self.made: dict[str, m.CreateCollection] = {}
        self.indexes: defaultdict[str, dict[str, Any]] = defaultdict(dict)
        self.shards: defaultdict[str, dict[str, set[m.ExtendedPointId]]] = defaultdict(dict)
        """The points of each shard key, of each collection that was made for them."""

    async def named(self, name: str) -> str:
        """Return the collection that a name or an alias stands for."""
        aliases = {alias.alias_name: alias.collection_name for alias in (await self.client.get_aliases()).aliases}
        found = aliases.get(name, name)
        if found not in self.made:
            raise Refused(404, f"Not found: Collection `{name}` doesn't exist!")
        return found

    async def create(self, name: str, asked: m.CreateCollection) -> bool:
        taken = {alias.alias_name for alias in (await self.client.get_aliases()).aliases} | self.made.keys()
        if name in taken:
            raise Refused(409, f"Wrong input: Collection `{name}` already exists!")
        vectors = asked.vectors if isinstance(asked.vectors, dict) else {}
        await self.client.create_collection(name, vectors_config=vectors, sparse_vectors_config=asked.sparse_vectors)
        self.made[name] = asked
        return True

    async def delete(self, name: str) -> bool:
        self.indexes.pop(name, None)
        self.shards.pop(name, None)
        self.made.pop(name, None)
        return await self.client.delete_collection(name)

    async def describe(self, name: str) -> m.CollectionInfo:
        info = await self.client.get_collection(name)
        params = info.config.params.model_copy(update={"sharding_method": self.made[name].sharding_method})
        quantization = self.made[name].quantization_config
        config = info.config.model_copy(update={"params": params, "quantization_config": quantization})
        return info.model_copy(update={"config": config})

    async def index(self, name: str, asked: m.CreateFieldIndex) -> m.UpdateResult:
        self.indexes[name][asked.field_name] = asked.field_schema
        return done()

    async def upsert(self, name: str, asked: m.PointsList) -> m.UpdateResult:
        self._into_shard(name, asked.shard_key, [point.id for point in asked.points])
        await self.client.upsert(name, asked.points)
        return done()

    async def retrieve(self, name: str, asked: m.PointRequest) -> list[m.Record]:
        return await self.client.retrieve(name, asked.ids, asked.with_payload or False, asked.with_vector or False)

    async def remove(self, name: str, asked: m.FilterSelector) -> m.UpdateResult:
        keys = self._keys(name, asked.shard_key, is_write=True)
        await self.client.delete(name, self._within(name, asked.filter, keys))
        return done()

    async def query(self, name: str, asked: m.QueryRequestBatch) -> list[m.QueryResponse]:
        return [await self._query(name, one) for one in asked.searches]

    async def _query(self, name: str, asked: m.QueryRequest) -> m.QueryResponse:
        within = self._within(name, asked.filter, self._keys(name, asked.shard_key, is_write=False))
        return await self.client.query_points(
            name,
            query=asked.query,
            using=asked.using,
            query_filter=within,
            limit=asked.limit or 10,
            with_payload=asked.with_payload or False,
            with_vectors=asked.with_vector or False,
        )

    async def scroll(self, name: str, asked: m.ScrollRequest) -> m.ScrollResult:
        within = self._within(name, asked.filter, None)
        records, following = await self.client.scroll(
            name,
            within,
            limit=asked.limit or 10,
            offset=asked.offset,
            with_payload=asked.with_payload or False,
            with_vectors=asked.with_vector or False,
        )
        homes = {id_: key for key, ids in self.shards[name].items() for id_ in ids}
        shown = [record.model_copy(update={"shard_key": homes.get(record.id)}) for record in records]
        return m.ScrollResult.model_validate({"points": shown, "next_page_offset": following})

    async def count(self, name: str, asked: m.CountRequest) -> m.CountResult:
        return await self.client.count(name, asked.filter, exact=bool(asked.exact))

    async def facet(self, name: str, asked: m.FacetRequest) -> m.FacetResponse:
        self._check_indexed(name, [asked.key])
        return await self.client.facet(name, asked.key, self._within(name, asked.filter, None), asked.limit or 10)

    async def spread(self, name: str) -> m.CollectionClusterInfo:
        """Return the shards of a collection, every other of which lies on another node."""
        keys: list[str | None] = [*self.shards[name]] or [None]
        shards = [
            {"shard_id": at, "shard_key": key, "points_count": 0, "peer_id": 2, "state": "Active"}
            for at, key in enumerate(keys)
        ]
        local = [m.LocalShardInfo.model_validate(shard) for shard in shards[::2]]
        remote = [m.RemoteShardInfo.model_validate(shard) for shard in shards[1::2]]
        return m.CollectionClusterInfo(
            peer_id=1, shard_count=len(keys), local_shards=local, remote_shards=remote, shard_transfers=[]
        )

    async def add_shard_key(self, name: str, asked: m.CreateShardingKey) -> bool:
        if not self._is_custom(name) or not self.is_cluster:
            raise Refused(400, "Bad request: Distributed mode disabled, or sharding is automatic")
        if asked.shard_key in self.shards[name]:
            raise Refused(400, f"Bad request: Sharding key {asked.shard_key} already exists")
        self.shards[name][str(asked.shard_key)] = set()
        return True

    def _is_custom(self, name: str) -> bool:
        return self.made[name].sharding_method is m.ShardingMethod.CUSTOM

    def _into_shard(self, name: str, selected: m.ShardKeySelector | None, ids: Iterable[m.ExtendedPointId]) -> None:
        for key in self._keys(name, selected, is_write=True) or []:
            self.shards[name][key] |= set(ids)

    def _keys(self, name: str, selected: m.ShardKeySelector | None, *, is_write: bool) -> Sequence[str] | None:
        """Return the shard keys that a request names; None for all, which a write cannot mean."""
        if selected is None:
            if is_write and self._is_custom(name):
                raise Refused(400, "Bad request: Shard key not specified")
            return None
        keys = [str(key) for key in selected] if isinstance(selected, list) else [str(selected)]
        for key in keys:
            if key not in self.shards[name]:
                raise Refused(400, f"Bad request: Shard key {key} not found")
        return keys

    def _within(self, name: str, condition: m.Filter | None, keys: Sequence[str] | None) -> m.Filter:
        must: list[m.Condition] = list(condition.must) if condition and isinstance(condition.must, list) else []
        self._check_indexed(name, [one.key for one in must if isinstance(one, m.FieldCondition)])
        if keys is not None:
            must.append(m.HasIdCondition(has_id=[id_ for key in keys for id_ in self.shards[name][key]]))
        return m.Filter(must=must)

    def _check_indexed(self, name: str, fields: Iterable[str]) -> None:
        for field in fields:
            if field not in self.indexes[name]:
                raise Refused(400, f'Bad request: Index required but not found for "{field}"')


def done() -> m.UpdateResult:
    """Return what a change that was waited for is answered with."""
    return m.UpdateResult(operation_id=1, status=m.UpdateStatus.COMPLETED)


def cluster_status(*, is_cluster: bool) -> BaseModel:
    """Return what a single node says, or one of three."""
    if not is_cluster:
        return m.ClusterStatusOneOf(status="disabled")
    raft = m.RaftInfo(term=1, commit=1, pending_operations=0, is_voter=True)
    peers = {str(peer): m.PeerInfo(uri=f"http://node{peer}:6335/") for peer in (1, 2, 3)}
    thread = m.ConsensusThreadStatusOneOf.model_validate(
        {"consensus_thread_status": "working", "last_update": "2026-11-21T20:00:00Z"}
    )
    return m.ClusterStatusOneOf1(
        status="enabled",
        peer_id=1,
        peers=peers,
        raft_info=raft,
        consensus_thread_status=thread,
        message_send_failures={},
    )
