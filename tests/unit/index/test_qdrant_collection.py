"""Which collection an engine for Qdrant uses, makes, replaces or leaves alone."""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import anyio
import pytest
from qdrant_client import AsyncQdrantClient
from qdrant_client import models as m

from mcp_toolweaver.core.errors import ConfigurationError, Unavailable
from mcp_toolweaver.index.qdrant.engine import QdrantEngine
from mcp_toolweaver.index.qdrant.naming import alias_of
from mcp_toolweaver.index.qdrant.opening import open_qdrant
from mcp_toolweaver.index.qdrant.options import Address, Layout, Place
from tests.contracts.points import DIMENSION, SPACE, by_meaning, find, make_point, stored, unit
from tests.fakes.qdrant_http import Request
from tests.fakes.qdrant_server import FakeQdrant, fake_qdrant

pytestmark = pytest.mark.anyio

PLACE = Place(SPACE, DIMENSION)
ALIAS = alias_of(PLACE)
DENSE = m.VectorParams(size=DIMENSION, distance=m.Distance.COSINE)
SPARSE = m.SparseVectorParams()
X = unit(1)


@asynccontextmanager
async def opened(server: FakeQdrant, place: Place = PLACE, **layout: Any) -> AsyncGenerator[QdrantEngine]:
    address = Address(server.url, prefer_grpc=False)
    async with open_qdrant(address, place, layout=Layout(**layout)) as engine:
        yield engine


async def alias_target(server: FakeQdrant) -> str:
    aliases = (await server.store.client.get_aliases()).aliases
    return {alias.alias_name: alias.collection_name for alias in aliases}[ALIAS]


async def test_a_collection_lies_behind_an_alias_and_is_found_again() -> None:
    async with fake_qdrant() as server:
        async with opened(server) as engine:
            await engine.write([make_point(1, meaning=X)])
        assert await alias_target(server) == engine.collection == f"{ALIAS}_a1"
        async with opened(server) as again:
            assert set(await stored(again)) == {1}
        assert list(server.store.made) == [engine.collection]


async def test_what_is_filtered_by_is_indexed_and_the_domain_is_the_tenant() -> None:
    async with fake_qdrant() as server, opened(server) as engine:
        indexes = server.store.indexes[engine.collection]
    assert set(indexes) == {"domain", "catalog", "server", "places", "generation", "text"}
    assert indexes["domain"].is_tenant
    assert {str(schema) for field, schema in indexes.items() if field != "domain"} == {"keyword"}


async def test_the_layout_is_asked_for() -> None:
    async with fake_qdrant() as server:
        asked = {"quantization": True, "on_disk": True, "shard_number": 6, "replication_factor": 2}
        async with opened(server, PLACE, **asked, write_consistency=2) as engine:
            made = server.store.made[engine.collection]
    assert isinstance(made.vectors, dict)
    assert made.vectors["meaning"].on_disk
    assert isinstance(made.quantization_config, m.ScalarQuantization)
    assert (made.shard_number, made.replication_factor, made.write_consistency_factor) == (6, 2, 2)
    assert made.sharding_method is None


WRONG: dict[str, tuple[dict[str, m.VectorParams], dict[str, m.SparseVectorParams]]] = {
    "dimension": ({"meaning": m.VectorParams(size=9, distance=m.Distance.COSINE)}, {"words": SPARSE}),
    "distance": ({"meaning": m.VectorParams(size=DIMENSION, distance=m.Distance.DOT)}, {"words": SPARSE}),
    "datatype": ({"meaning": DENSE.model_copy(update={"datatype": m.Datatype.UINT8})}, {"words": SPARSE}),
    "no meaning": ({"other": DENSE}, {"words": SPARSE}),
    "no words": ({"meaning": DENSE}, {}),
    "weighted words": ({"meaning": DENSE}, {"words": m.SparseVectorParams(modifier=m.Modifier.IDF)}),
}


async def replace_with(server: FakeQdrant, params: tuple[dict[str, Any], dict[str, Any]], mark: dict[str, Any]) -> None:
    """Put a collection of another kind behind the alias, as an older or a mistaken Toolweaver would."""
    await server.store.create("odd", m.CreateCollection(vectors=params[0], sparse_vectors=params[1]))
    point = m.PointStruct(id="746f6f6c-7765-6176-6572-000000000001", vector={}, payload=mark)
    await server.store.client.upsert("odd", [point])
    alias = m.CreateAlias(collection_name="odd", alias_name=ALIAS)
    await server.store.client.update_collection_aliases([m.CreateAliasOperation(create_alias=alias)])


MARK = {"app": "mcp-toolweaver", "schema": 1, "space": SPACE, "dimension": DIMENSION}


@pytest.mark.parametrize("params", WRONG.values(), ids=WRONG)
async def test_a_collection_of_wrong_vectors_is_replaced_behind_the_alias(
    params: tuple[dict[str, Any], dict[str, Any]], caplog: pytest.LogCaptureFixture
) -> None:
    async with fake_qdrant() as server:
        await replace_with(server, params, MARK)
        async with opened(server) as engine:
            await engine.write([make_point(1, meaning=X)])
            assert await find(engine, by_meaning(X)) == {1: pytest.approx(1)}
        assert await alias_target(server) == engine.collection != "odd"
        assert list(server.store.made) == [engine.collection]
    assert "collection odd is set aside: it" in caplog.text


