"""Memory in front of what lasts: a value that is found below comes up, and what lies below is sealed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from mcp_toolweaver.cache.counters import MISSES, REFUSED, STORED, Counters
from mcp_toolweaver.cache.memory import MemoryCache
from mcp_toolweaver.cache.seal import Seal
from mcp_toolweaver.core.caching import Cache, tier_of

MEMORY = "memory"
"""The event of a value that was found in memory."""
_IN_MEMORY = 300.0
"""Seconds for which a value stays in memory, at most: what was cleared below is gone soon after."""
_REFRESH = 6 / 7
"""A value of a tier that is refreshed on access is kept anew once less than this share of its time is left."""


class TieredCache:
    """A `QuickCache` over a `MemoryCache` and whatever is below it."""

    def __init__(
        self,
        memory: MemoryCache,
        below: Cache,
        seal: Seal,
        counters: Counters,
        *,
        refreshed: Mapping[str, float] | None = None,
    ) -> None:
        """Look into ``memory``, then ``below``.

        Args:
            memory: Holds values as they are.
            below: Holds them sealed.
            seal: Seals and opens them.
            counters: Where hits of memory, misses and values that are none are counted, by tier.
            refreshed: The lifetime in seconds of each tier whose values live on while they are asked for.
        """
        self._memory = memory
        self._below = below
        self._seal = seal
        self._counters = counters
        self._refreshed = refreshed or {}

    def peek(self, key: str) -> bytes | None:
        """See `QuickCache.peek`."""
        value = self._memory.get(key)
        if value is not None:
            self._count([key], MEMORY)
        return value

    async def get_many(self, keys: Sequence[str]) -> Sequence[bytes | None]:
        """See `Cache.get_many`."""
        found: dict[str, bytes] = {}
        for key in keys:
            value = self._memory.get(key)
            if value is not None:
                found[key] = value
        self._count(found, MEMORY)
        missing = list(dict.fromkeys(key for key in keys if key not in found))
        if missing:
            below = await self._opened(missing)
            found |= below
            self._count([key for key in missing if key not in below], MISSES)
        return [found.get(key) for key in keys]

    async def set_many(self, values: Mapping[str, bytes], *, ttl: float) -> None:
        """See `Cache.set_many`."""
        self._count(values, STORED)
        await self._memory.set_many(values, ttl=min(ttl, _IN_MEMORY))
        await self._keep_below(values, ttl)

    async def _opened(self, keys: Sequence[str]) -> dict[str, bytes]:
        """Return what is below, brought up into memory."""
        found: dict[str, bytes] = {}
        worn: dict[str, dict[str, bytes]] = {}
        for key, sealed in zip(keys, await self._below.get_many(keys), strict=True):
            if sealed is None:
                continue
            opened = self._seal.open(key, sealed)
            if opened is None:
                self._count([key], REFUSED)
                continue
            found[key] = opened.value
            await self._memory.set_many({key: opened.value}, ttl=min(opened.left, _IN_MEMORY))
            if opened.left < _REFRESH * self._refreshed.get(tier_of(key), 0.0):
                worn.setdefault(tier_of(key), {})[key] = opened.value
        for tier, values in worn.items():
            await self._keep_below(values, self._refreshed[tier])
        return found

    async def _keep_below(self, values: Mapping[str, bytes], ttl: float) -> None:
        sealed = {key: self._seal.close(key, value, ttl) for key, value in values.items()}
        await self._below.set_many(sealed, ttl=ttl)

    def _count(self, keys: Sequence[str] | Mapping[str, bytes], event: str) -> None:
        if len(keys) == 1:  # the usual case, and in the way of every answer
            self._counters.add(tier_of(next(iter(keys))), event)
            return
        for tier, count in Counter(map(tier_of, keys)).items():
            self._counters.add(tier, event, count)
