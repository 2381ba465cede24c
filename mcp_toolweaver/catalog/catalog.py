"""All sources as one: their tools in one snapshot, their calls through one door."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any

import anyio

from mcp_toolweaver.catalog.departed import Departed
from mcp_toolweaver.catalog.doors import Doors
from mcp_toolweaver.catalog.dropped import dropped
from mcp_toolweaver.catalog.listings import Listings, listing_key
from mcp_toolweaver.catalog.lives import Lives
from mcp_toolweaver.catalog.plugins import source_factory
from mcp_toolweaver.catalog.runner import SourceRunner
from mcp_toolweaver.catalog.setup import SourceSetup
from mcp_toolweaver.catalog.shared_listings import SharedListings
from mcp_toolweaver.catalog.turns import Turns
from mcp_toolweaver.catalog.unknown import is_unknown
from mcp_toolweaver.core.errors import NotSent, ToolNotCallable, Unavailable, UnknownTool
from mcp_toolweaver.core.interfaces import SourceFactory
from mcp_toolweaver.core.status import SourceState, SourceStatus
from mcp_toolweaver.core.tools import Snapshot, Tool, ToolId, ToolResult

_SHARED_PATIENCE = 1.0
"""Seconds that a source which we have never listed is not opened, since another process may have listed it."""


class Catalog(Doors):
    """A `CatalogView` and `ToolCaller` over many sources, each in a task of its own.

    Of two tools with one identity, the one of the source that is configured first counts.
    """

    def __init__(
        self,
        setups: Sequence[SourceSetup],
        listings: Listings,
        factory: Callable[[str], SourceFactory] = source_factory,
        shared: SharedListings | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Catalog the sources of ``setups``.

        Args:
            setups: The sources.
            listings: What each listed last, in an earlier run.
            factory: Finds the plugin of a kind.
            shared: What others listed, for sources that we have never listed.
            clock: Returns seconds since the epoch, for the age of listings.
        """
        super().__init__()
        self._shared = shared
        self._setups = setups
        self._listings = listings
        self._factory = factory
        self._clock = clock
        self._departed = Departed(clock)
        self._dropped: dict[str, tuple[str, ...]] = {}
        self._owners: dict[ToolId, SourceRunner] = {}
        self._lives = Lives()
        self._turns = Turns()
        self._snapshot = Snapshot()
        self._changed = anyio.Event()
        self._unsaved: list[SourceRunner] = []

    @property
    def snapshot(self) -> Snapshot:
        """See `CatalogView.snapshot`."""
        return self._snapshot

    @property
    def statuses(self) -> tuple[SourceStatus, ...]:
        """How each source is doing, in the order of the configuration."""
        return tuple(self._status(runner) for runner in self._runners)

    @property
    def is_known(self) -> bool:
        """Whether each source has been listed, now or in an earlier run, or has failed."""
        return all(runner.known or runner.settled.is_set() for runner in self._runners)

    @property
    def is_settled(self) -> bool:
        """Whether each source has been listed or has failed at least once in this run."""
        return all(runner.settled.is_set() for runner in self._runners)

    async def restore(self) -> None:
        """Start from the last listings, so that searches are answered before any source is."""
        self._runners = [await self._made(setup) for setup in self._setups]
        self._rebuild()

    async def run(self) -> None:
        """Own all sources until cancelled; those that are not known are opened at once. Call `restore` first."""
        runners = list(self._runners)
        unknown = [runner for runner in runners if not runner.known]
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self._lives.hold)
            for runner in runners:
                if runner.known:
                    self._lives.begin(runner)
            if self._shared is not None and unknown:
                restored = anyio.Event()
                tasks.start_soon(self._restore_shared, self._shared, unknown, restored)
                with anyio.move_on_after(_SHARED_PATIENCE):
                    await restored.wait()
            for runner in unknown:
                if runner in self._runners:
                    self._lives.begin(runner)

    async def reload(self, setups: Sequence[SourceSetup]) -> Collection[str]:
        """Have these sources from now on, in their order; those that are opened as they were are left alone.

        What is no longer wanted takes no more calls, and is left when those that it has have ended. One that is
        opened otherwise keeps its tools until it is listed. One that has failed for good is tried again.

        Returns:
            The names of those that have begun or are no longer wanted.
        """
        before = {runner.setup.name: runner for runner in self._runners}
        runners, begun = list[SourceRunner](), list[SourceRunner]()
        for setup in setups:
            runner = before.get(setup.name)
            if runner is not None and runner.setup.is_opened_as(setup) and not runner.door.is_final:
                runner.adopt(setup)
            else:
                old, runner = runner, await self._made(setup)
                if old is not None and not runner.known:
                    runner.listing = old.listing.within(setup.domain, setup.policy)
                begun.append(runner)
            runners.append(runner)
        self._runners = runners
        self._rebuild()
        left = [runner for runner in before.values() if runner not in runners]
        for runner in left:
            self._lives.retire(runner)
        for runner in begun:
            self._lives.begin(runner)
        self._changed.set()
        return {runner.setup.name for runner in (*left, *begun)}

    async def _made(self, setup: SourceSetup) -> SourceRunner:
        known = await self._listings.get(_key(setup))
        return SourceRunner(
            setup, self._factory, on_tools=self._note, known=known, turns=self._turns, clock=self._clock
        )

    async def wait_settled(self) -> None:
        """Return when each source has been listed or has failed at least once."""
        for runner in self._runners:
            await runner.settled.wait()

    async def wait_changed(self) -> None:
        """Return when a source was listed or failed since the last `refresh`."""
        await self._changed.wait()

    async def refresh(self) -> Snapshot:
        """Bring the snapshot up to date, keep new listings for the next start, return the snapshot."""
        if self._changed.is_set():
            self._changed = anyio.Event()
            self._rebuild()
            unsaved, self._unsaved = self._unsaved, []
            for runner in unsaved:
                await self._listings.set(_key(runner.setup), runner.listing)
                if self._shared is not None:
                    await self._shared.set(_key(runner.setup), runner.listing)
        return self._snapshot

    async def call(self, tool: Tool, arguments: Mapping[str, Any]) -> ToolResult:
        """See `ToolCaller.call`."""
        owner = self._owners.get(tool.id)
        if owner is None:
            happened = self.departed(tool.id.name, tool.id.server) or f"server {tool.id.server!r} no longer lists it"
            raise UnknownTool(tool.callable_name, happened=happened)
        if not tool.is_callable:
            raise ToolNotCallable(
                f"{tool.id} is only described in a catalog file ({owner.setup.origin}); no server stands behind it. "
                f"To call it, add the server {tool.id.server!r} to mcpServers."
            )
        try:
            result = await owner.call(tool.id.name, arguments)
        except NotSent:
            heir = self._owners.get(tool.id)
            if heir is None or heir is owner:
                raise
            owner, result = heir, await heir.call(tool.id.name, arguments)
        if is_unknown(result, tool.id.name):
            await self._list_now(owner, tool)
        return result

    async def _list_now(self, owner: SourceRunner, tool: Tool) -> None:
        """List a source anew, whose tool it does not know.

        Raises:
            UnknownTool: it is no longer in the list.
        """
        try:
            await owner.list_now()
        except Unavailable:
            return  # what the server said of the tool stands
        if tool.id not in {each.id for each in owner.tools}:
            self._rebuild()
            raise UnknownTool(tool.callable_name, happened=self.departed(tool.id.name, tool.id.server) or "")

    def departed(self, name: str, server: str | None = None) -> str | None:
        """Return what happened to the tool of a name, in any form, that was in the catalog; None if none was."""
        return self._departed.what_happened(name, server)

    async def _restore_shared(
        self, shared: SharedListings, unknown: Sequence[SourceRunner], restored: anyio.Event
    ) -> None:
        for runner in unknown:
            listing = None if runner.known else await shared.get(_key(runner.setup))
            if listing is not None and runner.stand_in(listing):
                self._changed.set()
        restored.set()

    def _status(self, runner: SourceRunner) -> SourceStatus:
        status, more = runner.status, self._dropped.get(runner.setup.name)
        return replace(status, problems=(*status.problems, *more)) if more else status

    def _note(self, runner: SourceRunner) -> None:
        if runner.status.state is not SourceState.FAILED and runner not in self._unsaved:
            self._unsaved.append(runner)
        self._changed.set()

    def _rebuild(self) -> None:
        owners: dict[ToolId, SourceRunner] = {}
        for runner in self._runners:
            for tool in runner.tools:
                owners.setdefault(tool.id, runner)
        snapshot = Snapshot.of(tool for runner in self._runners for tool in runner.tools)
        self._owners = owners
        if not self._snapshot.tools or snapshot.generation != self._snapshot.generation:
            self._departed.note(self._snapshot, snapshot)
            self._snapshot = snapshot
        self._dropped = {
            runner.setup.name: tuple(found) for runner in self._runners if (found := dropped(runner.tools, snapshot))
        }


def _key(setup: SourceSetup) -> str:
    return listing_key(setup.name, setup.kind, setup.options)
