"""The gRPC of `QdrantStore`: requests as the client's conversions read them, answers as they write them."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, TypeAlias

import anyio
import grpc  # type: ignore[import-untyped]  # it ships no types
from qdrant_client import grpc as g
from qdrant_client.conversions.conversion import GrpcToRest, RestToGrpc
from qdrant_client.http import models as m

from tests.fakes.qdrant_store import QdrantStore, Refused

Handler: TypeAlias = Callable[[QdrantStore, Any], Awaitable[Any]]

SILENT = "SILENT"
"""In place of a status: there is no answer at all."""

_CODES = {404: grpc.StatusCode.NOT_FOUND, 409: grpc.StatusCode.ALREADY_EXISTS}


def rest(name: str, value: Any) -> Any:
    """Return a message of gRPC as the model of REST."""
    return getattr(GrpcToRest, f"convert_{name}")(value)


def proto(name: str, value: Any) -> Any:
    """Return a model of REST as the message of gRPC."""
    return getattr(RestToGrpc, f"convert_{name}")(value)


async def health(store: QdrantStore, asked: Any) -> Any:
    del store, asked
    return g.HealthCheckReply(title="qdrant - vector search engine", version="1.15.0")


async def list_collections(store: QdrantStore, asked: Any) -> Any:
    del asked
    return g.ListCollectionsResponse(collections=[g.CollectionDescription(name=name) for name in store.made])


async def list_aliases(store: QdrantStore, asked: Any) -> Any:
    del asked
    aliases = (await store.client.get_aliases()).aliases
    return g.ListAliasesResponse(aliases=[proto("alias_description", alias) for alias in aliases])


async def update_aliases(store: QdrantStore, asked: Any) -> Any:
    actions = [rest("alias_operations", action) for action in asked.actions]
    return g.CollectionOperationResponse(result=await store.client.update_collection_aliases(actions))


async def create(store: QdrantStore, asked: Any) -> Any:
    sparse = {name: rest("sparse_vector_params", one) for name, one in asked.sparse_vectors_config.map.items()}
    has = asked.HasField
    made = m.CreateCollection(
        vectors=rest("vectors_config", asked.vectors_config),
        sparse_vectors=sparse,
        shard_number=asked.shard_number if has("shard_number") else None,
        sharding_method=rest("sharding_method", asked.sharding_method) if has("sharding_method") else None,
        replication_factor=asked.replication_factor if has("replication_factor") else None,
        quantization_config=rest("quantization_config", asked.quantization_config)
        if has("quantization_config")
        else None,
    )
    return g.CollectionOperationResponse(result=await store.create(asked.collection_name, made))


async def delete(store: QdrantStore, asked: Any) -> Any:
    return g.CollectionOperationResponse(result=await store.delete(asked.collection_name))


async def describe(store: QdrantStore, asked: Any) -> Any:
    info = await store.describe(await store.named(asked.collection_name))
    return g.GetCollectionInfoResponse(result=proto("collection_info", info))


async def spread(store: QdrantStore, asked: Any) -> Any:
    return proto("collection_cluster_info", await store.spread(await store.named(asked.collection_name)))


async def add_shard_key(store: QdrantStore, asked: Any) -> Any:
    key = m.CreateShardingKey(shard_key=rest("shard_key", asked.request.shard_key))
    return g.CreateShardKeyResponse(result=await store.add_shard_key(asked.collection_name, key))


async def index(store: QdrantStore, asked: Any) -> Any:
    plain, params = m.PayloadSchemaType.KEYWORD, asked.field_index_params
    schema = rest("payload_schema_params", params) if asked.HasField("field_index_params") else plain
    made = m.CreateFieldIndex(field_name=asked.field_name, field_schema=schema)
    return _done(await store.index(await store.named(asked.collection_name), made))


async def upsert(store: QdrantStore, asked: Any) -> Any:
    points = m.PointsList(points=[rest("point_struct", point) for point in asked.points], shard_key=_key(asked))
    return _done(await store.upsert(await store.named(asked.collection_name), points))


async def remove(store: QdrantStore, asked: Any) -> Any:
    selector = m.FilterSelector(filter=rest("points_selector", asked.points).filter, shard_key=_key(asked))
    return _done(await store.remove(await store.named(asked.collection_name), selector))


async def retrieve(store: QdrantStore, asked: Any) -> Any:
    ids = m.PointRequest(ids=[rest("point_id", one) for one in asked.ids], with_payload=True)
    records = await store.retrieve(await store.named(asked.collection_name), ids)
    return g.GetResponse(result=[proto("record", record) for record in records])


async def scroll(store: QdrantStore, asked: Any) -> Any:
    request = m.ScrollRequest(
        filter=rest("filter", asked.filter),
        limit=asked.limit,
        offset=rest("point_id", asked.offset) if asked.HasField("offset") else None,
        with_payload=rest("with_payload_selector", asked.with_payload),
        with_vector=rest("with_vectors_selector", asked.with_vectors),
    )
    found = await store.scroll(await store.named(asked.collection_name), request)
    following = found.next_page_offset
    offset = None if following is None else proto("extended_point_id", following)
    return g.ScrollResponse(result=[proto("record", record) for record in found.points], next_page_offset=offset)


async def count(store: QdrantStore, asked: Any) -> Any:
    found = await store.count(await store.named(asked.collection_name), m.CountRequest(exact=True))
    return g.CountResponse(result=g.CountResult(count=found.count))


async def facet(store: QdrantStore, asked: Any) -> Any:
    request = m.FacetRequest(key=asked.key, filter=rest("filter", asked.filter), limit=asked.limit)
    found = await store.facet(await store.named(asked.collection_name), request)
    return g.FacetResponse(hits=[proto("facet_value_hit", hit) for hit in found.hits])


async def query(store: QdrantStore, asked: Any) -> Any:
    searches = [rest("query_points", one) for one in asked.query_points]
    found = await store.query(await store.named(asked.collection_name), m.QueryRequestBatch(searches=searches))
    batches = [g.BatchResult(result=[proto("scored_point", hit) for hit in one.points]) for one in found]
    return g.QueryBatchResponse(result=batches)


def _done(result: m.UpdateResult) -> Any:
    return g.PointsOperationResponse(result=proto("update_result", result))


def _key(asked: Any) -> Any:
    return rest("shard_key_selector", asked.shard_key_selector) if asked.HasField("shard_key_selector") else None


HANDLERS: dict[str, dict[str, tuple[Handler, Any]]] = {
    "qdrant.Qdrant": {"HealthCheck": (health, g.HealthCheckRequest)},
    "qdrant.Collections": {
        "List": (list_collections, g.ListCollectionsRequest),
        "ListAliases": (list_aliases, g.ListAliasesRequest),
        "UpdateAliases": (update_aliases, g.ChangeAliases),
        "Create": (create, g.CreateCollection),
        "Delete": (delete, g.DeleteCollection),
        "Get": (describe, g.GetCollectionInfoRequest),
        "CollectionClusterInfo": (spread, g.CollectionClusterInfoRequest),
        "CreateShardKey": (add_shard_key, g.CreateShardKeyRequest),
    },
    "qdrant.Points": {
        "CreateFieldIndex": (index, g.CreateFieldIndexCollection),
        "Upsert": (upsert, g.UpsertPoints),
        "Delete": (remove, g.DeletePoints),
        "Get": (retrieve, g.GetPoints),
        "Scroll": (scroll, g.ScrollPoints),
        "Count": (count, g.CountPoints),
        "Facet": (facet, g.FacetCounts),
        "QueryBatch": (query, g.QueryBatchPoints),
    },
}
"""What is asked by its name, who answers it, and what the question is."""


class GrpcDoor:
    """Whether who knocks is let in; set from outside."""

    def __init__(self, store: QdrantStore, api_key: str | None) -> None:
        self.store = store
        self.api_key = api_key
        self.fault: tuple[str, str] | None = None
        """The name of a status and its details, which every answer but the greeting is then; see `SILENT`."""
        self.calls: list[str] = []
        self.port = 0

    def answering(self, name: str, handler: Handler) -> Callable[[Any, Any], Awaitable[Any]]:
        """Return the handler as gRPC calls it."""

        async def answer(asked: Any, context: Any) -> Any:
            self.calls.append(name)
            sent = {str(key): str(value) for key, value in context.invocation_metadata()}
            if self.api_key is not None and sent.get("api-key") != self.api_key:
                await context.abort(grpc.StatusCode.UNAUTHENTICATED, "Must provide an API key")
            if self.fault is not None and name != "HealthCheck":
                await self._fail(*self.fault, context)
            try:
                return await handler(self.store, asked)
            except Refused as refused:
                await context.abort(_CODES.get(refused.status, grpc.StatusCode.INVALID_ARGUMENT), refused.reason)

        return answer

    @staticmethod
    async def _fail(code: str, details: str, context: Any) -> None:
        if code == SILENT:
            await anyio.sleep_forever()
        await context.abort(grpc.StatusCode[code], details)


def _written(reply: Any) -> bytes:
    return bytes(reply.SerializeToString())


@asynccontextmanager
async def grpc_door(store: QdrantStore, api_key: str | None = None) -> AsyncGenerator[GrpcDoor]:
    """Serve a store by gRPC too, on a free port of the loopback interface."""
    door, server = GrpcDoor(store, api_key), grpc.aio.server()
    for service, handlers in HANDLERS.items():
        methods: dict[str, Any] = {
            name: grpc.unary_unary_rpc_method_handler(
                door.answering(name, handler),
                request_deserializer=kind.FromString,
                response_serializer=_written,
            )
            for name, (handler, kind) in handlers.items()
        }
        server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(service, methods),))
    door.port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    try:
        yield door
    finally:
        await server.stop(None)
