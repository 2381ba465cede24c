"""The engine for Qdrant keeps its promises over the wire, on a single node and on a cluster."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from mcp_toolweaver.index.qdrant.opening import open_qdrant
from mcp_toolweaver.index.qdrant.options import Address, Layout, Place
from tests.contracts.engine import ENGINE_CONTRACT
from tests.contracts.points import DIMENSION, SPACE, EnginePromise, SharingPromise
from tests.contracts.shared_engine import SHARED_ENGINE_CONTRACT
from tests.fakes.qdrant_server import fake_qdrant

pytestmark = pytest.mark.anyio

PLACE = Place(SPACE, DIMENSION)
ONE_NODE = Layout(quantization=True, on_disk=True)
CLUSTER = Layout(sharding="custom", shard_number=2, replication_factor=2, shard_keys=3)


def name_of(promise: Callable[..., object]) -> str:
    return getattr(promise, "__name__", repr(promise))


@pytest.mark.parametrize("promise", ENGINE_CONTRACT, ids=name_of)
@pytest.mark.parametrize("layout", [ONE_NODE, CLUSTER], ids=["one node", "cluster"])
async def test_the_engine_keeps_its_promise(layout: Layout, promise: EnginePromise) -> None:
    async with fake_qdrant(is_cluster=layout is CLUSTER) as server:
        address = Address(server.url, prefer_grpc=False)
        async with open_qdrant(address, PLACE, layout=layout) as engine:
            await promise(engine)


@pytest.mark.parametrize("promise", SHARED_ENGINE_CONTRACT, ids=name_of)
@pytest.mark.parametrize("layout", [ONE_NODE, CLUSTER], ids=["one node", "cluster"])
async def test_two_catalogs_in_one_collection_keep_apart(layout: Layout, promise: SharingPromise) -> None:
    async with fake_qdrant(is_cluster=layout is CLUSTER) as server:
        address = Address(server.url, prefer_grpc=False)
        async with (
            open_qdrant(address, PLACE, layout=layout) as ours,
            open_qdrant(address, Place(SPACE, DIMENSION, "theirs"), layout=layout) as theirs,
        ):
            await promise(ours, theirs)
