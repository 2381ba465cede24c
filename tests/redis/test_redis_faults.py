"""A Redis that goes away, hangs, fills up or refuses us costs one bounded delay, and comes back by itself."""

from __future__ import annotations

import logging
import time
from pathlib import Path

import anyio
import pytest

from mcp_toolweaver.cache.memory import MemoryCache
from mcp_toolweaver.caches import Caches, open_cache_file
from mcp_toolweaver.config import Settings
from mcp_toolweaver.core.caching import Cache, CacheStore
from mcp_toolweaver.core.errors import CircuitOpen, Refused, Unavailable
from mcp_toolweaver.resilience.breaker import Circuit
from mcp_toolweaver.resilience.guarded_store import GuardedStore
from mcp_toolweaver.resilience.stand_in import StandInCache
from tests.redis.opened import caches_in, guarded_at, settings_in, until
from tests.redis.server import RedisServer, eventually, free_port, redis_server

pytestmark = pytest.mark.anyio

NOBODY = f"redis://127.0.0.1:{free_port()}"


def with_stand_in(store: CacheStore) -> Cache:
    return StandInCache(store, MemoryCache(max_entries=100, max_bytes=2**20))


async def test_a_redis_that_is_not_there_is_stood_in_for_and_said_to_be_away_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with guarded_at(NOBODY, is_eager=True) as store:
        cache = with_stand_in(store)
        await cache.set_many({"search:a": b"1"}, ttl=60)
        assert list(await cache.get_many(["search:a"])) == [b"1"]
        await anyio.sleep(0.5)
        assert store.state is not Circuit.CLOSED
        assert "cannot be reached; start it" in store.reason
    assert len(_warnings(caplog)) == 1


async def test_a_redis_that_is_started_later_is_used_from_then_on() -> None:
    async with redis_server() as server:
        await server.kill()
        async with guarded_at(server.url) as store:
            assert store.state is not Circuit.CLOSED
            await server.start()
            await until(store, Circuit.CLOSED)
            await store.set_many({"search:a": b"1"}, ttl=60)
            assert list(await store.get_many(["search:a"])) == [b"1"]


