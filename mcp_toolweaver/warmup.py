"""From nothing to a full answer, in steps that never block a request.

    last known tools -> searchable by words -> model loaded -> searchable by meaning

and again for every change of the catalog.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Awaitable, Callable

import anyio

from mcp_toolweaver.catalog.catalog import Catalog
from mcp_toolweaver.core.errors import Unavailable
from mcp_toolweaver.embeddings.loading import LoadingEmbedder
from mcp_toolweaver.index.indexer import Indexer, Progress
from mcp_toolweaver.resilience.standby import StandbyIndex

_log = logging.getLogger(__name__)

_DEBOUNCE = 0.05
"""Seconds to wait after a change for the next, since servers get ready together."""

_OPENING = 10.0
"""Seconds that a command which searches once waits for the store of the index."""

_RETRY = 30.0
"""Seconds until a model that failed is asked again."""


def _no_progress(_done: int, _total: int) -> None:
    return None


class Warmup:
    """Keeps what is searchable in step with the catalog."""

    def __init__(
        self, catalog: Catalog, indexer: Indexer, model: LoadingEmbedder | None, store: StandbyIndex | None = None
    ) -> None:
        """Index what ``catalog`` holds; without a ``model`` by words alone, without a ``store`` in memory alone."""
        self._store = store
        self._catalog = catalog
        self._indexer = indexer
        self._model = model
        self._changed = anyio.Event()
        self._searchable = anyio.Event()

    async def wait_searchable(self) -> None:
        """Return when the tools of each source that is not away are searchable by words at least."""
        await self._searchable.wait()

    async def once(self, on_progress: Progress = _no_progress, *, opening: float = _OPENING) -> None:
        """Bring everything up to date with the catalog as it is now, then return.

        Args:
            on_progress: Is told how many tools were embedded.
            opening: How many seconds to wait for the store of the index, after which memory is the index.
        """
        snapshot = await self._catalog.refresh()
        await self._indexer.sync_words(snapshot)
        if self._store is not None:
            with anyio.move_on_after(opening):
                await self._store.wait_settled()
        if self._model is not None:
            await self._model.load()
            if self._model.is_loaded:
                await self._embed(on_progress)

    async def run(self, on_change: Callable[[], Awaitable[None]]) -> None:
        """Keep everything up to date until cancelled, calling ``on_change`` after each change."""
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self._follow_words, on_change)
            if self._model is not None:
                tasks.start_soon(self._follow_meaning, self._model)
            if self._store is not None:
                tasks.start_soon(self._follow_store, self._store)

    async def _follow_words(self, on_change: Callable[[], Awaitable[None]]) -> None:
        while True:
            is_known = self._catalog.is_known
            await self._indexer.sync_words(await self._catalog.refresh())
            self._changed.set()
            if is_known:
                self._searchable.set()
            await on_change()
            await self._catalog.wait_changed()
            await anyio.sleep(_DEBOUNCE)

    async def _follow_meaning(self, model: LoadingEmbedder) -> None:
        await model.load()
        while model.is_loaded:
            self._changed = anyio.Event()
            is_done = await self._embed(_no_progress)
            with anyio.move_on_after(math.inf if is_done else _RETRY):
                await self._changed.wait()

    async def _follow_store(self, store: StandbyIndex) -> None:
        """See what has no vector whenever another index answers than before."""
        while True:
            await store.wait_switched()
            self._changed.set()

    async def _embed(self, on_progress: Progress) -> bool:
        try:
            await self._indexer.sync_vectors(self._catalog.snapshot, on_progress=on_progress)
        except Unavailable as away:
            _log.warning("%s; some tools are searchable by words alone", away)
            return False
        return True
