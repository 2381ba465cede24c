"""A warm-up over fakes, which a test runs and watches."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager

import anyio

from mcp_toolweaver.core.errors import Unavailable
from mcp_toolweaver.core.interfaces import ToolIndex
from mcp_toolweaver.core.query import SearchResult
from mcp_toolweaver.index.indexer import Indexer
from mcp_toolweaver.resilience.patience import Patience
from mcp_toolweaver.resilience.standby import StandbyIndex
from mcp_toolweaver.telemetry.timeline import Moment, State, Step
from mcp_toolweaver.warmup import Warmup
from tests.fakes.flaky_store import FlakyStore
from tests.fakes.index import FakeIndex
from tests.fakes.late_model import LateModel
from tests.fakes.searcher import FakeSearcher
from tests.unit.catalog.scripted import Plugin, catalog_of, running, tool

FOUND = SearchResult((), "low", "hybrid")
GONE = Unavailable("fake model", "no space left")


async def _nothing() -> None:
    """Nobody is told of changes."""


class Stage:
    """One server of three tools, an index, perhaps a model and a store, and what searches."""

    def __init__(self, model: LateModel | None = None, *, store: FlakyStore | None = None) -> None:
        self.server = Plugin(*(tool("srv", name) for name in ("a", "b", "c")))
        self.catalog = catalog_of({"srv": self.server})
        self.model = model
        self.memory = FakeIndex()
        self.searcher = FakeSearcher(FOUND)
        self.store = None if store is None else self._standby(store)
        indexer = Indexer(self.store or self.memory, model or LateModel())
        self.warmup = Warmup(self.catalog, indexer, model, self.store)

    @asynccontextmanager
    async def running(self, on_change: Callable[[], Awaitable[None]] = _nothing) -> AsyncGenerator[None]:
        """Run everything meanwhile."""
        async with running(self.catalog), anyio.create_task_group() as tasks:
            if self.store:
                tasks.start_soon(self.store.run)
            tasks.start_soon(self.warmup.run, on_change, self.searcher)
            yield
            tasks.cancel_scope.cancel()

    def moment(self, step: Step) -> Moment:
        return next(each for each in self.warmup.timeline.moments if each.step is step)

    async def until(self, step: Step, state: State, reason: str = "") -> Moment:
        """Return how a step stands when it stands so, for a reason that says this."""
        while True:
            seen, moment = self.warmup.timeline.version, self.moment(step)
            if moment.state is state and reason in moment.reason:
                return moment
            await self.warmup.timeline.wait_changed(seen)

    async def settled(self) -> None:
        """Return when no step waits any longer, the host's first request aside."""
        while any(each.state is State.WAITS for each in self.warmup.timeline.moments if each.step is not Step.GREETED):
            await self.warmup.timeline.wait_changed(self.warmup.timeline.version)

    def _standby(self, store: FlakyStore) -> StandbyIndex:
        patience = Patience(first_pause=0.001, longest_pause=0.01)
        return StandbyIndex(
            store.open, self._make_memory, keep_memory=True, patience=patience, clock=anyio.current_time
        )

    async def _make_memory(self) -> ToolIndex:
        return self.memory
