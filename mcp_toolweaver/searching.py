"""Searching a catalog, or the part of it that a caller sees, wired as the settings ask."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from importlib.metadata import version

from mcp_toolweaver.access.effects import Effects
from mcp_toolweaver.access.seen import SeenCatalog, Whole
from mcp_toolweaver.access.within import IndexWithin
from mcp_toolweaver.caches import Caches
from mcp_toolweaver.config import Settings
from mcp_toolweaver.core.access import Profile
from mcp_toolweaver.core.interfaces import CatalogView, Searcher, ToolIndex
from mcp_toolweaver.embeddings.loading import LoadingEmbedder
from mcp_toolweaver.index.indexer import Indexer
from mcp_toolweaver.resilience.fallback import FallbackSearcher
from mcp_toolweaver.search.cached import CachedSearcher
from mcp_toolweaver.search.hybrid import HybridSearcher
from mcp_toolweaver.search.lexical import LexicalSearcher
from mcp_toolweaver.search.names import CurrentNames
from mcp_toolweaver.stores import Stores
from mcp_toolweaver.text.tool_text import TEXT_VERSION

_VERSION = version("mcp-toolweaver")


@dataclass(frozen=True, slots=True)
class Part:
    """What one caller finds."""

    catalog: Whole
    searcher: Searcher
    arms: Callable[[], Mapping[str, Searcher]]
    """Makes what searches anew: as it is answered, by words alone, and by meaning alone where there is a model."""


@dataclass(frozen=True, slots=True)
class Searching:
    """What searchers are made of."""

    settings: Settings
    catalog: Whole
    """All of it."""
    index: ToolIndex
    indexer: Indexer
    embedder: LoadingEmbedder
    stores: Stores
    caches: Caches

    def weighted(self, meaning_weight: float) -> Searcher:
        """Return what searches all of the catalog anew, with this share of meaning, 0 to 1."""
        return self._hybrid(self.catalog, self.index, CurrentNames(self.catalog), meaning_weight)

    def by_words(self) -> Searcher:
        """Return what searches all of the catalog without a model."""
        return LexicalSearcher(self.catalog, self.index, CurrentNames(self.catalog))

    def anew(self) -> Searcher:
        """Return what searches all of the catalog each time it is asked."""
        return self._anew(self.catalog, self.index)

    def cached(self, anew: Searcher) -> Searcher:
        """Return what gives an answer that was given before, where nothing has changed."""
        return self._cached(anew, self.catalog)

    def all_of_it(self, asked: Searcher) -> Part:
        """Return the whole catalog, which ``asked`` searches."""
        return Part(self.catalog, asked, lambda: self.arms(self.catalog, self.index))

    def part(self, profiles: tuple[Profile, ...], effects: Effects) -> Part:
        """Return the part of the catalog that is in all profiles, and what searches it."""
        seen = SeenCatalog(self.catalog, profiles, effects)
        index = IndexWithin(self.index, seen)
        return Part(seen, self._cached(self._anew(seen, index), seen), lambda: self.arms(seen, index))

    def arms(self, catalog: CatalogView, index: ToolIndex) -> dict[str, Searcher]:
        """Return what searches anew: as it is answered, by words alone, and by meaning alone where there is a model."""
        names = CurrentNames(catalog)
        arms: dict[str, Searcher] = {
            "fused": self._anew(catalog, index),
            "words": LexicalSearcher(catalog, index, names),
        }
        if self.settings.embedding.enabled:
            arms["meaning"] = self._hybrid(catalog, index, names, 1.0)
        return arms

    def _anew(self, catalog: CatalogView, index: ToolIndex) -> Searcher:
        names = CurrentNames(catalog)
        by_words = LexicalSearcher(catalog, index, names)
        if not self.settings.embedding.enabled:
            return by_words
        return FallbackSearcher(self._hybrid(catalog, index, names, self.settings.search.meaning_weight), by_words)

    def _hybrid(self, catalog: CatalogView, index: ToolIndex, names: CurrentNames, weight: float) -> Searcher:
        is_coming = partial(getattr, self.indexer, "is_able")
        return HybridSearcher(catalog, index, self.embedder, names, meaning_weight=weight, is_coming=is_coming)

    def _cached(self, anew: Searcher, catalog: CatalogView) -> Searcher:
        def indexed() -> str:
            """Return the generation of ``catalog`` if the index is in step with all, of which it may be a part."""
            is_in_step = self.indexer.generation == self.catalog.snapshot.generation
            return catalog.snapshot.generation if is_in_step else ""

        lifetime = self.settings.cache.lifetimes.search
        return CachedSearcher(anew, self.caches.whole, catalog, lifetime=lifetime, way=self._way, indexed=indexed)

    def _way(self) -> str | None:
        """Say how answers come about; None while the model is not known, or where no answer is to be kept."""
        settings = self.settings
        space = self.stores.known_space or (self.embedder.space if self.embedder.is_loaded else None)
        if not settings.embedding.enabled:
            space = "words"
        if space is None or not settings.cache.lifetimes.search:
            return None
        told = (_VERSION, TEXT_VERSION, space, settings.embedding.precision, settings.search.meaning_weight)
        return " ".join(map(str, (*told, settings.index.chosen, settings.index.quantization)))
