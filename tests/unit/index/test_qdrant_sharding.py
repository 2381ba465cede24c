"""On a cluster whose owner wants it, domains have shards of their own, and a question for one goes there alone."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import anyio
import pytest

from mcp_toolweaver.index.qdrant.engine import QdrantEngine
from mcp_toolweaver.index.qdrant.opening import open_qdrant
from mcp_toolweaver.index.qdrant.options import Address, Layout, Place
from mcp_toolweaver.index.qdrant.status import status
from tests.contracts.points import DIMENSION, SPACE, by_meaning, find, make_point, stored, unit
from tests.fakes.qdrant_server import FakeQdrant, fake_qdrant

pytestmark = pytest.mark.anyio

X = unit(1)


@asynccontextmanager
async def opened(server: FakeQdrant, *, shard_keys: int = 32, catalog: str = "default") -> AsyncGenerator[QdrantEngine]:
    layout = Layout(sharding="custom", shard_keys=shard_keys)
    place = Place(SPACE, DIMENSION, catalog)
    async with open_qdrant(Address(server.url, prefer_grpc=False), place, layout=layout) as engine:
        yield engine


def shards_of(server: FakeQdrant, engine: QdrantEngine) -> dict[str, set[Any]]:
    """Return the points of each shard key, without the mark."""
    held = server.store.shards[engine.collection]
    return {key: {id_ for id_ in ids if isinstance(id_, int)} for key, ids in held.items()}


def asked_shards(server: FakeQdrant) -> Any:
    """Return the shard keys that the last search named."""
    last = [request for request in server.requests if request.path.endswith("/points/query/batch")][-1]
    return json.loads(last.body)["searches"][0].get("shard_key")


async def test_a_domain_gets_its_shard_key_when_it_comes() -> None:
    async with fake_qdrant(is_cluster=True) as server, opened(server) as engine:
        assert shards_of(server, engine) == {"general": set()}
        await engine.write([make_point(1, domain="GitHub"), make_point(2, domain="general")])
        await engine.write([make_point(3, domain="github"), make_point(4, domain="aws")])
        assert shards_of(server, engine) == {"general": {2}, "github": {1, 3}, "aws": {4}}


async def test_domains_beyond_the_limit_share_the_general_shards() -> None:
    async with fake_qdrant(is_cluster=True) as server, opened(server, shard_keys=3) as engine:
        await engine.write([make_point(at, domain=domain) for at, domain in enumerate(["a", "a", "b"])])
        await engine.write([make_point(5, domain="c"), make_point(6, domain="x" * 300), make_point(7, domain="")])
        assert shards_of(server, engine) == {"general": {5, 6, 7}, "a": {0, 1}, "b": {2}}
        assert set(await stored(engine)) == {0, 1, 2, 5, 6, 7}


async def test_a_question_for_a_domain_goes_to_its_shards_alone() -> None:
    async with fake_qdrant(is_cluster=True) as server, opened(server) as engine:
        await engine.write([make_point(1, domain="Git", server="g", meaning=X), make_point(2, meaning=X)])
        assert set(await find(engine, by_meaning(X, domain="GIT"))) == {1}
        assert asked_shards(server) == ["git"]
        assert set(await find(engine, by_meaning(X))) == {1, 2}
        assert asked_shards(server) is None
        assert await find(engine, by_meaning(X, domain="unknown")) == {}
        assert asked_shards(server) is None


async def test_a_server_whose_tools_lie_in_several_domains_is_found_in_all() -> None:
    async with fake_qdrant(is_cluster=True) as server, opened(server) as engine:
        await engine.write([make_point(1, domain="git", server="s", meaning=X)])
        await engine.write([make_point(2, domain="aws", server="S", meaning=X), make_point(3, domain="s", meaning=X)])
        assert set(await find(engine, by_meaning(X, domain="s"))) == {1, 2, 3}
        assert asked_shards(server) == ["aws", "git", "s"]


async def test_where_points_lie_is_known_after_they_are_read() -> None:
    async with fake_qdrant(is_cluster=True) as server:
        async with opened(server) as engine:
            await engine.write([make_point(1, domain="git", meaning=X), make_point(2, domain="aws", meaning=X)])
        async with opened(server, shard_keys=1) as again:
            assert set(await stored(again)) == {1, 2}
            assert set(await find(again, by_meaning(X, domain="git"))) == {1}
            assert asked_shards(server) == ["git"]


async def test_what_lies_in_any_shard_is_removed() -> None:
    async with fake_qdrant(is_cluster=True) as server, opened(server) as engine, opened(server) as other:
        await engine.write([make_point(1, domain="git"), make_point(2, domain="aws")])
        await other.write([make_point(3, domain="slack")])
        await engine.remove([1, 3])
        assert set(await stored(engine)) == {2}


async def test_two_that_make_one_shard_key_at_once_both_get_it() -> None:
    async with (
        fake_qdrant(is_cluster=True) as server,
        opened(server) as ours,
        opened(server, catalog="theirs") as theirs,
    ):
        async with anyio.create_task_group() as group:
            group.start_soon(ours.write, [make_point(1, domain="git"), make_point(2, domain="aws")])
            group.start_soon(theirs.write, [make_point(3, domain="git"), make_point(4, domain="aws")])
        assert shards_of(server, ours) == {"general": set(), "git": {1, 3}, "aws": {2, 4}}


async def test_a_single_node_has_no_shards_to_give(caplog: pytest.LogCaptureFixture) -> None:
    async with fake_qdrant() as server, opened(server) as engine:
        await engine.write([make_point(1, domain="git")])
        assert set(await stored(engine)) == {1}
        assert not (await status(engine)).is_sharded_by_domain
    assert "is no cluster" in caplog.text


async def test_the_status_tells_of_shards() -> None:
    async with fake_qdrant(is_cluster=True) as server, opened(server) as engine:
        await engine.write([make_point(1, domain="git"), make_point(2, domain="aws")])
        found = await status(engine)
    assert found.is_sharded_by_domain
    assert found.shards == 3
    assert found.version == "1.15.0"
    assert found.domains == {"aws": 1, "git": 1}
