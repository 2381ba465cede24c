"""What is beyond the promises of a cache: how few round trips, for how long, and only what is ours."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Any

import anyio
import pytest

from mcp_toolweaver.cache.redis.store import RedisStore
from mcp_toolweaver.core.caching import Tally
from mcp_toolweaver.core.errors import Refused, Unavailable
from tests.redis.opened import NAMESPACE, store_at
from tests.redis.server import SERVICE, RedisServer, redis_cluster, redis_sentinel, redis_server

pytestmark = pytest.mark.anyio


@pytest.fixture(scope="module")
async def running() -> AsyncGenerator[RedisServer]:
    async with redis_server() as server:
        yield server


@pytest.fixture
async def server(running: RedisServer) -> RedisServer:
    """The server of all tests here, empty."""
    await running.ask("FLUSHALL")
    return running


@pytest.fixture
async def store(server: RedisServer) -> AsyncGenerator[RedisStore]:
    async with store_at(server.url) as opened:
        await opened.check()
        yield opened


@pytest.fixture(scope="module")
async def cluster() -> AsyncGenerator[RedisServer]:
    async with redis_cluster() as node:
        yield node


async def test_many_keys_are_read_in_one_round_trip(server: RedisServer, store: RedisStore) -> None:
    await server.ask("CONFIG", "RESETSTAT")
    await store.get_many([f"search:{number}" for number in range(500)])
    assert await _calls(server) == {"mget": 1}


async def test_many_values_are_written_in_one_round_trip(server: RedisServer, store: RedisStore) -> None:
    start = await _packets(server)
    nothing_between = await _packets(server) - start
    await store.set_many({f"search:{number}": b"1" for number in range(100)}, ttl=60)
    assert await _packets(server) - start - 2 * nothing_between <= 2
    assert len(await server.keys()) == 100


async def test_a_value_leaves_when_its_time_is_over(server: RedisServer, store: RedisStore) -> None:
    await store.set_many({"search:a": b"1"}, ttl=90.5)
    assert 60_000 < await server.ask("PTTL", f"{NAMESPACE}:search:a") <= 90_500
    await store.set_many({"search:b": b"1"}, ttl=0.02)
    await anyio.sleep(0.05)
    assert list(await store.get_many(["search:b"])) == [None]
    assert await server.keys() == [f"{NAMESPACE}:search:a"]


async def test_a_value_that_is_written_again_lives_on(server: RedisServer, store: RedisStore) -> None:
    await store.set_many({"search:a": b"1"}, ttl=10)
    await store.set_many({"search:a": b"1"}, ttl=1000)
    assert await server.ask("PTTL", f"{NAMESPACE}:search:a") > 900_000


async def test_it_is_spoken_to_in_resp3(server: RedisServer, store: RedisStore) -> None:
    await store.get_many(["search:a"])
    assert "hello" in await _calls(server)
    if await server.is_at_least(7):
        others = [client for client in await server.ask("CLIENT LIST") if client["cmd"] == "mget"]
        assert [client["resp"] for client in others] == ["3"]


@pytest.mark.parametrize("command", [["SADD", "one"], ["RPUSH", "one"], ["HSET", "one", "1"]])
async def test_something_else_under_our_key_is_a_miss_and_gives_way(
    server: RedisServer, store: RedisStore, command: list[str]
) -> None:
    name, *values = command
    await server.ask(name, f"{NAMESPACE}:search:a", *values)
    await store.set_many({"search:b": b"2"}, ttl=60)
    assert list(await store.get_many(["search:a", "search:b"])) == [None, b"2"]
    await store.set_many({"search:a": b"1"}, ttl=60)
    assert list(await store.get_many(["search:a"])) == [b"1"]


async def test_the_tally_counts_what_is_ours_by_tier(server: RedisServer, store: RedisStore) -> None:
    assert await store.tally() == {}
    await _set_foreign(server)
    await store.set_many({f"search:{number}": b"12345" for number in range(2500)}, ttl=60)
    await store.set_many({"embeddings:a": b"123", "odd": b"1"}, ttl=60)
    await server.ask("SADD", f"{NAMESPACE}:catalog:set", "one")
    assert await store.tally() == {
        "search": Tally(2500, 12_500),
        "embeddings": Tally(1, 3),
        "odd": Tally(1, 1),
        "catalog": Tally(1, 0),
    }


async def test_what_is_cleared_is_of_one_tier_and_ours(server: RedisServer, store: RedisStore) -> None:
    foreign = await _set_foreign(server)
    await store.set_many({f"search:{number}": b"1" for number in range(2500)}, ttl=60)
    await store.set_many({"searches:a": b"1", "embeddings:a": b"1"}, ttl=60)
    assert await store.clear("search") == 2500
    assert await store.clear("search") == 0
    assert await server.keys() == sorted([*foreign, f"{NAMESPACE}:embeddings:a", f"{NAMESPACE}:searches:a"])


async def test_a_prefix_with_marks_of_a_pattern_means_itself(server: RedisServer) -> None:
    await server.ask("MSET", "a:search:1", "1", "b*?:search:1", "1", "[ab]*?:search:1", "1")
    async with store_at(server.url, "[ab]*?") as store:
        assert await store.tally() == {"search": Tally(1, 1)}
        assert await store.clear("search") == 1
    assert await server.keys() == ["a:search:1", "b*?:search:1"]


async def test_it_says_how_much_memory_the_server_takes(server: RedisServer, store: RedisStore) -> None:
    before = await store.memory()
    await server.ask("SET", "large", b"x" * 2_000_000)
    after = await store.memory()
    assert before is not None
    assert after is not None
    assert 1_900_000 < after - before < 8_000_000


async def test_where_the_memory_may_not_be_asked_for_it_is_not_told(server: RedisServer) -> None:
    await server.ask("ACL", "SETUSER", "ann", "on", ">ok", "~*", "+@all", "-info")
    async with store_at(f"redis://ann:ok@127.0.0.1:{server.port}") as store:
        assert await store.memory() is None


async def test_a_cluster_is_counted_cleared_and_asked_for_its_memory(cluster: RedisServer) -> None:
    async with store_at(f"redis+cluster://127.0.0.1:{cluster.port}") as store:
        await store.set_many({f"search:{number}": b"12" for number in range(1500)} | {"catalog:a": b"1"}, ttl=60)
        await cluster.ask("SET", "foreign", "1")
        assert await store.tally() == {"search": Tally(1500, 3000), "catalog": Tally(1, 1)}
        assert await store.clear("search") == 1500
        assert await cluster.keys() == ["foreign", f"{NAMESPACE}:catalog:a"]
        assert (await store.memory() or 0) > 100_000


@pytest.mark.parametrize("kind", ["single", "cluster", "sentinel"])
async def test_more_questions_at_once_than_connections_are_all_answered_over_those(
    server: RedisServer, cluster: RedisServer, kind: str
) -> None:
    async with redis_sentinel(server) as sentinel:
        places = {
            "single": server.url,
            "cluster": f"redis+cluster://127.0.0.1:{cluster.port}",
            "sentinel": f"redis+sentinel://127.0.0.1:{sentinel.port}/{SERVICE}",
        }
        asked = cluster if kind == "cluster" else server
        await asked.ask("CONFIG", "RESETSTAT")
        before = (await asked.info("stats"))["total_connections_received"]
        async with store_at(places[kind], max_connections=3) as store:
            await store.set_many({f"search:{number}": str(number).encode() for number in range(200)}, ttl=60)

            async def ask(number: int) -> None:
                assert list(await store.get_many([f"search:{number}"])) == [str(number).encode()]

            async with anyio.create_task_group() as tasks:
                for number in range(200):
                    tasks.start_soon(ask, number)
        assert (await asked.info("stats"))["total_connections_received"] - before < 15


async def test_all_connections_are_closed_when_it_is_left(server: RedisServer, cluster: RedisServer) -> None:
    for asked, place in ((server, server.url), (cluster, f"redis+cluster://127.0.0.1:{cluster.port}")):
        async with store_at(place) as store, anyio.create_task_group() as tasks:
            for number in range(50):
                tasks.start_soon(store.get_many, [f"search:{number}"])
        with pytest.raises(Unavailable, match="closed"):
            await store.get_many(["search:a"])
        with anyio.fail_after(10):
            while int((await asked.info("clients"))["connected_clients"]) > 1:
                await anyio.sleep(0.02)


async def test_a_refused_write_says_why_and_what_fits_is_kept(server: RedisServer, store: RedisStore) -> None:
    await server.ask("ACL", "SETUSER", "bob", "on", ">ok", f"~{NAMESPACE}:search:*", "+@all")
    async with store_at(f"redis://bob:ok@127.0.0.1:{server.port}") as narrow:
        with pytest.raises(Refused, match=r"does not let us .*permission.*correct cache\.redis\.username"):
            await narrow.set_many({"search:a": b"1", "embeddings:a": b"1"}, ttl=60)
    assert list(await store.get_many(["search:a", "embeddings:a"])) == [b"1", None]


async def _set_foreign(server: RedisServer) -> list[str]:
    """Write keys of others whose names are almost ours, and return the names."""
    names = ["search:1", "test:1", "test:10:search:1", "test:2:search:1", "xtest:1:search:1", "Test:1:search:1"]
    for name in names:
        await server.ask("SET", name, "foreign")
    return names


async def _calls(server: RedisServer) -> dict[str, Any]:
    """Return how often each command came, but for our own questions."""
    stats = await server.info("commandstats")
    calls = {name.removeprefix("cmdstat_"): stat["calls"] for name, stat in stats.items()}
    ours = ("info", "config", "client", "ping", "flushall", "acl", "select")
    return {name: count for name, count in calls.items() if not name.startswith(ours)}


async def _packets(server: RedisServer) -> int:
    return int((await server.info("stats"))["total_reads_processed"])
