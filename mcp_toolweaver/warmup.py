"""From nothing to a full answer, in steps that never block a request.

    last known tools -> searchable by words -> query model ready -> tools embedded -> index in step -> primed

and again for every change of the catalog. The `Timeline` says when each was done, and what waits.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Awaitable, Callable

import anyio

from mcp_toolweaver.catalog.catalog import Catalog
from mcp_toolweaver.core.errors import Unavailable
from mcp_toolweaver.core.interfaces import LateModel, Searcher
from mcp_toolweaver.core.status import SourceState
from mcp_toolweaver.index.indexer import Indexer, Progress
from mcp_toolweaver.resilience.standby import StandbyIndex
from mcp_toolweaver.resilience.standing import StoreState
from mcp_toolweaver.search.priming import Priming
from mcp_toolweaver.telemetry.progress import ProgressLog
from mcp_toolweaver.telemetry.timeline import Step, Timeline

_log = logging.getLogger(__name__)

_DEBOUNCE = 0.05
"""Seconds to wait after a change for the next, since servers get ready together."""

_OPENING = 10.0
"""Seconds that a command which searches once waits for the store of the index."""

_RETRY = 30.0
"""Seconds until a model that failed at work is asked again to embed."""

_WORDS_FIRST = 1.0
"""Seconds that the model's libraries, whose import slows everything down, leave to the first answer by words."""

_LOOK = 1.0
"""Seconds between two looks at what a model that is being loaded waits for."""

_BY_MEANING = {Step.MODEL, Step.VECTORS}
_BEFORE_PRIMED = (Step.WORDS, Step.MODEL, Step.VECTORS, Step.INDEX)


def _no_progress(_done: int, _total: int) -> None:
    return None


