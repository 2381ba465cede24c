"""The doctor on the cache: whether the Redis of the settings answers."""

from __future__ import annotations

from collections.abc import Iterator

import anyio

from mcp_toolweaver.caches import open_redis, redis_place, seal_of
from mcp_toolweaver.cli.doctor_rows import Row
from mcp_toolweaver.config import Settings
from mcp_toolweaver.core.errors import Unavailable

_PATIENCE = 5.0


def cache_rows(settings: Settings) -> Iterator[Row]:
    """Say which layers there are, and ask Redis whether it is well."""
    if settings.cache.redis.url is None:
        yield Row("cache", "layers", f"memory, then a file below {settings.cache_dir}")
        return
    yield Row("cache", "layers", f"memory, then Redis, else a file below {settings.cache_dir}")
    away = anyio.run(_away, settings)
    place = redis_place(settings)
    if away is None:
        yield Row("cache", "Redis", f"{place} answers")
    else:
        advice = "until it is there, the file is the cache, and nothing is shared"
        yield Row("cache", "Redis", f"{place}: {away}", "problem", advice)


async def _away(settings: Settings) -> str | None:
    """Return why Redis cannot be used; None if it can."""
    with anyio.move_on_after(_PATIENCE):
        try:
            async with open_redis(settings, seal_of(settings)) as redis:
                await redis.check()
        except Unavailable as away:
            return away.reason
        return None
    return f"no answer in {_PATIENCE:g} s"
