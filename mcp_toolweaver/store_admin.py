"""What the commands about the index ask and do: the store itself, and the vectors in the cache in front of it."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Collection, Mapping
from contextlib import asynccontextmanager
from importlib import import_module
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from mcp_toolweaver.config import Settings
from mcp_toolweaver.core.caching import Cache
from mcp_toolweaver.core.errors import InUse, Unavailable
from mcp_toolweaver.core.interfaces import CatalogView, ToolIndex
from mcp_toolweaver.core.threads import run_in_thread
from mcp_toolweaver.core.tools import ToolId
from mcp_toolweaver.index.administration import Store
from mcp_toolweaver.index.administration import texts as texts_of
from mcp_toolweaver.stores import Stores

if TYPE_CHECKING:
    from mcp_toolweaver.core.query import Vector
    from mcp_toolweaver.embeddings.vector_cache import VectorCache
    from mcp_toolweaver.index.view import View


class StoreAdmin:
    """An `IndexAdmin` over the configured store, which it opens for each question and leaves again."""

    def __init__(
        self, settings: Settings, stores: Stores, cache: Cache, catalog: CatalogView, memory: ToolIndex | None
    ) -> None:
        """Ask the store that ``stores`` opens for the tools of ``catalog``, or ``memory`` where that is all there is.

        Vectors are in ``cache`` too.
        """
        self._memory = memory
        self._catalog = catalog
        self._settings = settings
        self._stores = stores
        self._cache = cache

    async def describe(self) -> Store:
        """See `IndexAdmin.describe`."""
        given = self._settings.index
        if self._memory is not None:
            return Store("memory", "the memory of each process", lasts=False)
        try:
            async with self._stores.engine() as (engine, catalog, _space):
                report = await engine.describe()
        except Unavailable:
            where = urlsplit(given.url).netloc.rpartition("@")[2] if given.url else self._settings.data_dir / "index"
            return Store(given.chosen, str(where))
        return Store(
            given.chosen,
            report.where,
            collection=report.collection,
            catalog=catalog,
            bytes_on_disk=report.bytes_on_disk,
            others={name: count for name, count in report.catalogs.items() if name != catalog},
        )

    async def away(self) -> str | None:
        """Return why the store cannot be used; None if it can, or another process does."""
        if self._memory is not None:
            return None
        try:
            async with self._stores.engine() as (engine, _catalog, _space):
                await engine.describe()
        except InUse:
            return None
        except Unavailable as away:
            return away.reason
        return None

    async def space(self) -> str:
        """See `IndexAdmin.space`."""
        if not self._settings.embedding.enabled:
            return ""
        try:
            return (await self._stores.space()).name
        except Unavailable:
            return ""

    async def digests(self) -> Mapping[ToolId, str]:
        """See `IndexAdmin.digests`."""
        try:
            async with self._opened() as index:
                return await index.digests()
        except InUse as held:
            return (await self._peeked(held)).digest_of_tool

    async def without_vector(self) -> Collection[ToolId]:
        """See `IndexAdmin.without_vector`."""
        try:
            async with self._opened() as index:
                return await index.without_vector()
        except InUse as held:
            return (await self._peeked(held)).bare

    async def drop(self, *, vectors: bool) -> None:
        """See `IndexAdmin.drop`."""
        if self._memory is not None:
            await self._memory.apply([], list(await self._memory.digests()))
        else:
            async with self._stores.engine() as (engine, _catalog, _space):
                if engine.is_shared:  # where an index would keep them for others
                    await engine.remove([point.id async for page in engine.points() for point in page])
                else:
                    await engine.discard()
        if vectors:
            await (await self._vectors()).forget(texts_of(self._catalog.snapshot))

    async def vectors(self, texts: Collection[str]) -> Mapping[str, Vector]:
        """See `IndexAdmin.vectors`."""
        found = await (await self._vectors()).get(list(texts))
        missing = [text for text in texts if text not in found]
        if missing and self._memory is None:
            async with self._stores.engine() as (engine, _catalog, _space):
                found |= await engine.vectors(missing)
        return found

    async def keep(self, vectors: Mapping[str, Vector]) -> None:
        """See `IndexAdmin.keep`."""
        await (await self._vectors()).keep(vectors)

    async def _peeked(self, held: InUse) -> View:
        """Return what the process that has the store made searchable."""
        view = await self._stores.peek()
        if view is None:
            raise held
        return view

    @asynccontextmanager
    async def _opened(self) -> AsyncGenerator[ToolIndex]:
        if self._memory is not None:
            yield self._memory
            return
        async with self._stores.open() as index:
            yield index

    async def _vectors(self) -> VectorCache:
        space = await self._stores.space()
        module = await run_in_thread(import_module, "mcp_toolweaver.embeddings.vector_cache")
        cache: VectorCache = module.VectorCache(self._cache, space.name)
        return cache
