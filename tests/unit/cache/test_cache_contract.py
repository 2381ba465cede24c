"""Every cache, and whatever is put around one, keeps the promises of `Cache`."""

from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import TypeAlias

import anyio
import pytest

from mcp_toolweaver.cache.counted import CountedCache
from mcp_toolweaver.cache.counters import Counters
from mcp_toolweaver.cache.deferred import open_deferred
from mcp_toolweaver.cache.file import open_file_cache
from mcp_toolweaver.cache.memory import MemoryCache
from mcp_toolweaver.cache.seal import Seal
from mcp_toolweaver.cache.tiered import TieredCache
from mcp_toolweaver.core.caching import CacheStore
from mcp_toolweaver.core.errors import Unavailable
from mcp_toolweaver.resilience.guarded_store import GuardedStore
from mcp_toolweaver.resilience.stand_in import StandInCache
from tests.contracts.cache import CACHE_CONTRACT, Promise
from tests.fakes.cache_server import FakeCacheServer

pytestmark = pytest.mark.anyio

Opener: TypeAlias = Callable[[Path], AbstractAsyncContextManager[CacheStore]]


def name_of(value: Promise | Opener) -> str:
    return getattr(value, "__name__", repr(value))


def memory() -> MemoryCache:
    return MemoryCache(max_entries=10_000, max_bytes=2**24)


@asynccontextmanager
async def in_memory(_folder: Path) -> AsyncGenerator[CacheStore]:
    yield memory()


@asynccontextmanager
async def in_a_file(folder: Path) -> AsyncGenerator[CacheStore]:
    async with open_file_cache(folder / "cache.db") as file:
        yield file


@asynccontextmanager
async def in_a_file_that_cannot_be_made(folder: Path) -> AsyncGenerator[CacheStore]:
    await anyio.Path(folder).write_bytes(b"in the way")
    async with open_file_cache(folder / "cache.db") as file:
        yield file


@asynccontextmanager
async def memory_over_a_file(folder: Path) -> AsyncGenerator[CacheStore]:
    async with open_file_cache(folder / "cache.db") as file:
        yield TieredCache(memory(), file, Seal(b"secret"), Counters())


@asynccontextmanager
async def no_memory_over_a_file(folder: Path) -> AsyncGenerator[CacheStore]:
    async with open_file_cache(folder / "cache.db") as file:
        yield TieredCache(MemoryCache(max_entries=0, max_bytes=0), file, Seal(b"secret"), Counters())


@asynccontextmanager
async def deferred(folder: Path) -> AsyncGenerator[CacheStore]:
    async with open_file_cache(folder / "cache.db") as file, open_deferred(file, Counters()) as cache:
        yield cache


@asynccontextmanager
async def as_they_are_wired(folder: Path) -> AsyncGenerator[CacheStore]:
    counters = Counters()
    async with (
        open_file_cache(folder / "cache.db") as file,
        open_deferred(CountedCache(file, "file", counters), counters) as below,
    ):
        yield TieredCache(memory(), below, Seal(b"secret"), counters)


@asynccontextmanager
async def counted(_folder: Path) -> AsyncGenerator[CacheStore]:
    yield CountedCache(memory(), "memory", Counters())


@asynccontextmanager
async def a_store_that_is_well(_folder: Path) -> AsyncGenerator[CacheStore]:
    yield StandInCache(FakeCacheServer(), memory())


@asynccontextmanager
async def a_stand_in_for_a_store_that_is_away(_folder: Path) -> AsyncGenerator[CacheStore]:
    server = FakeCacheServer()
    server.failure = Unavailable("Redis", "it is gone")
    yield StandInCache(server, memory())


@asynccontextmanager
async def a_guarded_store_that_is_well(_folder: Path) -> AsyncGenerator[CacheStore]:
    guarded = GuardedStore("Redis", FakeCacheServer().open, deadline=20)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(guarded.run)
        await guarded.wait_tried()
        yield guarded
        tasks.cancel_scope.cancel()


OPENERS: tuple[Opener, ...] = (
    in_memory,
    in_a_file,
    in_a_file_that_cannot_be_made,
    memory_over_a_file,
    no_memory_over_a_file,
    deferred,
    as_they_are_wired,
    counted,
    a_store_that_is_well,
    a_stand_in_for_a_store_that_is_away,
    a_guarded_store_that_is_well,
)


@pytest.mark.parametrize("promise", CACHE_CONTRACT, ids=name_of)
@pytest.mark.parametrize("opened", OPENERS, ids=name_of)
async def test_a_cache_keeps_its_promise(tmp_path: Path, opened: Opener, promise: Promise) -> None:
    async with opened(tmp_path / "cache") as cache:
        await promise(cache)
