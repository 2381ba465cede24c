"""The engine for Qdrant keeps its promises by gRPC, which it prefers, and tells what goes wrong there."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace

import anyio
import pytest

from mcp_toolweaver.core.errors import DeadlineExceeded, Unavailable
from mcp_toolweaver.index.qdrant.engine import QdrantEngine
from mcp_toolweaver.index.qdrant.opening import open_qdrant
from mcp_toolweaver.index.qdrant.options import Address, Deadlines, Layout, Place
from mcp_toolweaver.index.qdrant.status import status
from tests.contracts.engine import ENGINE_CONTRACT
from tests.contracts.points import DIMENSION, SPACE, EnginePromise, by_meaning, find, make_point, stored, unit
from tests.fakes.qdrant_grpc import SILENT, GrpcDoor, grpc_door
from tests.fakes.qdrant_server import fake_qdrant

pytestmark = pytest.mark.anyio

PLACE = Place(SPACE, DIMENSION)
ONE_NODE = Layout(quantization=True, on_disk=True)
CLUSTER = Layout(sharding="custom", shard_number=2, replication_factor=2, shard_keys=3)
X = unit(1)
PATIENT = Deadlines(search=20, other=20)
"""A busy machine may hold up any answer that comes in the end."""


def name_of(promise: Callable[..., object]) -> str:
    return getattr(promise, "__name__", repr(promise))


@asynccontextmanager
async def opened(layout: Layout = ONE_NODE) -> AsyncGenerator[tuple[QdrantEngine, GrpcDoor]]:
    async with fake_qdrant(is_cluster=layout is CLUSTER) as server, grpc_door(server.store) as door:
        address = Address(server.url, grpc_port=door.port)
        async with open_qdrant(address, PLACE, layout=layout, deadlines=PATIENT) as engine:
            yield engine, door


@pytest.mark.parametrize("promise", ENGINE_CONTRACT, ids=name_of)
@pytest.mark.parametrize("layout", [ONE_NODE, CLUSTER], ids=["one node", "cluster"])
async def test_the_engine_keeps_its_promise(layout: Layout, promise: EnginePromise) -> None:
    async with opened(layout) as (engine, door):
        await promise(engine)
        assert "HealthCheck" in door.calls
        assert "Create" in door.calls


async def test_the_status_is_told_by_grpc() -> None:
    async with opened(CLUSTER) as (engine, _):
        await engine.write([make_point(1, domain="git")])
        found = await status(engine)
    assert found.domains == {"git": 1}
    assert found.shards == 2
    assert (found.state, found.optimizer, found.is_sharded_by_domain) == ("green", "ok", True)


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("UNAVAILABLE", "cannot be reached"),
        ("PERMISSION_DENIED", "set index.api_key"),
        ("UNAUTHENTICATED", "set index.api_key"),
        ("NOT_FOUND", "does not have the collection any more"),
        ("RESOURCE_EXHAUSTED", "is busy"),
        ("INTERNAL", "says: disk is full at /x"),
    ],
)
async def test_a_fault_in_the_middle_is_told_and_ends(code: str, said: str) -> None:
    async with opened() as (engine, door):
        await engine.write([make_point(1, meaning=X)])
        door.fault = code, "disk is\nfull at /x"
        with pytest.raises(Unavailable) as raised:
            await find(engine, by_meaning(X))
        assert said in raised.value.reason
        assert raised.value.reason.isprintable()
        door.fault = None
        assert await find(engine, by_meaning(X)) == {1: pytest.approx(1)}


@pytest.mark.parametrize("fault", ["DEADLINE_EXCEEDED", SILENT])
async def test_a_late_answer_is_a_deadline(fault: str) -> None:
    async with opened() as (engine, door):
        door.fault, patient = (fault, "too late"), engine.link
        engine.link = replace(patient, deadlines=Deadlines(search=0.25))
        for _ in range(3):
            with anyio.fail_after(5), pytest.raises(DeadlineExceeded, match="did not answer in time"):
                await find(engine, by_meaning(X))
        door.fault, engine.link = None, patient
        assert await find(engine, by_meaning(X)) == {}


async def test_who_cancels_a_question_gets_what_was_cancelled() -> None:
    async with opened() as (engine, door):
        door.fault = SILENT, ""
        with anyio.move_on_after(0.1) as scope:
            await find(engine, by_meaning(X))
        assert scope.cancelled_caught
        task = asyncio.create_task(find(engine, by_meaning(X)))
        await anyio.sleep(0.1)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task


async def test_a_question_ends_when_the_engine_is_closed() -> None:
    async with opened() as (engine, door):
        door.fault = SILENT, ""
        task = asyncio.create_task(find(engine, by_meaning(X)))
        await anyio.sleep(0.1)
        await engine.link.client.close()
        with anyio.fail_after(5), pytest.raises(Unavailable):
            await task


async def test_the_api_key_is_sent_by_grpc() -> None:
    async with fake_qdrant() as server, grpc_door(server.store, "s3cret") as door:
        server.api_key = "s3cret"
        async with open_qdrant(Address(server.url, "s3cret", grpc_port=door.port), PLACE) as engine:
            assert await stored(engine) == {}
            assert "Scroll" in door.calls
        with pytest.raises(Unavailable, match="refuses the API key"):
            async with open_qdrant(Address(server.url, "wr0ng", grpc_port=door.port), PLACE):
                pass