async def test_a_redis_that_is_killed_is_stood_in_for_and_used_again_once_it_is_back(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with redis_server() as server, guarded_at(server.url) as store:
        cache = with_stand_in(store)
        await cache.set_many({"search:a": b"1"}, ttl=60)
        await server.kill()
        for _ in range(10):
            assert list(await cache.get_many(["search:a"])) == [None]
        assert store.state is not Circuit.CLOSED
        await cache.set_many({"search:b": b"2"}, ttl=60)
        assert list(await cache.get_many(["search:b"])) == [b"2"]
        await server.start()
        await until(store, Circuit.CLOSED)
        await cache.set_many({"search:c": b"3"}, ttl=60)
        assert await server.keys() == ["test:1:search:c"]
    away, back = _warnings(caplog)
    assert "going on without it" in away
    assert "answers again" in back


async def test_a_redis_that_hangs_makes_one_question_wait_and_no_other() -> None:
    async with redis_server() as server, guarded_at(server.url, timeout=0.6) as store:
        cache = with_stand_in(store)
        await server.ask("SET", "test:1:search:a", "1")
        await until(store, Circuit.CLOSED)
        server.freeze()
        waited = [await _seconds(cache, "search:a") for _ in range(100)]
        assert 1 <= sum(seconds > 0.3 for seconds in waited) <= 3  # some for a machine that is busy elsewhere
        assert max(waited) < 5
        server.thaw()
        await eventually(lambda: _is_found(cache, b"1"))


async def test_all_who_ask_at_once_while_it_hangs_wait_for_one_timeout_together() -> None:
    async with redis_server() as server, guarded_at(server.url, timeout=0.6) as store:
        cache = with_stand_in(store)
        await until(store, Circuit.CLOSED)
        server.freeze()
        start = time.monotonic()
        async with anyio.create_task_group() as tasks:
            for number in range(200):
                tasks.start_soon(cache.get_many, [f"search:{number}"])
        assert time.monotonic() - start < 4


async def test_what_was_flushed_is_a_miss() -> None:
    async with redis_server() as server, guarded_at(server.url) as store:
        await store.set_many({"search:a": b"1"}, ttl=60)
        await server.ask("FLUSHALL")
        assert list(await store.get_many(["search:a"])) == [None]
        assert store.state is Circuit.CLOSED


async def test_a_full_redis_is_read_while_the_file_takes_the_writes_until_there_is_room(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with redis_server() as server:
        settings = settings_in(tmp_path, server.url)
        async with caches_in(settings) as caches:
            await _kept_in_redis(caches, server, "search:before")
            await server.ask("CONFIG", "SET", "maxmemory", "100kb")  # and evicts nothing
            await caches.lasting.set_many({"search:full": b"1"}, ttl=60)
            await eventually(lambda: _is_in_file(settings))
            assert list(await caches.lasting.get_many(["search:before"])) == [b"search:before"]
            assert caches.redis is not None
            assert caches.redis.state is Circuit.CLOSED
            assert "maxmemory" in caches.redis.reason
            await server.ask("CONFIG", "SET", "maxmemory", "0")
            await _kept_in_redis(caches, server, "search:after")
            assert caches.redis.reason == ""
    assert len(_warnings(caplog)) == 1


async def test_a_redis_that_makes_room_forgets_what_was_there_first() -> None:
    async with redis_server("--maxmemory-policy", "allkeys-lru") as server, guarded_at(server.url) as store:
        used = (await server.info("memory"))["used_memory"]
        await server.ask("CONFIG", "SET", "maxmemory", used + 2_000_000)
        keys = [f"search:{number}" for number in range(100)]
        for key in keys:
            await store.set_many({key: key.encode() * 8_000}, ttl=60)
        found = await store.get_many(keys)
        assert None in found
        assert all(value in (None, key.encode() * 8_000) for key, value in zip(keys, found, strict=True))
        assert store.state is Circuit.CLOSED
        assert store.reason == ""


async def test_a_redis_that_became_a_replica_is_read_and_written_to_once_it_is_primary_again() -> None:
    async with redis_server() as server, guarded_at(server.url) as store:
        await store.set_many({"search:a": b"1"}, ttl=60)
        await server.ask("REPLICAOF", "127.0.0.1", free_port())
        with pytest.raises(Refused, match=r"read-only; point cache\.redis\.url at the primary"):
            await store.set_many({"search:a": b"2"}, ttl=60)
        with pytest.raises(CircuitOpen, match="read-only"):
            await store.set_many({"search:a": b"3"}, ttl=60)
        assert list(await store.get_many(["search:a"])) == [b"1"]
        await server.ask("REPLICAOF", "NO", "ONE")
        await eventually(lambda: _is_taken(store, b"4"))
        assert list(await store.get_many(["search:a"])) == [b"4"]


async def test_a_wrong_password_is_told_once_in_one_line_and_the_right_one_works_at_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with redis_server(password="right") as server:
        async with guarded_at(f"redis://:wr0ng@127.0.0.1:{server.port}", is_eager=True) as store:
            await anyio.sleep(0.5)
            assert "refuses us; correct cache.redis.username and password" in store.reason
        async with guarded_at(f"redis://127.0.0.1:{server.port}", is_eager=True) as store:
            await anyio.sleep(0.2)
            assert "refuses us; correct cache.redis.username and password" in store.reason
        async with guarded_at(server.url) as store:
            assert store.state is Circuit.CLOSED
    lines = _warnings(caplog)
    assert len(lines) == 2
    assert not any("wr0ng" in line or "\n" in line for line in lines)


async def test_a_user_who_may_not_read_is_told_once(caplog: pytest.LogCaptureFixture) -> None:
    async with redis_server() as server:
        await server.ask("ACL", "SETUSER", "ann", "on", ">ok", "~*", "+@all", "-mget")
        async with guarded_at(f"redis://ann:ok@127.0.0.1:{server.port}", is_eager=True) as store:
            await anyio.sleep(0.5)
            assert store.state is not Circuit.CLOSED
            assert "mget" in store.reason
    assert len(_warnings(caplog)) == 1


async def test_a_user_who_may_no_longer_read_is_told_once_and_not_asked_for(caplog: pytest.LogCaptureFixture) -> None:
    async with redis_server() as server:
        await server.ask("ACL", "SETUSER", "ann", "on", ">ok", "~*", "+@all")
        async with guarded_at(f"redis://ann:ok@127.0.0.1:{server.port}", is_eager=True) as store:
            cache = with_stand_in(store)
            await server.ask("ACL", "SETUSER", "ann", "-mget")
            for _ in range(10):
                assert list(await cache.get_many(["search:a"])) == [None]
            assert store.state is not Circuit.CLOSED
            await anyio.sleep(0.5)
    assert len(_warnings(caplog)) == 1


async def test_a_user_who_may_only_read_does_and_is_told_once(caplog: pytest.LogCaptureFixture) -> None:
    async with redis_server() as server:
        await server.ask("ACL", "SETUSER", "ann", "on", ">ok", "~*", "+@all", "-set")
        await server.ask("SET", "test:1:search:a", "1")
        async with guarded_at(f"redis://ann:ok@127.0.0.1:{server.port}") as store:
            for _ in range(5):
                with pytest.raises(Unavailable, match="allow it to this user"):
                    await store.set_many({"search:a": b"2"}, ttl=60)
                assert list(await store.get_many(["search:a"])) == [b"1"]
    assert len(_warnings(caplog)) == 1


def _warnings(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]


async def _seconds(cache: Cache, key: str) -> float:
    start = time.monotonic()
    await cache.get_many([key])
    return time.monotonic() - start


async def _kept_in_redis(caches: Caches, server: RedisServer, key: str) -> None:
    """Write until it is there."""

    async def is_there() -> bool:
        await caches.lasting.set_many({key: key.encode()}, ttl=60)
        return bool(await server.keys(f"*:{key}"))

    await eventually(is_there)


async def _is_in_file(settings: Settings) -> bool:
    async with open_cache_file(settings) as file:
        return "search" in await file.tally()


async def _is_found(cache: Cache, value: bytes) -> bool:
    return list(await cache.get_many(["search:a"])) == [value]


async def _is_taken(store: GuardedStore, value: bytes) -> bool:
    try:
        await store.set_many({"search:a": value}, ttl=60)
    except Unavailable:
        return False
    return True