async def test_vectors_of_another_model_are_never_searched() -> None:
    async with fake_qdrant() as server:
        await replace_with(server, ({"meaning": DENSE}, {"words": SPARSE}), MARK | {"space": "other model"})
        async with opened(server) as engine:
            assert await stored(engine) == {}
        assert await alias_target(server) == engine.collection != "odd"


async def test_a_collection_of_someone_else_is_left_alone() -> None:
    async with fake_qdrant() as server:
        await replace_with(server, ({"meaning": DENSE}, {"words": SPARSE}), {"app": "another program"})
        with pytest.raises(Unavailable, match=r"belongs to someone else; set another index\.prefix"):
            async with opened(server):
                pass
        assert await alias_target(server) == "odd"
        async with opened(server, Place(SPACE, DIMENSION, prefix="ours")) as engine:
            assert engine.collection.startswith("ours_v1-")


async def test_a_collection_under_our_very_name_is_left_alone() -> None:
    async with fake_qdrant() as server:
        await server.store.create(ALIAS, m.CreateCollection(vectors={"meaning": DENSE}))
        with pytest.raises(Unavailable, match="belongs to someone else"):
            async with opened(server):
                pass
        assert list(server.store.made) == [ALIAS]


async def test_what_a_crash_left_is_finished() -> None:
    async with fake_qdrant() as server:
        asked = m.CreateCollection(vectors={"meaning": DENSE}, sparse_vectors={"words": SPARSE})
        await server.store.create(f"{ALIAS}_a1", asked)
        async with opened(server) as engine:
            await engine.write([make_point(1, meaning=X)])
            assert await find(engine, by_meaning(X, domain="files")) == {1: pytest.approx(1)}
        assert list(server.store.made) == [f"{ALIAS}_a1"]


async def test_a_collection_with_points_of_someone_else_is_not_finished() -> None:
    async with fake_qdrant() as server:
        asked = m.CreateCollection(vectors={"meaning": DENSE}, sparse_vectors={"words": SPARSE})
        await server.store.create(f"{ALIAS}_a1", asked)
        await server.store.client.upsert(f"{ALIAS}_a1", [m.PointStruct(id=1, vector={})])
        async with opened(server) as engine:
            assert engine.collection == f"{ALIAS}_a2"
        assert (await server.store.client.count(f"{ALIAS}_a1")).count == 1


async def test_a_server_that_lies_about_new_collections_is_not_filled_with_them() -> None:
    def smaller(request: Request, result: Any) -> Any:
        if request.method == "GET" and request.path.startswith("/collections/"):
            result["config"]["params"]["vectors"]["meaning"]["size"] = 7
        return result

    async with fake_qdrant() as server:
        server.alter = smaller
        for _ in range(3):
            with pytest.raises(Unavailable, match=r"nonsense.*7 dimensions instead of 8"):
                async with opened(server):
                    pass
        assert server.store.made == {}


async def test_many_that_come_at_once_share_one_collection() -> None:
    engines: list[QdrantEngine] = []

    async def come(server: FakeQdrant, number: int) -> None:
        async with opened(server, Place(SPACE, DIMENSION, f"catalog {number}")) as engine:
            await engine.write([make_point(number, meaning=X)])
            assert set(await stored(engine)) == {number}
            engines.append(engine)

    async with fake_qdrant() as server:
        async with anyio.create_task_group() as group:
            for number in range(6):
                group.start_soon(come, server, number)
        assert {engine.collection for engine in engines} == {f"{ALIAS}_a1"}
        assert list(server.store.made) == [f"{ALIAS}_a1"]


async def test_a_collection_that_is_deleted_meanwhile_is_missed_and_made_anew() -> None:
    async with fake_qdrant() as server:
        async with opened(server) as engine:
            await server.store.delete(engine.collection)
            with pytest.raises(Unavailable, match="does not have the collection any more"):
                await find(engine, by_meaning(X))
        async with opened(server) as again:
            assert await stored(again) == {}


@pytest.mark.parametrize("prefix", ["", "a/b", "näme", "x" * 65])
async def test_a_prefix_that_cannot_be_one_is_refused(prefix: str) -> None:
    with pytest.raises(ConfigurationError, match=r"index\.prefix"):
        async with open_qdrant(AsyncQdrantClient(":memory:"), Place(SPACE, DIMENSION, prefix=prefix)):
            pass


@pytest.mark.parametrize(("layout", "how"), [("auto", "by domain"), ("custom", "automatically")])
async def test_a_collection_keeps_the_sharding_it_was_made_with(
    layout: str, how: str, caplog: pytest.LogCaptureFixture
) -> None:
    async with fake_qdrant(is_cluster=True) as server:
        async with opened(server, sharding="custom" if layout == "auto" else "auto") as first:
            await first.write([make_point(1, meaning=X)])
        with caplog.at_level(logging.WARNING):
            async with opened(server, sharding=layout) as engine:
                await engine.write([make_point(2, meaning=X, domain="new")])
                assert set(await stored(engine)) == {1, 2}
    assert f"is sharded {how} already" in caplog.text
