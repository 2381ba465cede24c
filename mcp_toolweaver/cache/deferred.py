"""Writes that nobody waits for: they are gathered, and written by a task of their own."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import NamedTuple

import anyio

from mcp_toolweaver.cache.counters import DROPPED, Counters
from mcp_toolweaver.core.caching import Cache, tier_of

_MOST_BYTES = 64 * 2**20
"""Of values that wait; what comes then is dropped, for a cache may forget."""
_AT_ONCE = 500
_READY = 10.0
"""Seconds that writing waits for the layer below to be ready, at most."""
_LAST = 2.0
"""Seconds for what still waits when the cache is left."""


class _Write(NamedTuple):
    value: bytes
    ttl: float

    @property
    def found(self) -> bytes | None:
        """What is found of it while it waits, which is not for long."""
        return self.value if self.ttl > 0 else None


class DeferredCache:
    """A `Cache` whose writes return at once; what still waits is found, as if it had been written."""

    def __init__(self, inner: Cache, counters: Counters, *, max_bytes: int = _MOST_BYTES) -> None:
        """Use `open_deferred` to get one that writes to ``inner``; at most ``max_bytes`` of values wait."""
        self._inner = inner
        self._counters = counters
        self._max_bytes = max_bytes
        self._waiting: dict[str, _Write] = {}
        self._writing: dict[str, _Write] = {}
        self._bytes = 0
        self._came = asyncio.Event()

    async def get_many(self, keys: Sequence[str]) -> Sequence[bytes | None]:
        """See `Cache.get_many`."""
        if not self._waiting and not self._writing:
            return await self._inner.get_many(keys)
        pending = {key: write.found for key in keys if (write := self._waiting.get(key) or self._writing.get(key))}
        asked = [key for key in keys if key not in pending]
        found = dict(zip(asked, await self._inner.get_many(asked), strict=True)) if asked else {}
        return [pending[key] if key in pending else found[key] for key in keys]

    async def set_many(self, values: Mapping[str, bytes], *, ttl: float) -> None:
        """See `Cache.set_many`."""
        for key, value in values.items():
            replaced = self._waiting.pop(key, None)
            self._bytes -= len(replaced.value) if replaced else 0
            if self._bytes + len(value) > self._max_bytes:
                self._counters.add(tier_of(key), DROPPED)
                continue
            self._waiting[key] = _Write(value, ttl)
            self._bytes += len(value)
        self._came.set()

    async def write(self, ready: Callable[[], Awaitable[None]] | None = None) -> None:
        """Write what comes, until cancelled; not before ``ready`` returns, unless that takes long."""
        if ready is not None:
            with anyio.move_on_after(_READY):
                await ready()
        while True:
            await self._came.wait()
            self._came.clear()
            await self.flush()

    async def flush(self) -> None:
        """Write what waits, and what was being written when that was cut short."""
        while self._waiting or self._writing:
            if not self._writing:
                self._writing, self._waiting = self._waiting, {}
            await self._write_out(self._writing)
            self._bytes -= sum(len(write.value) for write in self._writing.values())
            self._writing = {}

    async def _write_out(self, writes: Mapping[str, _Write]) -> None:
        by_ttl: dict[float, list[str]] = {}
        for key, write in writes.items():
            by_ttl.setdefault(write.ttl, []).append(key)
        for ttl, keys in by_ttl.items():
            for start in range(0, len(keys), _AT_ONCE):
                some = keys[start : start + _AT_ONCE]
                await self._inner.set_many({key: writes[key].value for key in some}, ttl=ttl)


@asynccontextmanager
async def open_deferred(
    inner: Cache, counters: Counters, *, ready: Callable[[], Awaitable[None]] | None = None
) -> AsyncGenerator[DeferredCache]:
    """Write to ``inner`` in the background; what waits at the end is written too, if that is soon done.

    Args:
        inner: Where to write.
        counters: Where what had to be dropped is counted.
        ready: Returns when it makes sense to write, such as after the first try to connect.
    """
    cache = DeferredCache(inner, counters)
    writing = asyncio.create_task(cache.write(ready))
    try:
        yield cache
    finally:
        writing.cancel()
        with anyio.move_on_after(_LAST, shield=True):
            await asyncio.wait([writing])
            await cache.flush()
