"""The engine for Qdrant keeps its promises over the client's own engine in memory."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from qdrant_client import AsyncQdrantClient

from mcp_toolweaver.index.qdrant.opening import open_qdrant
from mcp_toolweaver.index.qdrant.options import Place
from mcp_toolweaver.index.qdrant.status import status
from tests.contracts.engine import ENGINE_CONTRACT
from tests.contracts.points import DIMENSION, SPACE, EnginePromise, SharingPromise, make_point, stored, unit
from tests.contracts.shared_engine import SHARED_ENGINE_CONTRACT

pytestmark = pytest.mark.anyio

PLACE = Place(SPACE, DIMENSION)


def name_of(promise: Callable[..., object]) -> str:
    return getattr(promise, "__name__", repr(promise))


@pytest.mark.parametrize("promise", ENGINE_CONTRACT, ids=name_of)
async def test_the_engine_keeps_its_promise(promise: EnginePromise) -> None:
    async with open_qdrant(AsyncQdrantClient(":memory:"), PLACE) as engine:
        await promise(engine)


@pytest.mark.parametrize("promise", SHARED_ENGINE_CONTRACT, ids=name_of)
async def test_two_catalogs_in_one_collection_keep_apart(promise: SharingPromise) -> None:
    client = AsyncQdrantClient(":memory:")
    async with (
        open_qdrant(client, PLACE) as ours,
        open_qdrant(client, Place(SPACE, DIMENSION, "theirs")) as theirs,
    ):
        await promise(ours, theirs)


async def test_two_vector_spaces_have_a_collection_each() -> None:
    client = AsyncQdrantClient(":memory:")
    async with (
        open_qdrant(client, Place("model a", DIMENSION)) as one,
        open_qdrant(client, Place("model b", DIMENSION)) as other,
        open_qdrant(client, Place("model a", DIMENSION * 2)) as longer,
    ):
        await one.write([make_point(1, meaning=unit(1))])
        assert len({one.collection, other.collection, longer.collection}) == 3
        assert await stored(other) == {}
        assert await stored(longer) == {}
        assert await other.vectors(["text 1"]) == {}


async def test_the_status_counts_points_by_catalog_and_domain() -> None:
    client = AsyncQdrantClient(":memory:")
    async with (
        open_qdrant(client, PLACE) as engine,
        open_qdrant(client, Place(SPACE, DIMENSION, "theirs")) as theirs,
    ):
        await engine.write([make_point(1, domain="Mail"), make_point(2, domain="git"), make_point(3, domain="git")])
        await theirs.write([make_point(4, domain="aws")])
        found = await status(engine)
        report = await engine.describe()
    assert (report.where, report.collection, report.catalogs) == (":memory:", engine.collection, found.catalogs)
    assert found.catalogs == {"default": 3, "theirs": 1}
    assert list(found.domains.items()) == [("git", 2), ("Mail", 1)]
    assert (found.state, found.optimizer, found.is_quantized) == ("green", "ok", False)
    assert found.collection.startswith(found.alias)
