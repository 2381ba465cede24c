"""Our promises on a real Qdrant, for `make test-qdrant QDRANT_URL=...`; no other run of the tests collects this file.

Every test has collections of its own, under a prefix that no other run has, and drops them afterwards.
"""

from __future__ import annotations

import os
import uuid
from collections.abc import AsyncGenerator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

import pytest
from qdrant_client import models as m

from mcp_toolweaver.index.qdrant.engine import QdrantEngine
from mcp_toolweaver.index.qdrant.opening import open_qdrant
from mcp_toolweaver.index.qdrant.options import Address, Deadlines, Layout, Place
from mcp_toolweaver.index.qdrant.status import status
from mcp_toolweaver.index.stored import open_stored
from tests.contracts.asking import MODEL
from tests.contracts.engine import ENGINE_CONTRACT
from tests.contracts.points import (
    DIMENSION,
    SPACE,
    EnginePromise,
    SharingPromise,
    by_meaning,
    find,
    make_point,
    stored,
    unit,
)
from tests.contracts.shared_engine import SHARED_ENGINE_CONTRACT
from tests.contracts.tool_index import TOOL_INDEX_CONTRACT, Promise

pytestmark = pytest.mark.anyio

LAYOUTS = {
    "plain": Layout(),
    "compact": Layout(quantization=True, on_disk=True),
    "by domain": Layout(sharding="custom", shard_keys=4),
}
X = unit(1)


@dataclass(frozen=True, slots=True)
class Server:
    """The server under test, and what of it is the test's."""

    address: Address
    layout: Layout
    prefix: str

    @asynccontextmanager
    async def engine(
        self, catalog: str = "ours", *, space: str = SPACE, dimension: int = DIMENSION
    ) -> AsyncGenerator[QdrantEngine]:
        """Open an engine; a single node cannot shard by domain, and the test says that it did not run."""
        place = Place(space, dimension, catalog, self.prefix)
        deadlines = Deadlines(search=10, other=60)
        async with open_qdrant(self.address, place, layout=self.layout, deadlines=deadlines) as engine:
            if self.layout.sharding == "custom" and not (await status(engine)).is_sharded_by_domain:
                pytest.skip("this server is a single node, which has no shards to give to domains")
            yield engine


async def drop(server: Server) -> None:
    """Delete what the test made; an alias goes with its collection."""
    place = Place(SPACE, DIMENSION, "ours", f"{server.prefix}-last")
    async with open_qdrant(server.address, place) as engine:
        client = engine.link.client
        for collection in (await client.get_collections()).collections:
            if collection.name.startswith(server.prefix):
                await client.delete_collection(collection.name)


@pytest.fixture(params=[False, True], ids=["REST", "gRPC"])
def address(request: pytest.FixtureRequest) -> Address:
    """Return where the server is; the environment says."""
    url = os.environ.get("QDRANT_URL")
    if not url:
        pytest.fail("set QDRANT_URL to the address of a Qdrant server, such as http://localhost:6333")
    port = os.environ.get("QDRANT_GRPC_PORT")
    key = os.environ.get("QDRANT_API_KEY") or None
    return Address(url, key, prefer_grpc=request.param, grpc_port=int(port) if port else None)


@pytest.fixture(params=LAYOUTS.values(), ids=list(LAYOUTS))
async def server(address: Address, request: pytest.FixtureRequest) -> AsyncGenerator[Server]:
    """Yield the server with nothing of ours on it."""
    one = Server(address, request.param, f"test-{uuid.uuid4().hex[:12]}")
    yield one
    await drop(one)


def name_of(promise: Callable[..., object]) -> str:
    return getattr(promise, "__name__", repr(promise))


@pytest.mark.parametrize("promise", ENGINE_CONTRACT, ids=name_of)
async def test_the_engine_keeps_its_promise(server: Server, promise: EnginePromise) -> None:
    async with server.engine() as engine:
        await promise(engine)


@pytest.mark.parametrize("promise", SHARED_ENGINE_CONTRACT, ids=name_of)
async def test_two_catalogs_in_one_collection_keep_apart(server: Server, promise: SharingPromise) -> None:
    async with server.engine() as ours, server.engine("theirs") as theirs:
        await promise(ours, theirs)


@pytest.mark.parametrize("promise", TOOL_INDEX_CONTRACT, ids=name_of)
async def test_the_index_keeps_its_promise(server: Server, promise: Promise) -> None:
    async with server.engine(space=MODEL.space, dimension=MODEL.dimension) as engine:
        await promise(await open_stored(engine, "ours", MODEL.dimension))


async def test_grpc_is_used_where_it_is_preferred(server: Server) -> None:
    async with server.engine() as engine:
        assert engine.link.client.init_options["prefer_grpc"] == server.address.prefer_grpc


async def test_a_collection_is_found_again_and_the_status_tells_of_it(server: Server) -> None:
    async with server.engine() as engine:
        await engine.write([make_point(1, domain="Git", meaning=X), make_point(2, domain="aws", meaning=X)])
        found = await status(engine)
    assert found.catalogs == {"ours": 2}
    assert found.domains == {"Git": 1, "aws": 1}
    assert found.is_quantized == server.layout.quantization
    assert found.optimizer == "ok"
    async with server.engine() as again:
        assert again.collection == engine.collection
        assert set(await stored(again)) == {1, 2}
        assert set(await find(again, by_meaning(X, domain="git"))) == {1}


async def test_a_collection_of_wrong_vectors_is_replaced_behind_the_alias(server: Server) -> None:
    async with AsyncExitStack() as stack:
        engine = await stack.enter_async_context(server.engine())
        client, name = engine.link.client, engine.collection
        found = (await client.get_aliases()).aliases
        alias = next(one.alias_name for one in found if one.collection_name == name)
        await client.delete_collection(name)
        dense = m.VectorParams(size=DIMENSION + 1, distance=m.Distance.COSINE)
        await client.create_collection(name, vectors_config={"meaning": dense})
        new = m.CreateAlias(collection_name=name, alias_name=alias)
        await client.update_collection_aliases([m.CreateAliasOperation(create_alias=new)])
        again = await stack.enter_async_context(server.engine())
        assert again.collection != name
        await again.write([make_point(1, meaning=X)])
        assert set(await find(again, by_meaning(X))) == {1}
        assert name not in {one.name for one in (await client.get_collections()).collections}
