"""Whatever a server answers instead of what it was asked for: a miss, in bounded time, and never a wrong value."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator

import pytest

from mcp_toolweaver.cache.counters import Counters
from mcp_toolweaver.cache.memory import MemoryCache
from mcp_toolweaver.cache.seal import Seal
from mcp_toolweaver.cache.tiered import TieredCache
from mcp_toolweaver.core.caching import Cache, CacheStore
from mcp_toolweaver.resilience.breaker import Circuit
from mcp_toolweaver.resilience.stand_in import StandInCache
from tests.redis.opened import guarded_at, until
from tests.redis.relay import Fault, Relay, relay
from tests.redis.server import RedisServer, eventually, redis_server

pytestmark = pytest.mark.anyio

TIMEOUT = 0.5


@pytest.fixture(scope="module")
async def server() -> AsyncGenerator[RedisServer]:
    async with redis_server() as running:
        yield running


@pytest.fixture
async def door(server: RedisServer) -> AsyncGenerator[Relay]:
    await server.ask("FLUSHALL")
    async with relay(server) as opened:
        yield opened


def nothing() -> MemoryCache:
    return MemoryCache(max_entries=0, max_bytes=0)


def sealed(store: CacheStore) -> Cache:
    """Return the store as it is used: with a stand-in, here one that holds nothing, and with seals."""
    return TieredCache(nothing(), StandInCache(store, nothing()), Seal(b"secret"), Counters())


FAULTS: dict[str, Fault] = {
    "another protocol": lambda _: b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n",
    "noise": lambda _: bytes(range(256)) * 40 + b"\r\n",
    "an empty line": lambda _: b"\r\n",
    "the end of the connection": lambda _: None,
    "half an answer, then the end": lambda answer: answer[: len(answer) // 2],
    "nothing": lambda _: b"",
    "a number": lambda _: b":42\r\n",
    "a word": lambda _: b"+OK\r\n",
    "no value": lambda _: b"_\r\n",
    "an object": lambda _: b"%1\r\n+search:a\r\n$1\r\nx\r\n",
    "a set": lambda _: b"~1\r\n$1\r\nx\r\n",
    "an error of its own": lambda _: b"-ERR what a day\r\n",
    "an error that looks like a request": lambda _: b"-MOVED 1 127.0.0.1:1\r\n",
    "too few values": lambda _: b"*1\r\n$1\r\nx\r\n",
    "too many values": lambda _: b"*3\r\n$1\r\nx\r\n$1\r\ny\r\n$1\r\nz\r\n",
    "numbers for values": lambda _: b"*2\r\n:1\r\n:2\r\n",
    "lists for values": lambda _: b"*2\r\n*1\r\n$1\r\nx\r\n*0\r\n",
    "a value of a terabyte": lambda _: b"$1099511627776\r\nx",
    "a value of a negative size": lambda _: b"*2\r\n$-7\r\n$-1\r\n",
    "a value of no size": lambda _: b"*2\r\n$many\r\nx\r\n",
    "a billion values": lambda _: b"*1000000000\r\n$1\r\nx\r\n",
    "lists in lists in lists": lambda _: b"*1\r\n" * 50_000,
    "news first, and then nothing": lambda _: b">2\r\n+invalidate\r\n*1\r\n$1\r\nx\r\n",
}

PLAUSIBLE = {"a set", "too few values"}
"""To somebody who asks for one key."""


@pytest.mark.parametrize("fault", FAULTS)
async def test_any_answer_to_a_question_is_a_miss_and_the_true_one_is_found_later(door: Relay, fault: str) -> None:
    values = {"search:a": b"1", "search:b": b"2"}
    async with guarded_at(f"redis://127.0.0.1:{door.port}", is_eager=True, timeout=TIMEOUT) as store:
        cache = sealed(store)
        await until(store, Circuit.CLOSED)
        await cache.set_many(values, ttl=60)
        door.fault = FAULTS[fault]
        start = time.monotonic()
        for _ in range(5):
            assert list(await cache.get_many(list(values))) == [None, None]
        assert time.monotonic() - start < 5
        door.fault = None

        async def is_as_it_was() -> bool:
            await cache.set_many(values, ttl=60)
            return list(await cache.get_many(list(values))) == list(values.values())

        await eventually(is_as_it_was)


@pytest.mark.parametrize("fault", [name for name in FAULTS if name not in PLAUSIBLE])
async def test_a_server_that_greets_us_with_any_of_this_is_away_in_bounded_time(door: Relay, fault: str) -> None:
    door.fault = FAULTS[fault]
    start = time.monotonic()
    async with guarded_at(f"redis://127.0.0.1:{door.port}", timeout=TIMEOUT) as store:
        assert list(await sealed(store).get_many(["search:a", "search:b"])) == [None, None]
        assert store.state is not Circuit.CLOSED
        assert len(store.reason) < 400
        assert "\n" not in store.reason
    assert time.monotonic() - start < 5


async def test_an_answer_too_many_is_never_taken_for_that_to_the_next_question(door: Relay) -> None:
    async with guarded_at(f"redis://127.0.0.1:{door.port}", timeout=TIMEOUT, max_connections=1) as store:
        cache = sealed(store)
        names = [f"search:{number}" for number in range(20)]
        await cache.set_many({name: name.encode() for name in names}, ttl=60)
        door.fault = lambda answer: answer + answer
        for name in names:
            assert list(await cache.get_many([name])) in ([name.encode()], [None])
        door.fault = None
        await until(store, Circuit.CLOSED)
        for name in names:
            assert list(await cache.get_many([name])) in ([name.encode()], [None])
