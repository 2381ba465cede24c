"""What the commands about the cache ask and do, from outside of the processes that use it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field

from mcp_toolweaver.cache.counters import DROPPED, MISSES, REFUSED, STORED, Counters, total
from mcp_toolweaver.cache.file import open_file_cache
from mcp_toolweaver.caches import COUNTERS, LISTINGS, open_cache_file, open_redis, redis_place, seal_of
from mcp_toolweaver.config import Settings
from mcp_toolweaver.core.caching import CacheShelf, CacheTier, Tally
from mcp_toolweaver.core.errors import Unavailable
from mcp_toolweaver.core.threads import run_in_thread
from mcp_toolweaver.search.usage import KIND as USAGE

_OUTCOMES = {MISSES, STORED, REFUSED, DROPPED}


@dataclass(frozen=True, slots=True)
class Layer:
    """One place where values lie."""

    name: str
    where: str
    tiers: Mapping[str, Tally] = field(default_factory=dict[str, Tally])
    bytes: int | None = None
    """What it takes altogether, of a Redis with what others keep in it; None if it does not say."""
    away: str = ""
    """Why it cannot be asked, and what to do; empty if it can."""


@dataclass(frozen=True, slots=True)
class TierReport:
    """What came of asking for the values of a tier, in all processes of the last 30 days."""

    lifetime: float
    """Seconds that a value is kept."""
    hits: Mapping[str, int]
    """By the layer that had the value."""
    misses: int
    stored: int
    refused: int
    """Values that were damaged, planted or of another version, and so were none."""
    dropped: int
    """Values that were not written, since too much waited."""

    @property
    def hit_rate(self) -> float | None:
        """The share of the values asked for that were there; None if nothing was asked for."""
        found = sum(self.hits.values()) - self.refused
        return found / (found + self.misses) if found + self.misses else None


@dataclass(frozen=True, slots=True)
class CacheReport:
    """Everything about the cache."""

    layers: tuple[Layer, ...]
    tiers: Mapping[str, TierReport]


async def report(settings: Settings) -> CacheReport:
    """Look into every layer; one that cannot be asked says why."""
    async with open_cache_file(settings) as file:
        counted = total(await file.values(COUNTERS)) if settings.cache_dir.exists() else Counters()
    layers = [await _layer(settings, name, kinds=list(CacheTier)) for name in _names(settings)]
    lifetimes = settings.cache.lifetimes.model_dump()
    tiers = {tier.value: _tier(counted.counts.get(tier, {}), lifetimes[tier]) for tier in CacheTier}
    return CacheReport(tuple(layers), tiers)


async def clear(settings: Settings, tiers: Collection[CacheTier], *, questions: bool) -> tuple[Layer, ...]:
    """Remove the values of tiers from every layer; return how many of each were removed, in bytes 0.

    Args:
        settings: Which layers there are.
        tiers: What to remove; if it is everything, what was counted too.
        questions: Whether to forget which questions were asked.
    """
    kinds = [*tiers, *([COUNTERS] if set(tiers) == set(CacheTier) else []), *([USAGE] if questions else [])]
    return tuple([await _layer(settings, name, kinds=kinds, clears=True) for name in _names(settings)])


def _names(settings: Settings) -> list[str]:
    return ["listings", "file", *(["redis"] if settings.cache.redis.url else [])]


async def _layer(settings: Settings, name: str, *, kinds: Collection[str], clears: bool = False) -> Layer:
    """Count or clear what a layer has of some kinds of values."""
    where = _where(settings, name)
    try:
        async with AsyncExitStack() as stack:
            shelf, size = await _opened(settings, name, stack)
            if clears:
                removed = {kind: Tally(await shelf.clear(kind), 0) for kind in kinds}
                return Layer(name, where, removed)
            return Layer(
                name, where, {kind: tally for kind, tally in (await shelf.tally()).items() if kind in kinds}, size
            )
    except Unavailable as away:
        return Layer(name, where, away=away.reason)


async def _opened(settings: Settings, name: str, stack: AsyncExitStack) -> tuple[CacheShelf, int | None]:
    match name:
        case "listings":
            return await stack.enter_async_context(open_file_cache(settings.data_dir / LISTINGS)), None
        case "file":
            file = await stack.enter_async_context(open_cache_file(settings))
            return file, await file.size()
        case _:
            seal = await run_in_thread(seal_of, settings)
            redis = await stack.enter_async_context(open_redis(settings, seal))
            return redis, await redis.memory()


def _where(settings: Settings, name: str) -> str:
    match name:
        case "listings":
            return str(settings.data_dir / LISTINGS)
        case "file":
            return str(settings.cache_dir / "cache.sqlite3")
        case _:
            return redis_place(settings)


def _tier(counts: Mapping[str, int], lifetime: float) -> TierReport:
    return TierReport(
        lifetime=lifetime,
        hits={event: count for event, count in counts.items() if event not in _OUTCOMES},
        misses=counts.get(MISSES, 0),
        stored=counts.get(STORED, 0),
        refused=counts.get(REFUSED, 0),
        dropped=counts.get(DROPPED, 0),
    )
