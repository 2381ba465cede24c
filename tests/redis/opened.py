"""The parts of the cache over a real Redis, opened as the composition root does it."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import anyio

from mcp_toolweaver.cache.redis.opening import open_redis
from mcp_toolweaver.cache.redis.options import Options, read_address
from mcp_toolweaver.cache.redis.store import RedisStore
from mcp_toolweaver.caches import Caches, open_caches
from mcp_toolweaver.config import Settings
from mcp_toolweaver.resilience.breaker import Breaker, Circuit
from mcp_toolweaver.resilience.guarded_store import GuardedStore
from tests.redis.server import eventually

NAMESPACE = "test:1"
AMPLE = 20.0
"""Seconds for an answer, where a test is not about how long that takes."""
SECRET = "equal on all that share it"


def store_at(url: str, namespace: str = NAMESPACE, **more: Any) -> AbstractAsyncContextManager[RedisStore]:
    """Connect to a Redis."""
    given: dict[str, Any] = {"timeout": AMPLE, **more}
    return open_redis(Options(read_address(url), **given), namespace)


@asynccontextmanager
async def guarded_at(url: str, *, is_eager: bool = False, **more: Any) -> AsyncGenerator[GuardedStore]:
    """Guard a Redis, and return when it was tried; one that is eager tries again and again with hardly a pause."""
    deadline = more.get("timeout", AMPLE)
    reads = Breaker("Redis", first_pause=0.01, longest_pause=0.02) if is_eager else None
    store = GuardedStore("Redis", lambda: store_at(url, **more), deadline=deadline, reads=reads)
    async with anyio.create_task_group() as group:
        group.start_soon(store.run)
        await store.wait_tried()
        yield store
        group.cancel_scope.cancel()


def settings_in(folder: Path, url: str | None, *, secret: str | None = SECRET, **redis: Any) -> Settings:
    """Return settings whose files lie in a folder of the test."""
    given = {"url": url, "timeout": AMPLE, **redis}
    own = {"data_dir": folder / "data", "cache_dir": folder / "cache"}
    return Settings.model_validate({**own, "cache": {"redis": given, "secret": secret}})


@asynccontextmanager
async def caches_in(settings: Settings) -> AsyncGenerator[Caches]:
    """Open all layers, and return when Redis was tried."""
    async with open_caches(settings) as caches, anyio.create_task_group() as group:
        group.start_soon(caches.run)
        if caches.redis is not None:
            await caches.redis.wait_tried()
        yield caches
        group.cancel_scope.cancel()


async def until(store: GuardedStore | None, state: Circuit, *, within: float = 15.0) -> None:
    """Return when the store is in this state."""

    async def is_so() -> bool:
        return store is not None and store.state is state

    await eventually(is_so, within=within)
