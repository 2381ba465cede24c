"""A cache in Redis keeps its promises, in whatever way Redis is reached."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from typing import NamedTuple, TypeAlias

import pytest

from mcp_toolweaver.core.caching import CacheStore
from tests.contracts.cache import CACHE_CONTRACT, Promise
from tests.redis.certificates import Authority
from tests.redis.opened import guarded_at, store_at
from tests.redis.relay import relay
from tests.redis.server import SERVICE, RedisServer, redis_cluster, redis_sentinel, redis_server

pytestmark = pytest.mark.anyio


class Servers(NamedTuple):
    """One for each way to be reached."""

    plain: RedisServer
    locked: RedisServer
    """With a password, and a user of its own."""
    cluster: RedisServer
    sentinel: RedisServer
    """It watches ``locked``."""
    authority: Authority


Opener: TypeAlias = Callable[[Servers], AbstractAsyncContextManager[CacheStore]]


@pytest.fixture(scope="module")
async def servers(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[Servers]:
    async with AsyncExitStack() as stack:
        plain = await stack.enter_async_context(redis_server())
        locked = await stack.enter_async_context(redis_server(password="p@ss/word"))
        await locked.ask("ACL", "SETUSER", "ann", "on", ">o:k", "~test:*", "+@all", "-@dangerous", "+info", "+scan")
        cluster = await stack.enter_async_context(redis_cluster())
        sentinel = await stack.enter_async_context(redis_sentinel(locked))
        authority = Authority(tmp_path_factory.mktemp("authority"), "ours")
        yield Servers(plain, locked, cluster, sentinel, authority)


def at_a_port(servers: Servers) -> AbstractAsyncContextManager[CacheStore]:
    return guarded_at(servers.plain.url)


def at_a_socket(servers: Servers) -> AbstractAsyncContextManager[CacheStore]:
    return guarded_at(f"unix://{servers.plain.socket}")


def with_a_password(servers: Servers) -> AbstractAsyncContextManager[CacheStore]:
    return guarded_at(f"redis://:p%40ss%2Fword@127.0.0.1:{servers.locked.port}/3")


def as_a_user(servers: Servers) -> AbstractAsyncContextManager[CacheStore]:
    return guarded_at(f"redis://ann:o%3Ak@127.0.0.1:{servers.locked.port}")


def in_a_cluster(servers: Servers) -> AbstractAsyncContextManager[CacheStore]:
    return guarded_at(f"redis+cluster://127.0.0.1:{servers.cluster.port}")


def by_a_sentinel(servers: Servers) -> AbstractAsyncContextManager[CacheStore]:
    return guarded_at(f"redis+sentinel://:p%40ss%2Fword@127.0.0.1:{servers.sentinel.port}/{SERVICE}/1")


@asynccontextmanager
async def by_tls(servers: Servers) -> AsyncGenerator[CacheStore]:
    authority = servers.authority
    async with (
        relay(servers.plain, authority.server_context()) as door,
        guarded_at(f"rediss://127.0.0.1:{door.port}", ca_file=str(authority.file)) as store,
    ):
        yield store


OPENERS: tuple[Opener, ...] = (
    at_a_port,
    at_a_socket,
    with_a_password,
    as_a_user,
    in_a_cluster,
    by_a_sentinel,
    by_tls,
)


def name_of(value: Promise | Opener) -> str:
    return getattr(value, "__name__", repr(value))


@pytest.mark.parametrize("promise", CACHE_CONTRACT, ids=name_of)
@pytest.mark.parametrize("opened", OPENERS, ids=name_of)
async def test_redis_keeps_the_promise_of_a_cache(servers: Servers, opened: Opener, promise: Promise) -> None:
    for server in (servers.plain, servers.locked, servers.cluster):
        await server.ask("FLUSHALL")
    async with opened(servers) as store:
        await promise(store)


async def test_what_is_kept_by_one_way_is_found_by_another(servers: Servers) -> None:
    async with at_a_port(servers) as one, at_a_socket(servers) as another, by_tls(servers) as a_third:
        await one.set_many({"search:a": b"1"}, ttl=60)
        assert list(await another.get_many(["search:a"])) == list(await a_third.get_many(["search:a"])) == [b"1"]


async def test_a_database_with_a_number_is_kept_apart(servers: Servers) -> None:
    place = f"redis://127.0.0.1:{servers.plain.port}"
    async with store_at(f"{place}/1") as one, store_at(f"{place}/2") as two:
        await one.set_many({"search:a": b"1"}, ttl=60)
        assert list(await two.get_many(["search:a"])) == [None]
