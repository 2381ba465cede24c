"""A connection to Redis as a cache: a read is one round trip, and so is a write."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING, Any

from redis.exceptions import ResponseError

from mcp_toolweaver.cache.redis.failures import PART, translated, unavailable
from mcp_toolweaver.core.caching import Tally, tier_of
from mcp_toolweaver.core.errors import Unavailable
from mcp_toolweaver.core.json_values import is_array, is_object

if TYPE_CHECKING:
    from redis.asyncio import Redis, RedisCluster

_LEAST_TTL = 1
"""Millisecond; Redis takes no expiry of 0."""
_PAGE = 1000
_MOST_COUNTED = 200_000
"""Keys that are looked at to say how many there are."""


class RedisStore:
    """A `CacheServer` and `CacheShelf` over an open client."""

    def __init__(
        self,
        client: Redis | RedisCluster,
        namespace: str,
        where: str,
        *,
        is_cluster: bool = False,
        connections: int,
    ) -> None:
        """Use `opening.open_redis` to get one; ``connections`` is how many the client has, at most."""
        self._client: Any = client  # whose annotations promise a value where it returns an awaitable
        self._namespace = f"{namespace}:"
        self._where = where
        self._is_cluster = is_cluster
        self._connections = connections
        self._free = asyncio.Semaphore(connections)
        self._is_left = False

    async def get_many(self, keys: Sequence[str]) -> Sequence[bytes | None]:
        """See `CacheStore.get_many`."""
        if not keys:
            return []
        named = [self._key(key) for key in keys]
        async with self._turn():
            found: Any = await (self._client.mget_nonatomic(named) if self._is_cluster else self._client.mget(named))
        if not is_array(found) or len(found) != len(keys):
            raise Unavailable(PART, f"{self._where} answered something else than it was asked for")
        return [value if isinstance(value, bytes) else None for value in found]

    async def set_many(self, values: Mapping[str, bytes], *, ttl: float) -> None:
        """See `CacheStore.set_many`."""
        if not values:
            return
        milliseconds = max(_LEAST_TTL, int(ttl * 1000))
        async with self._turn():
            pipeline = self._pipeline()
            for key, value in values.items():
                pipeline.set(self._key(key), value, px=milliseconds)
            answers = await pipeline.execute(raise_on_error=False)
        for answer in answers:
            if isinstance(answer, Exception):
                raise unavailable(answer, self._where)

    async def check(self) -> None:
        """See `CacheServer.check`; it reads, since not everybody who may say hello may do that."""
        await self.get_many(["check"])

    async def tally(self) -> Mapping[str, Tally]:
        """See `CacheShelf.tally`; of more than 200,000 keys the rest is not counted."""
        entries, sizes, seen = Counter[str](), Counter[str](), 0
        async for keys in self._pages("*"):
            for key, size in zip(keys, await self._each("STRLEN", keys), strict=True):
                tier = tier_of(key.removeprefix(self._namespace.encode()).decode(errors="replace"))
                entries[tier] += 1
                sizes[tier] += size if isinstance(size, int) else 0
            seen += len(keys)
            if seen >= _MOST_COUNTED:
                break
        return {tier: Tally(count, sizes[tier]) for tier, count in entries.items()}

    async def clear(self, kind: str) -> int:
        """See `CacheShelf.clear`."""
        removed = 0
        async for keys in self._pages(f"{kind}:*"):
            removed += sum(answer for answer in await self._each("UNLINK", keys) if isinstance(answer, int))
        return removed

    async def memory(self) -> int | None:
        """Return how many bytes the server takes, everybody's values together; None if it does not say.

        Raises:
            Unavailable: it cannot be asked.
        """
        with translated(self._where):
            try:
                told: Any = await self._client.info("memory")
            except ResponseError:  # not everybody may ask
                return None
        used = told.get("used_memory") if is_object(told) else None
        return used if isinstance(used, int) else None

    async def leave(self) -> None:
        """Refuse whatever comes from now on, and return when all that is under way has its answer."""
        self._is_left = True
        async with AsyncExitStack() as all_of_them:
            for _ in range(self._connections):
                await all_of_them.enter_async_context(self._free)

    @asynccontextmanager
    async def _turn(self) -> AsyncGenerator[None]:
        """Wait for a free connection, since not every client does; after the end it would make a new one."""
        async with self._free:
            if self._is_left:
                raise Unavailable(PART, f"the connection to {self._where} was closed")
            with translated(self._where):
                yield

    async def _pages(self, pattern: str) -> AsyncGenerator[list[bytes]]:
        page: list[bytes] = []
        with translated(self._where):
            async for key in self._client.scan_iter(match=_literal(self._namespace) + pattern, count=_PAGE):
                page.append(key)
                if len(page) == _PAGE:
                    yield page
                    page = []
        if page:
            yield page

    async def _each(self, command: str, keys: Sequence[bytes]) -> Sequence[Any]:
        """Send a command for each key, in one round trip; an answer may be an error."""
        async with self._turn():
            pipeline = self._pipeline()
            for key in keys:
                pipeline.execute_command(command, key)
            answers: Sequence[Any] = await pipeline.execute(raise_on_error=False)
            return answers

    def _pipeline(self) -> Any:
        return self._client.pipeline() if self._is_cluster else self._client.pipeline(transaction=False)

    def _key(self, key: str) -> bytes:
        return f"{self._namespace}{key}".encode(errors="surrogatepass")


def _literal(text: str) -> str:
    """Return a pattern for SCAN that means this text."""
    return "".join(f"\\{character}" if character in "*?[]^\\-" else character for character in text)
