"""Several Toolweavers share one Redis: what one has found out, the others know."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import anyio
import pytest

from mcp_toolweaver.cache.counters import REFUSED
from mcp_toolweaver.caches import Caches
from mcp_toolweaver.catalog.listing import Listing
from mcp_toolweaver.catalog.shared_listings import SharedListings
from mcp_toolweaver.core.caching import QuickCache
from mcp_toolweaver.core.query import Hit, SearchRequest, SearchResult
from mcp_toolweaver.search.cached import CachedSearcher
from tests.fakes.catalog import FakeCatalog
from tests.fakes.searcher import FakeSearcher
from tests.fakes.tools import make_tool
from tests.redis.opened import caches_in, settings_in
from tests.redis.server import RedisServer, eventually, redis_server

pytestmark = pytest.mark.anyio

TOOLS = [make_tool(f"tool_{number}", f"Do thing {number}.", domain="things") for number in range(30)]
LISTING = Listing.of(TOOLS, 1.5e9, ["tool 'x' has no name"])
REQUEST = SearchRequest("how to do it")
RESULT = SearchResult((Hit(TOOLS[0], 0.9),), "high", "hybrid")


class SlowSearcher(FakeSearcher):
    """Takes as long as a search by meaning does."""

    async def search(self, request: SearchRequest) -> SearchResult:
        result = await super().search(request)
        await anyio.sleep(0.05)
        return result


@pytest.fixture
async def server() -> AsyncGenerator[RedisServer]:
    async with redis_server() as running:
        yield running


@pytest.fixture
async def first(server: RedisServer, tmp_path: Path) -> AsyncGenerator[Caches]:
    async with caches_in(settings_in(tmp_path / "first", server.url)) as caches:
        yield caches


@pytest.fixture
async def second(server: RedisServer, tmp_path: Path) -> AsyncGenerator[Caches]:
    async with caches_in(settings_in(tmp_path / "second", server.url)) as caches:
        yield caches


async def test_what_one_keeps_the_other_finds(server: RedisServer, first: Caches, second: Caches) -> None:
    await first.whole.set_many({"search:a": b"1"}, ttl=60)
    await _until_kept(server, "search:a")
    assert list(await second.whole.get_many(["search:a"])) == [b"1"]
    assert second.counters.counts["search"]["redis"] == 1


async def test_what_one_has_kept_is_found_by_one_that_starts_later_with_nothing_of_its_own(
    server: RedisServer, tmp_path: Path
) -> None:
    for name in ("one", "another"):
        async with caches_in(settings_in(tmp_path / name, server.url)) as caches:
            found = list(await caches.whole.get_many(["search:a"]))
            await caches.whole.set_many({"search:a": name.encode()}, ttl=60)
            await _until_kept(server, "search:a")
    assert found == [b"one"]


@pytest.mark.parametrize("shared", [None, "another"])
async def test_those_with_different_secrets_share_nothing_and_do_not_disturb_each_other(
    server: RedisServer, first: Caches, tmp_path: Path, shared: str | None
) -> None:
    async with caches_in(settings_in(tmp_path / "stranger", server.url, secret=shared)) as stranger:
        await first.lasting.set_many({"search:a": b"ours"}, ttl=60)
        await _until_kept(server, "search:a")
        assert list(await stranger.lasting.get_many(["search:a"])) == [None]
        await stranger.lasting.set_many({"search:a": b"theirs"}, ttl=60)
        await _until_kept(server, "search:a", times=2)
        assert list(await first.lasting.get_many(["search:a"])) == [b"ours"]
        assert list(await stranger.lasting.get_many(["search:a"])) == [b"theirs"]
        assert not any(REFUSED in one.counters.counts["search"] for one in (first, stranger))


async def test_the_password_of_redis_is_secret_enough_to_share(tmp_path: Path) -> None:
    async with redis_server(password="known to all of us") as locked:
        place = f"redis://127.0.0.1:{locked.port}"
        settings = [
            settings_in(tmp_path / name, place, secret=None, password=locked.password) for name in ("one", "another")
        ]
        async with caches_in(settings[0]) as one, caches_in(settings[1]) as another:
            await one.lasting.set_many({"search:a": b"1"}, ttl=60)
            await _until_kept(locked, "search:a")
            assert list(await another.lasting.get_many(["search:a"])) == [b"1"]


async def test_another_prefix_is_another_cache(server: RedisServer, first: Caches, tmp_path: Path) -> None:
    async with caches_in(settings_in(tmp_path / "test", server.url, prefix="staging")) as staging:
        await first.lasting.set_many({"search:a": b"1"}, ttl=60)
        await _until_kept(server, "search:a")
        assert list(await staging.lasting.get_many(["search:a"])) == [None]


async def test_what_a_server_listed_for_one_is_known_to_the_other(
    server: RedisServer, first: Caches, second: Caches
) -> None:
    await _listings(first).set("catalog:a", LISTING)
    await _until_kept(server, "catalog:a")
    assert await _listings(second).get("catalog:a") == LISTING
    assert await _listings(second).get("catalog:b") is None


async def test_a_listing_of_which_a_definition_is_lost_or_planted_is_not_used(
    server: RedisServer, first: Caches, second: Caches
) -> None:
    await _listings(first).set("catalog:a", LISTING)
    await _until_kept(server, "catalog:a")
    one, another, *_rest = await server.keys("*:definitions:*")
    kept = await server.ask("GET", one)
    await server.ask("COPY", another, one, "REPLACE")
    assert await _listings(second).get("catalog:a") is None
    await server.ask("DEL", one)
    assert await _listings(second).get("catalog:a") is None
    await server.ask("SET", one, kept)
    assert await _listings(second).get("catalog:a") == LISTING


async def test_a_definition_that_two_servers_list_is_kept_once(server: RedisServer, first: Caches) -> None:
    listings = _listings(first)
    await listings.set("catalog:a", LISTING)
    others = [make_tool(tool.id.name, tool.description, server="other") for tool in TOOLS]
    await listings.set("catalog:b", Listing.of(others))
    await _until_kept(server, "catalog:b")
    assert len(await server.keys("*:definitions:*")) == len(TOOLS)


async def test_a_hundred_who_ask_the_same_at_once_are_answered_by_one_search(first: Caches) -> None:
    inner = SlowSearcher(RESULT)
    searcher = _searcher(inner, first.whole)
    results: list[SearchResult] = []

    async def ask() -> None:
        results.append(await searcher.search(REQUEST))

    async with anyio.create_task_group() as tasks:
        for _ in range(100):
            tasks.start_soon(ask)
    assert results == [RESULT] * 100
    assert len(inner.requests) == 1


async def test_what_one_has_answered_the_other_need_not_search_for(
    server: RedisServer, first: Caches, second: Caches
) -> None:
    inner = FakeSearcher(RESULT)
    assert await _searcher(inner, first.whole).search(REQUEST) == RESULT
    (name,) = await _until_kept(server, "search:*")
    assert await _searcher(inner, second.whole).search(REQUEST) == RESULT
    assert len(inner.requests) == 1
    await server.ask("DEL", name)
    assert await _searcher(inner, second.whole).search(REQUEST) == RESULT  # from memory by now
    assert len(inner.requests) == 1


async def _until_kept(server: RedisServer, pattern: str, *, times: int = 1) -> list[str]:
    """Return the names of the keys like this, once so many lie there."""

    async def is_there() -> bool:
        return len(await server.keys(f"*:{pattern}")) >= times

    await eventually(is_there)
    return await server.keys(f"*:{pattern}")


def _listings(caches: Caches) -> SharedListings:
    async def at_once() -> None:
        return None

    more: dict[str, Any] = {"lifetime": 60, "definitions_lifetime": 60}
    assert caches.shared is not None
    return SharedListings(caches.shared, wait_ready=at_once, **more)


def _searcher(inner: FakeSearcher, cache: QuickCache) -> CachedSearcher:
    catalog = FakeCatalog(TOOLS)
    generation = catalog.snapshot.generation
    return CachedSearcher(inner, cache, catalog, lifetime=60, way=lambda: "one way", indexed=lambda: generation)
