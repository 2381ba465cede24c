"""The caches that the settings ask for, wired: memory, then Redis if there is one, else a file."""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import AsyncGenerator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

import anyio
from pydantic import SecretStr

from mcp_toolweaver.cache.counted import CountedCache
from mcp_toolweaver.cache.counters import Counters
from mcp_toolweaver.cache.deferred import open_deferred
from mcp_toolweaver.cache.file import FileCache, open_file_cache
from mcp_toolweaver.cache.memory import MemoryCache
from mcp_toolweaver.cache.seal import Seal
from mcp_toolweaver.cache.tiered import TieredCache
from mcp_toolweaver.config import Settings
from mcp_toolweaver.core.caching import Cache, CacheTier, QuickCache
from mcp_toolweaver.core.errors import ConfigurationError, Unavailable
from mcp_toolweaver.core.kept_file import keep_once
from mcp_toolweaver.core.threads import run_in_thread
from mcp_toolweaver.resilience.guarded_store import GuardedStore
from mcp_toolweaver.resilience.stand_in import StandInCache

if TYPE_CHECKING:
    from mcp_toolweaver.cache.redis.store import RedisStore

_log = logging.getLogger(__name__)

FILE = "cache.sqlite3"
"""In the folder of what can be made again."""
LISTINGS = "catalog.sqlite3"
"""In the folder of what must last."""
COUNTERS = "counters"
"""The kind of the keys under which each process keeps what it counted."""
PART = "Redis"
_FORMAT = 1
"""Of our keys and values; those of another one are not looked at."""
_COUNTED_FOR = 30 * 24 * 3600.0
_COUNTED_EACH = 10.0
_MEGABYTE = 2**20


@dataclass(frozen=True, slots=True)
class Caches:
    """What is open."""

    whole: QuickCache
    """Memory first."""
    lasting: Cache
    """The same without memory, for what is too much to be held there."""
    shared: Cache | None
    """Redis, where others find what we put there; None without one."""
    memory: MemoryCache
    counters: Counters
    redis: GuardedStore | None
    run: Callable[[], Coroutine[Any, Any, None]]
    """Connects to Redis and keeps account, until cancelled; until then the file serves."""


@asynccontextmanager
async def open_caches(settings: Settings) -> AsyncGenerator[Caches]:
    """Open the file and wire everything; Redis is connected by `Caches.run`."""
    given, counters = settings.cache, Counters()
    memory = MemoryCache(max_entries=given.memory_entries, max_bytes=given.memory_mb * _MEGABYTE)
    seal = await run_in_thread(seal_of, settings)
    refreshed: dict[str, float] = {CacheTier.EMBEDDINGS: given.lifetimes.embeddings}
    async with open_cache_file(settings) as file:
        redis = _guarded(settings, seal) if given.redis.url else None
        below: Cache = CountedCache(file, "file", counters)
        if redis is not None:
            below = StandInCache(CountedCache(redis, "redis", counters), below)
        ready = None if redis is None else redis.wait_tried
        async with _kept_connected(redis) as connect, open_deferred(below, counters, ready=ready) as deferred:
            tiered = partial(TieredCache, below=deferred, seal=seal, counters=counters, refreshed=refreshed)
            lasting = tiered(MemoryCache(max_entries=0, max_bytes=0))
            account = _Account(file, counters)
            try:
                yield Caches(
                    whole=tiered(memory),
                    lasting=lasting,
                    shared=lasting if redis is not None else None,
                    memory=memory,
                    counters=counters,
                    redis=redis,
                    run=partial(_run, connect, account),
                )
            finally:
                with anyio.CancelScope(shield=True):
                    await account.keep()


@asynccontextmanager
async def open_cache_file(settings: Settings) -> AsyncGenerator[FileCache]:
    """Open the file that is the cache where there is no Redis."""
    async with open_file_cache(settings.cache_dir / FILE, max_bytes=settings.cache.file_mb * _MEGABYTE) as file:
        yield file


