"""The composition root: the only file that knows all parts, and how they are wired."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Coroutine, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import anyio

from mcp_toolweaver.access.callers import CallersCaller, CallersCatalog, CallersSearcher
from mcp_toolweaver.access.effects import Effects
from mcp_toolweaver.access.per_caller import PerCaller
from mcp_toolweaver.cache.file import open_file_cache
from mcp_toolweaver.caches import LISTINGS, Caches, open_caches
from mcp_toolweaver.catalog.catalog import Catalog
from mcp_toolweaver.catalog.listings import Listings
from mcp_toolweaver.catalog.setup import SourceSetup
from mcp_toolweaver.catalog.shared_listings import SharedListings
from mcp_toolweaver.config import SERVER_KIND, Configuration, Settings, SourceSpec
from mcp_toolweaver.core.exchange import current_session
from mcp_toolweaver.core.interfaces import Embedder, Searcher, ToolCaller, ToolIndex
from mcp_toolweaver.core.paging import ResultReader
from mcp_toolweaver.core.policy import SourcePolicy
from mcp_toolweaver.core.threads import run_in_thread
from mcp_toolweaver.embeddings.loading import LoadingEmbedder
from mcp_toolweaver.index.indexer import Indexer
from mcp_toolweaver.index.late import LateIndex
from mcp_toolweaver.proxy.arguments import CheckedCaller
from mcp_toolweaver.proxy.log_file import LOGS, set_log_folder
from mcp_toolweaver.proxy.paging.caller import PagedCaller
from mcp_toolweaver.proxy.paging.kept import KeptResults
from mcp_toolweaver.proxy.paging.pages import ResultPages
from mcp_toolweaver.resilience.bulkhead import BulkheadCaller
from mcp_toolweaver.resilience.circuit import BreakerCaller
from mcp_toolweaver.resilience.deadline import DeadlineCaller
from mcp_toolweaver.resilience.patience import Patience
from mcp_toolweaver.resilience.repeating import RepeatingCaller
from mcp_toolweaver.resilience.standby import StandbyIndex
from mcp_toolweaver.search.priming import Priming
from mcp_toolweaver.search.usage import Usage, UsageSearcher
from mcp_toolweaver.searching import Searching
from mcp_toolweaver.store_admin import StoreAdmin
from mcp_toolweaver.stores import Stores
from mcp_toolweaver.warmup import Warmup

if TYPE_CHECKING:
    from mcp_toolweaver.embeddings.cached import Elsewhere


_VERSION = version("mcp-toolweaver")
_RECHECK = 300.0
"""Seconds after which a server is compared again: sooner than others remove what we may still search there."""
_WITH_OURSELVES = Patience(query=5.0)
"""The embedded engine is late only where this process is."""


@dataclass(frozen=True, slots=True)
class App:
    """Everything that a command needs, wired and not yet running."""

    catalog: Catalog
    seen: CallersCatalog
    """What is there of it for the caller whose request is under way."""
    searcher: Searcher
    """Searches each time it is asked."""
    cached: Searcher
    """Gives an answer that was given before, where nothing has changed."""
    asked: Searcher
    """The same for hosts, each caller within what they see; the questions of those who see all are counted."""
    by_words: Searcher
    """Needs no model."""
    arms: Callable[[], Mapping[str, Searcher]]
    """Makes what searches what the caller sees: ``fused`` as it is answered, ``words`` and ``meaning`` alone."""
    searcher_for: Callable[[float], Searcher]
    """Makes a searcher over the same index in which meaning has this share, 0 to 1."""
    caller: ToolCaller
    """Returns each result whole."""
    short_caller: ToolCaller
    """Calls what the caller sees, and cuts results that are too long for a model."""
    results: ResultReader | None
    """Reads on in these; None where nothing is cut."""
    warmup: Warmup
    run_caches: Callable[[], Coroutine[Any, Any, None]]
    """Connects the cache that is shared and keeps account, until cancelled; without it, a file is the cache."""
    caches: Caches
    run_index: Callable[[], Coroutine[Any, Any, None]]
    """Opens the store of the index and keeps it in step, until cancelled; without it, memory is the index."""
    index_admin: StoreAdmin
    reload: Callable[[Configuration], Coroutine[Any, Any, None]]
    """Takes over the sources of another configuration, how they are treated, and what their tools do."""


@asynccontextmanager
async def open_app(configuration: Configuration) -> AsyncGenerator[App]:
    """Wire the parts, starting from what the last run knew; run ``catalog`` and ``warmup`` to go on."""
    settings = configuration.settings
    set_log_folder(settings.data_dir / LOGS)
    async with open_file_cache(settings.data_dir / LISTINGS) as lasting, open_caches(settings) as caches:
        setups = [_setup(source, configuration) for source in configuration.sources]
        catalog = Catalog(setups, Listings(lasting), shared=_shared_listings(settings, caches))
        await catalog.restore()
        policies = {setup.name: setup.policy for setup in setups}
        policy = partial(_policy, policies)
        embedder = LoadingEmbedder(
            settings.embedding.model, lambda: _load_embedder(settings, caches, stores.vectors, embedder)
        )
        stores = Stores(settings, embedder)
        standby = _standby(settings, stores)
        index = standby or LateIndex(_make_memory)
        enabled = settings.embedding.enabled
        indexer = Indexer(index, embedder)
        searching = Searching(settings, catalog, index, indexer, embedder, stores, caches)
        searcher = searching.anew()
        cached = searching.cached(searcher)
        usage = Usage(lasting) if settings.cache.learn_queries else None
        if usage:
            await usage.restore()
        asked = UsageSearcher(cached, usage) if usage else cached
        effects = Effects(settings.effects)
        parts = PerCaller(searching.all_of_it(asked), lambda profiles: searching.part(profiles, effects))
        seen = CallersCatalog(lambda: parts.current.catalog)
        checked = CheckedCaller(  # read inside out
            BulkheadCaller(RepeatingCaller(breaker := BreakerCaller(DeadlineCaller(catalog, policy)), policy), policy)
        )
        allowed = CallersCaller(checked, seen)

        async def reload(changed: Configuration) -> None:
            setups = [_setup(source, changed) for source in changed.sources]
            policies.clear()
            policies.update({setup.name: setup.policy for setup in setups})
            effects.replace(changed.settings.effects)
            parts.forget()
            breaker.forget(await catalog.reload(setups))

        kept = KeptResults(megabytes=settings.results.keep_mb, seconds=settings.results.keep_seconds)
        most = settings.results.max_tokens
        priming = Priming(catalog, usage, anew=searcher)
        try:
            yield App(
                catalog=catalog,
                seen=seen,
                searcher=searcher,
                cached=cached,
                asked=CallersSearcher(lambda: parts.current.searcher),
                by_words=searching.by_words(),
                arms=lambda: dict(parts.current.arms()),
                searcher_for=searching.weighted,
                caller=checked,
                short_caller=PagedCaller(allowed, kept, most, owner=current_session) if most else allowed,
                results=ResultPages(kept, most, owner=current_session) if most else None,
                warmup=Warmup(catalog, indexer, embedder if enabled else None, standby, priming),
                run_caches=partial(_run_caches, caches, usage),
                caches=caches,
                run_index=standby.run if standby else anyio.sleep_forever,
                index_admin=StoreAdmin(settings, stores, caches.lasting, catalog, None if standby else index),
                reload=reload,
            )
        finally:
            if usage:
                with anyio.CancelScope(shield=True):
                    await usage.keep()


def _standby(settings: Settings, stores: Stores) -> StandbyIndex | None:
    """Return the index over the store; None where memory is all, as for search by words alone."""
    if not settings.embedding.enabled or settings.index.chosen == "memory":
        return None
    is_remote = settings.index.chosen == "qdrant"
    return StandbyIndex(
        stores.open,
        _make_memory,
        keep_memory=is_remote and settings.index.standby,
        patience=Patience(query=settings.index.timeout, recheck=_RECHECK) if is_remote else _WITH_OURSELVES,
    )


async def _make_memory() -> ToolIndex:
    """Make an index in memory; numpy is imported here, off the event loop, and not before the handshake."""
    memory = await run_in_thread(import_module, "mcp_toolweaver.index.memory")
    index: ToolIndex = memory.MemoryIndex()
    return index


async def _load_embedder(settings: Settings, caches: Caches, elsewhere: Elsewhere, told: LoadingEmbedder) -> Embedder:
    """Load the model; its libraries are imported off the event loop, and not before the handshake."""
    cached = await run_in_thread(import_module, "mcp_toolweaver.embeddings.cached")
    opening = await run_in_thread(import_module, "mcp_toolweaver.embeddings.opening")
    given = settings.embedding
    options = opening.ModelOptions(
        given.model, settings.models, given.device, given.precision, given.threads, given.download
    )
    model: Embedder = await opening.open_model(options, told)
    lifetime = settings.cache.lifetimes.embeddings
    if not lifetime:
        return model
    embedder: Embedder = cached.CachedEmbedder(
        model, caches.lasting, elsewhere, queries=caches.whole, lifetime=lifetime
    )
    return embedder


async def _run_caches(caches: Caches, usage: Usage | None) -> None:
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(caches.run)
        if usage is not None:
            tasks.start_soon(usage.keep_up)


def _shared_listings(settings: Settings, caches: Caches) -> SharedListings | None:
    given = settings.cache.lifetimes
    if caches.redis is None or not given.catalog:
        return None
    return SharedListings(
        caches.lasting,
        lifetime=given.catalog,
        definitions_lifetime=given.definitions,
        wait_ready=caches.redis.wait_tried,
    )


def _policy(policies: Mapping[str, SourcePolicy], server: str) -> SourcePolicy:
    """Return how a server is treated; one that is only described in a file has no policy of its own."""
    return policies.get(server) or SourcePolicy()


def _setup(source: SourceSpec, configuration: Configuration) -> SourceSetup:
    where = f"{configuration.path.name}: {source.origin}" if configuration.path else source.origin
    options = _with_deadlines(source.options, configuration.settings) if source.kind == SERVER_KIND else source.options
    policy = source.policy(configuration.settings)
    return SourceSetup(source.name, source.kind, options, where, source.domain, source.invalid, policy)


def _with_deadlines(options: Mapping[str, Any], settings: Settings) -> Mapping[str, Any]:
    """Give a server the deadlines that hold for all, where it has none of its own."""
    return {**settings.downstream.model_dump(include={"connect_timeout", "call_timeout"}), **options}