class Warmup:
    """Keeps what is searchable in step with the catalog."""

    def __init__(
        self,
        catalog: Catalog,
        indexer: Indexer,
        model: LateModel | None,
        store: StandbyIndex | None = None,
        priming: Priming | None = None,
    ) -> None:
        """Index what ``catalog`` holds; without a ``model`` by words alone, without a ``store`` in memory alone.

        What ``priming`` asks is asked whenever something has changed.
        """
        self._store = store
        self._priming = priming or Priming(catalog)
        self._ahead = ""
        self._catalog = catalog
        self._indexer = indexer
        self._model = model
        self._changed = anyio.Event()
        self._unprimed = anyio.Event()
        self._answered = anyio.Event()
        self._searchable = anyio.Event()
        self._progress = ProgressLog("embedded", "tools")
        self.timeline = Timeline([step for step in Step if model is not None or step not in _BY_MEANING])

    async def wait_searchable(self) -> None:
        """Return when the tools of each source that is not away are searchable by words at least."""
        await self._searchable.wait()

    @property
    def is_searchable(self) -> bool:
        """Whether `wait_searchable` returns at once."""
        return self._searchable.is_set()

    async def unembedded(self) -> int:
        """Return how many tools are searchable by words alone."""
        return await self._indexer.unembedded()

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
            await self._load(self._model)
            if self._model.is_loaded:
                self.timeline.done(Step.MODEL, self._model.label)
                await self._embed(on_progress)

    async def run(self, on_change: Callable[[], Awaitable[None]], searcher: Searcher) -> None:
        """Keep everything up to date until cancelled.

        Args:
            on_change: Is called after each change of the catalog.
            searcher: What users will ask, and is asked something first.
        """
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self._follow_words, on_change)
            tasks.start_soon(self._follow_priming, searcher)
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
            self._note_words()
            await on_change()
            await self._catalog.wait_changed()
            await anyio.sleep(_DEBOUNCE)

    async def _follow_meaning(self, model: LateModel) -> None:
        with anyio.move_on_after(_WORDS_FIRST):
            await self._answered.wait()
        while not await self._has_model(model):
            if model.retry_after is None:
                return
            await anyio.sleep(model.retry_after)
        while True:
            self._changed = anyio.Event()
            is_done = await self._embed(self._note_progress)
            self._note_embedded(is_done=is_done)
            with anyio.move_on_after(math.inf if is_done else _RETRY):
                await self._changed.wait()

    async def _has_model(self, model: LateModel) -> bool:
        """Load the model; without it search is by words alone."""
        await self._load(model)
        away = model.away
        if away is None:
            self.timeline.done(Step.MODEL, model.label)
            self.timeline.waits(Step.VECTORS, "")
        else:
            self.timeline.failed(Step.MODEL, away.reason)
            self.timeline.failed(Step.VECTORS, "there is no model")
        self._unprimed.set()
        return away is None

    async def _load(self, model: LateModel) -> None:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self._follow_loading, model)
            await model.load()
            tasks.cancel_scope.cancel()

    async def _follow_loading(self, model: LateModel) -> None:
        """Note what the model waits for, unless it is there or fails within a second."""
        while True:
            await anyio.sleep(_LOOK)
            self.timeline.waits(Step.MODEL, model.away.reason if model.away else "the first query")

    async def _follow_store(self, store: StandbyIndex) -> None:
        """See what has no vector whenever another index answers than before."""
        while True:
            await store.wait_switched()
            self._changed.set()
            self._note_index()

    async def _follow_priming(self, searcher: Searcher) -> None:
        """Search once after whatever makes the next search build something."""
        while True:
            await self._unprimed.wait()
            self._unprimed = anyio.Event()
            try:
                await self._priming.wake(searcher)
                self._answered.set()
                if self.timeline.has_settled(*_BEFORE_PRIMED):
                    self.timeline.done(Step.PRIMED, self._ahead)
                    self._ahead = await self._priming.answer_ahead(searcher) or self._ahead
                    self.timeline.done(Step.PRIMED, self._ahead)
            except Unavailable as away:
                self.timeline.failed(Step.PRIMED, away.reason)
            self._answered.set()

    async def _embed(self, on_progress: Progress) -> bool:
        try:
            await self._indexer.sync_vectors(on_progress=on_progress)
        except Unavailable as away:
            if self.timeline.reason(Step.VECTORS) != away.reason:
                _log.warning("%s; some tools are searchable by words alone", away)
            self.timeline.failed(Step.VECTORS, away.reason)
            return False
        return True

    def _note_words(self) -> None:
        if self._searchable.is_set():
            self.timeline.done(Step.WORDS)
            self._unprimed.set()
        else:
            unlisted = [each.name for each in self._catalog.statuses if each.state is SourceState.CONNECTING]
            self.timeline.waits(Step.WORDS, f"not listed yet: {', '.join(unlisted)}")
        self._note_index()

    def _note_progress(self, done: int, total: int) -> None:
        self._progress.note(done, total)
        if done < total:
            self.timeline.waits(Step.VECTORS, f"{done:,} of {total:,} tools")

    def _note_embedded(self, *, is_done: bool) -> None:
        """Note that all tools have vectors, once it is known which there are."""
        if is_done and self._searchable.is_set():
            self.timeline.done(Step.VECTORS)
        self._unprimed.set()

    def _note_index(self) -> None:
        """Note whether what is searchable is what the catalog holds, in the store if there is one."""
        status = None if self._store is None else self._store.status()
        if not self._searchable.is_set():
            return
        if status is None or status.state is StoreState.IN_STEP:
            self.timeline.done(Step.INDEX)
        elif status.state is StoreState.AWAY and status.is_excused:
            self.timeline.done(Step.INDEX, f"in memory, since {status.reason}")
        elif status.state is StoreState.AWAY:
            self.timeline.failed(Step.INDEX, f"{status.reason}; memory answers instead")
        else:
            self.timeline.waits(Step.INDEX, f"the store is {status.state}")
        self._unprimed.set()
