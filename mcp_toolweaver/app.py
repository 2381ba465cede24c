"""The composition root: the only file that knows all parts, and how they are wired."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Coroutine, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any

import anyio

from mcp_toolweaver.cache.file import open_file_cache
from mcp_toolweaver.catalog.catalog import Catalog
from mcp_toolweaver.catalog.listings import Listings
from mcp_toolweaver.catalog.runner import SourceSetup
from mcp_toolweaver.config import SERVER_KIND, Configuration, Settings, SourceSpec
from mcp_toolweaver.core.interfaces import Cache, Embedder, Searcher, ToolCaller, ToolIndex
from mcp_toolweaver.core.threads import run_in_thread
from mcp_toolweaver.embeddings.loading import LoadingEmbedder
from mcp_toolweaver.index.indexer import Indexer
from mcp_toolweaver.index.late import LateIndex
from mcp_toolweaver.proxy.arguments import CheckedCaller
from mcp_toolweaver.resilience.fallback import FallbackSearcher
from mcp_toolweaver.resilience.patience import Patience
from mcp_toolweaver.resilience.standby import StandbyIndex
from mcp_toolweaver.search.hybrid import HybridSearcher
from mcp_toolweaver.search.lexical import LexicalSearcher
from mcp_toolweaver.search.names import CurrentNames
from mcp_toolweaver.store_admin import StoreAdmin
from mcp_toolweaver.stores import Stores
from mcp_toolweaver.warmup import Warmup

if TYPE_CHECKING:
    from mcp_toolweaver.embeddings.cached import Elsewhere


_RECHECK = 300.0
"""Seconds after which a server is compared again: sooner than others remove what we may still search there."""
_WITH_OURSELVES = Patience(query=5.0)
"""The embedded engine is late only where this process is."""


@dataclass(frozen=True, slots=True)
class App:
    """Everything that a command needs, wired and not yet running."""

    catalog: Catalog
    searcher: Searcher
    by_words: Searcher
    """Needs no model."""
    searcher_for: Callable[[float], Searcher]
    """Makes a searcher over the same index in which meaning has this share, 0 to 1."""
    caller: ToolCaller
    warmup: Warmup
    run_index: Callable[[], Coroutine[Any, Any, None]]
    """Opens the store of the index and keeps it in step, until cancelled; without it, memory is the index."""
    index_admin: StoreAdmin


@asynccontextmanager
async def open_app(configuration: Configuration) -> AsyncGenerator[App]:
    """Wire the parts, starting from what the last run knew; run ``catalog`` and ``warmup`` to go on."""
    settings = configuration.settings
    async with (
        open_file_cache(settings.data_dir / "catalog.sqlite3") as listings,
        open_file_cache(settings.cache_dir / "embeddings.sqlite3") as vectors,
    ):
        catalog = Catalog([_setup(source, configuration) for source in configuration.sources], Listings(listings))
        await catalog.restore()
        embedder = LoadingEmbedder(
            settings.embedding.model, lambda: _load_embedder(settings, vectors, stores.vectors, embedder)
        )
        stores = Stores(settings, embedder)
        standby = _standby(settings, stores)
        index = standby or LateIndex(_make_memory)
        names = CurrentNames(catalog)
        by_words = LexicalSearcher(catalog, index, names)
        enabled = settings.embedding.enabled
        indexer = Indexer(index, embedder)

        def searcher_for(meaning_weight: float) -> Searcher:
            return HybridSearcher(
                catalog, index, embedder, names, meaning_weight=meaning_weight, is_coming=lambda: indexer.is_able
            )

        yield App(
            catalog=catalog,
            searcher=FallbackSearcher(searcher_for(settings.search.meaning_weight), by_words) if enabled else by_words,
            by_words=by_words,
            searcher_for=searcher_for,
            caller=CheckedCaller(catalog),
            warmup=Warmup(catalog, indexer, embedder if enabled else None, standby),
            run_index=standby.run if standby else anyio.sleep_forever,
            index_admin=StoreAdmin(settings, stores, vectors, catalog, None if standby else index),
        )


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


async def _load_embedder(settings: Settings, cache: Cache, elsewhere: Elsewhere, told: LoadingEmbedder) -> Embedder:
    """Load the model; its libraries are imported off the event loop, and not before the handshake."""
    cached = await run_in_thread(import_module, "mcp_toolweaver.embeddings.cached")
    opening = await run_in_thread(import_module, "mcp_toolweaver.embeddings.opening")
    given = settings.embedding
    options = opening.ModelOptions(
        given.model, settings.models, given.device, given.precision, given.threads, given.download
    )
    embedder: Embedder = cached.CachedEmbedder(await opening.open_model(options, told), cache, elsewhere)
    return embedder


def _setup(source: SourceSpec, configuration: Configuration) -> SourceSetup:
    where = f"{configuration.path.name}: {source.origin}" if configuration.path else source.origin
    options = _with_deadlines(source.options, configuration.settings) if source.kind == SERVER_KIND else source.options
    return SourceSetup(source.name, source.kind, options, where, source.domain, source.invalid)


def _with_deadlines(options: Mapping[str, Any], settings: Settings) -> Mapping[str, Any]:
    """Give a server the deadlines that hold for all, where it has none of its own."""
    return {**settings.downstream.model_dump(), **options}
