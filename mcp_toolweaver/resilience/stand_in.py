"""A cache that may be away, and another one for that time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from mcp_toolweaver.core.caching import Cache, CacheStore
from mcp_toolweaver.core.errors import Unavailable


class StandInCache:
    """A `Cache` that asks a store, and its stand-in only while the store is away."""

    def __init__(self, store: CacheStore, stand_in: Cache) -> None:
        """Ask ``store``, else ``stand_in``."""
        self._store = store
        self._stand_in = stand_in

    async def get_many(self, keys: Sequence[str]) -> Sequence[bytes | None]:
        """See `Cache.get_many`."""
        try:
            return await self._store.get_many(keys)
        except Unavailable:
            return await self._stand_in.get_many(keys)

    async def set_many(self, values: Mapping[str, bytes], *, ttl: float) -> None:
        """See `Cache.set_many`."""
        try:
            await self._store.set_many(values, ttl=ttl)
        except Unavailable:
            await self._stand_in.set_many(values, ttl=ttl)
