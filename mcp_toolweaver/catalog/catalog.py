"""All sources as one: their tools in one snapshot, their calls through one door."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import anyio

from mcp_toolweaver.catalog.listings import Listings, listing_key
from mcp_toolweaver.catalog.plugins import source_factory
from mcp_toolweaver.catalog.runner import SourceRunner, SourceSetup
from mcp_toolweaver.catalog.shared_listings import SharedListings
from mcp_toolweaver.core.errors import ToolNotCallable, Unavailable
from mcp_toolweaver.core.interfaces import SourceFactory
from mcp_toolweaver.core.status import SourceState, SourceStatus
from mcp_toolweaver.core.tools import Snapshot, Tool, ToolId, ToolResult


class Catalog:
    """A `CatalogView` and `ToolCaller` over many sources, each in a task of its own.

    Of two tools with one identity, the one of the source that is configured first counts.
    """

    def __init__(
        self,
        setups: Sequence[SourceSetup],
        listings: Listings,
        factory: Callable[[str], SourceFactory] = source_factory,
        shared: SharedListings | None = None,
    ) -> None:
        """Catalog the sources of ``setups``.

        Args:
            setups: The sources.
            listings: What each listed last, in an earlier run.
            factory: Finds the plugin of a kind.
            shared: What others listed, for sources that we have never listed.
        """
        self._shared = shared
        self._setups = setups
        self._listings = listings
        self._factory = factory
        self._runners: list[SourceRunner] = []
        self._owners: dict[ToolId, SourceRunner] = {}
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
        return tuple(runner.status for runner in self._runners)

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
        for setup in self._setups:
            known = await self._listings.get(_key(setup))
            self._runners.append(SourceRunner(setup, self._factory, on_tools=self._note, known=known))
        self._rebuild()

    async def run(self) -> None:
        """Own all sources until cancelled; all are opened at once. Call `restore` first."""
        async with anyio.create_task_group() as tasks:
            if self._shared is not None:
                tasks.start_soon(self._restore_shared, self._shared)
            for runner in self._runners:
                tasks.start_soon(runner.run)

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
                await self._listings.set(_key(runner.setup), runner.tools)
                if self._shared is not None:
                    await self._shared.set(_key(runner.setup), runner.tools)
        return self._snapshot

    async def call(self, tool: Tool, arguments: Mapping[str, Any]) -> ToolResult:
        """See `ToolCaller.call`."""
        owner = self._owners.get(tool.id)
        if owner is None:
            raise Unavailable(f"server {tool.id.server!r}", "is no longer part of the catalog")
        if not tool.is_callable:
            raise ToolNotCallable(
                f"{tool.id} is only described in a catalog file ({owner.setup.origin}); no server stands behind it. "
                f"To call it, add the server {tool.id.server!r} to mcpServers."
            )
        return await owner.call(tool.id.name, arguments)

    async def _restore_shared(self, shared: SharedListings) -> None:
        for runner in self._runners:
            tools = None if runner.known else await shared.get(_key(runner.setup))
            if tools is not None and runner.stand_in(tools):
                self._changed.set()

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
        is_new = not self._snapshot.tools or snapshot.generation != self._snapshot.generation
        self._owners, self._snapshot = owners, snapshot if is_new else self._snapshot


def _key(setup: SourceSetup) -> str:
    return listing_key(setup.name, setup.kind, setup.options)