@asynccontextmanager
async def open_redis(settings: Settings, seal: Seal) -> AsyncGenerator[RedisStore]:
    """Connect to the Redis of the settings; its library is imported off the event loop.

    Raises:
        Unavailable: it cannot be reached, or its address is wrong.
    """
    given = settings.cache.redis
    options = await run_in_thread(import_module, "mcp_toolweaver.cache.redis.options")
    opening = await run_in_thread(import_module, "mcp_toolweaver.cache.redis.opening")
    try:
        address = options.read_address(_told(given.url) or "")
    except ConfigurationError as wrong:
        raise Unavailable(PART, f"cache.redis.url {wrong}") from wrong
    how = options.Options(
        replace(
            address,
            username=given.username or address.username,
            password=_told(given.password) or address.password,
        ),
        ca_file=given.ca_file and str(given.ca_file),
        cert_file=given.cert_file and str(given.cert_file),
        key_file=given.key_file and str(given.key_file),
        max_connections=given.max_connections,
        timeout=given.timeout,
        sentinel_username=given.sentinel_username,
        sentinel_password=_told(given.sentinel_password),
    )
    async with opening.open_redis(how, f"{given.prefix}:{_FORMAT}:{seal.name}") as store:
        yield store


def redis_place(settings: Settings) -> str:
    """Return where Redis is, for people; without credentials."""
    url = _told(settings.cache.redis.url) or ""
    scheme, _, rest = url.partition("://")
    return f"{scheme}://{rest.rpartition('@')[2]}"


def _told(secret: SecretStr | None) -> str | None:
    return None if secret is None else secret.get_secret_value()


def seal_of(settings: Settings) -> Seal:
    """Return the seal of all that lies outside of this process. Blocking."""
    given = settings.cache
    told = _told(given.secret) or _told(given.redis.password) or _password(_told(given.redis.url) or "")
    if told:
        return Seal(told.encode(errors="surrogatepass"))
    try:
        return Seal(keep_once(settings.data_dir / "cache-secret", secrets.token_hex(32)).encode())
    except (OSError, UnicodeError) as error:
        _log.warning(
            "cache: no secret can be kept in %s (%s); the cache is good for this process only", settings.data_dir, error
        )
        return Seal(secrets.token_bytes(32))


def _password(url: str) -> str | None:
    try:
        return unquote(urlsplit(url).password or "") or None
    except ValueError:
        return None


def _guarded(settings: Settings, seal: Seal) -> GuardedStore:
    return GuardedStore(PART, partial(open_redis, settings, seal), deadline=settings.cache.redis.timeout)


class _Account:
    """Keeps what was counted where `toolweaver cache stats` finds it, also when this process has ended."""

    def __init__(self, file: FileCache, counters: Counters) -> None:
        self._file = file
        self._counters = counters
        self._key = f"{COUNTERS}:{secrets.token_hex(8)}"
        self._kept = b"{}"

    async def keep(self) -> None:
        counted = self._counters.encode()
        if counted != self._kept:
            await self._file.set_many({self._key: counted}, ttl=_COUNTED_FOR)
            self._kept = counted

    async def run(self) -> None:
        while True:
            await anyio.sleep(_COUNTED_EACH)
            await self.keep()


@asynccontextmanager
async def _kept_connected(redis: GuardedStore | None) -> AsyncGenerator[asyncio.Event]:
    """Connect once the event is set, and stay so until the last write is done, which is after `Caches.run` ends."""
    wanted = asyncio.Event()

    async def connect() -> None:
        await wanted.wait()
        if redis is not None:
            await redis.run()

    connecting = asyncio.create_task(connect())
    try:
        yield wanted
    finally:
        connecting.cancel()
        with anyio.CancelScope(shield=True):
            await asyncio.wait([connecting])


async def _run(connect: asyncio.Event, account: _Account) -> None:
    connect.set()
    await account.run()
