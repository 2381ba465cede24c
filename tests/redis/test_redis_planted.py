"""What somebody else put into Redis, or damaged there, is never taken for a value of ours."""

from __future__ import annotations

import struct
import time
from collections.abc import AsyncGenerator, Callable
from pathlib import Path
from typing import TypeAlias

import pytest

from mcp_toolweaver.cache.counters import REFUSED
from mcp_toolweaver.cache.seal import Seal
from mcp_toolweaver.caches import Caches
from mcp_toolweaver.core.caching import Cache
from tests.redis.opened import SECRET, caches_in, settings_in
from tests.redis.server import RedisServer, eventually, redis_server

pytestmark = pytest.mark.anyio

KEY = "search:a"
VALUE = b"the answer"

Damage: TypeAlias = Callable[[bytes], bytes]
"""Returns what lies in Redis in the place of what we put there."""


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
async def caches(server: RedisServer, tmp_path: Path) -> AsyncGenerator[Caches]:
    async with caches_in(settings_in(tmp_path, server.url)) as opened:
        yield opened


def poisoned(_sealed: bytes) -> bytes:
    return b'{"hits": ["something that we never said"]}'


def pickled(_sealed: bytes) -> bytes:
    return b"cos\nsystem\n(S'touch /tmp/owned'\ntR."


def emptied(_sealed: bytes) -> bytes:
    return b""


def truncated(sealed: bytes) -> bytes:
    return sealed[:-1]


def beheaded(sealed: bytes) -> bytes:
    return sealed[:20]


def lengthened(sealed: bytes) -> bytes:
    return sealed + b"!"


def with_one_bit_turned(sealed: bytes) -> bytes:
    return sealed[:-1] + bytes([sealed[-1] ^ 1])


def made_to_live_longer(sealed: bytes) -> bytes:
    return sealed[:1] + struct.pack("<d", time.time() + 1e6) + sealed[9:]


def called_another_version(sealed: bytes) -> bytes:
    return b"\x02" + sealed[1:]


def sealed_by_another_version(_sealed: bytes) -> bytes:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("mcp_toolweaver.cache.seal._VERSION", 2)
        return sealed_as_we_do(b"")


def sealed_with_another_secret(_sealed: bytes) -> bytes:
    return Seal(b"another").close(KEY, VALUE, 60)


def sealed_for_another_key(_sealed: bytes) -> bytes:
    return Seal(SECRET.encode()).close("search:b", VALUE, 60)


def sealed_long_ago(_sealed: bytes) -> bytes:
    return Seal(SECRET.encode(), clock=lambda: 1e9).close(KEY, VALUE, 60)


def sealed_as_we_do(_sealed: bytes) -> bytes:
    return Seal(SECRET.encode()).close(KEY, VALUE, 60)


DAMAGES: tuple[Damage, ...] = (
    poisoned,
    pickled,
    emptied,
    truncated,
    beheaded,
    lengthened,
    with_one_bit_turned,
    made_to_live_longer,
    called_another_version,
    sealed_by_another_version,
    sealed_with_another_secret,
    sealed_for_another_key,
    sealed_long_ago,
)


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda damage: damage.__name__)
async def test_a_value_that_is_not_as_we_put_it_is_a_miss_and_counted_and_replaced(
    server: RedisServer, caches: Caches, damage: Damage
) -> None:
    name = await _kept(caches.lasting, server)
    await server.ask("SET", name, damage(await server.ask("GET", name)))
    assert list(await caches.lasting.get_many([KEY])) == [None]
    assert caches.counters.counts["search"][REFUSED] == 1
    await _kept(caches.lasting, server, b"another answer")
    assert list(await caches.lasting.get_many([KEY])) == [b"another answer"]


async def test_a_value_that_is_sealed_as_we_do_it_is_found(server: RedisServer, caches: Caches) -> None:
    """Else the test before this one would pass whatever was planted."""
    name = await _kept(caches.lasting, server)
    await server.ask("SET", name, sealed_as_we_do(b""))
    assert list(await caches.lasting.get_many([KEY])) == [VALUE]


async def test_a_value_that_was_copied_to_another_key_is_a_miss(server: RedisServer, caches: Caches) -> None:
    name = await _kept(caches.lasting, server)
    await server.ask("COPY", name, name.replace(KEY, "search:b"))
    assert list(await caches.lasting.get_many(["search:b", KEY])) == [None, VALUE]
    assert caches.counters.counts["search"][REFUSED] == 1


async def test_a_value_under_a_key_of_another_format_is_not_looked_at(server: RedisServer, caches: Caches) -> None:
    name = await _kept(caches.lasting, server)
    prefix, number, rest = name.split(":", 2)
    await server.ask("RENAME", name, f"{prefix}:{int(number) + 1}:{rest}")
    assert list(await caches.lasting.get_many([KEY])) == [None]
    assert REFUSED not in caches.counters.counts["search"]


async def test_nothing_in_redis_gives_our_secret_away(server: RedisServer, caches: Caches) -> None:
    name = await _kept(caches.lasting, server)
    assert SECRET not in name
    assert SECRET.encode() not in await server.ask("GET", name)


async def test_what_was_planted_never_comes_up_into_memory(server: RedisServer, caches: Caches) -> None:
    name = await _kept(caches.lasting, server)
    await server.ask("SET", name, poisoned(b""))
    assert list(await caches.whole.get_many([KEY])) == [None]
    await server.ask("SET", name, sealed_as_we_do(b""))
    assert list(await caches.whole.get_many([KEY])) == [VALUE]
    await server.ask("SET", name, poisoned(b""))
    assert list(await caches.whole.get_many([KEY])) == [VALUE]  # from memory by now


async def _kept(cache: Cache, server: RedisServer, value: bytes = VALUE) -> str:
    """Keep a value, wait until it lies in Redis, and return its name there."""
    await server.ask("FLUSHALL")
    await cache.set_many({KEY: value}, ttl=60)

    async def is_there() -> bool:
        return len(await server.keys()) == 1

    await eventually(is_there)
    (name,) = await server.keys()
    return name
