"""Counts what a layer has of what it is asked for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from mcp_toolweaver.cache.counters import Counters
from mcp_toolweaver.core.caching import CacheStore, tier_of


class CountedCache:
    """A `CacheStore` whose hits are counted under a name of its own."""

    def __init__(self, inner: CacheStore, name: str, counters: Counters) -> None:
        """Count what ``inner`` has in ``counters``, as the event ``name``."""
        self._inner = inner
        self._name = name
        self._counters = counters

    async def get_many(self, keys: Sequence[str]) -> Sequence[bytes | None]:
        """See `CacheStore.get_many`."""
        found = await self._inner.get_many(keys)
        hits = Counter(tier_of(key) for key, value in zip(keys, found, strict=True) if value is not None)
        for tier, count in hits.items():
            self._counters.add(tier, self._name, count)
        return found

    async def set_many(self, values: Mapping[str, bytes], *, ttl: float) -> None:
        """See `CacheStore.set_many`."""
        await self._inner.set_many(values, ttl=ttl)
