"""One owner task a source: it opens the source when it is wanted, lists it, watches it, and leaves it again.

The task that enters a source is the one that leaves it (an MCP client demands that); calls
come from any task and find the open source here.
"""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable, Mapping
from typing import Any

import anyio

from mcp_toolweaver.catalog.door import Door
from mcp_toolweaver.catalog.freshness import fresh_for, until_next, until_old
from mcp_toolweaver.catalog.listing import Listing, offers_of, taken
from mcp_toolweaver.catalog.opening import Opening
from mcp_toolweaver.catalog.reasons import reason_of
from mcp_toolweaver.catalog.setup import SourceSetup
from mcp_toolweaver.catalog.turns import Turns
from mcp_toolweaver.core.errors import ConfigurationError, GivenUp, Unavailable
from mcp_toolweaver.core.interfaces import CatalogSource, SourceFactory
from mcp_toolweaver.core.status import ASLEEP, SourceState, SourceStatus, Timing
from mcp_toolweaver.core.threads import run_in_thread
from mcp_toolweaver.core.tools import Tool, ToolResult

_log = logging.getLogger(__name__)

_BURST = 0.5
"""Seconds to wait after a change for the next: they come in bursts, and some servers announce every listing."""
_LINGER = 10.0
"""Seconds that a source stays open, at most, that was opened only to list it anew."""


class SourceRunner:
    """Owns one source for as long as `run` runs."""

    def __init__(
        self,
        setup: SourceSetup,
        factory: Callable[[str], SourceFactory],
        *,
        on_tools: Callable[[SourceRunner], None],
        known: Listing | None = None,
        turns: Turns | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Own the source of ``setup``; a ``known`` listing stands in until it has been listed.

        ``clock`` returns seconds since the epoch, for the age of listings.
        """
        self.setup = setup
        self.listing = (known or Listing()).within(setup.domain, setup.policy)
        self.known = known is not None
        self.door = Door(f"server {setup.name!r}")
        """Where callers find the source."""
        self._factory = factory
        self._on_tools = on_tools
        self._clock = clock
        self._turns = turns or Turns()
        self._timing: Timing | None = None
        self._has_been_open = False
        self._ready_at = math.inf
        self._list_at = math.inf
        self._fresh_for: float | None = None
        self._only_listed = False
        self._is_running = False
        self._waiting: anyio.CancelScope | None = None
        self.adopted = anyio.Event()
        """Set when the source is treated otherwise; replaced then."""
        self._sleep_if_lazy()

    @property
    def tools(self) -> tuple[Tool, ...]:
        """The tools of the last listing."""
        return self.listing.tools

    @property
    def settled(self) -> anyio.Event:
        """Set when the source has been listed or has failed, or need not be open."""
        return self.door.settled

    @property
    def old_in(self) -> float:
        """Seconds until the last listing is old; below zero if it is."""
        age = self.listing.age(self._clock())
        return until_old(self.setup.policy.refresh_interval, self._fresh_for) - age

    @property
    def status(self) -> SourceStatus:
        """How the source is doing now; one that failed has failed until it is ready, also while it is retried."""
        state = SourceState.FAILED if self.door.reason else self.door.state
        reason = ASLEEP if state is SourceState.IDLE else self.door.reason
        name, kind = self.setup.name, self.setup.kind
        return SourceStatus(name, kind, state, len(self.tools), reason, self.listing.problems, self._timing)

    def stand_in(self, listing: Listing) -> bool:
        """Take what another process listed, unless ours is known by now; return whether it was taken."""
        if self.known or self.settled.is_set():
            return False
        self.listing, self.known = listing.within(self.setup.domain, self.setup.policy), True
        if not self._is_running:  # else it is being opened already
            self._sleep_if_lazy()
        return True

    def adopt(self, setup: SourceSetup) -> None:
        """Treat the source as ``setup`` says from now on, which is opened as it was; an open one stays open."""
        self.setup = setup
        self._plan_next()
        if self._waiting is not None:
            self._waiting.deadline = min(self._list_at, self._unused_at)
        if setup.policy.start == "eager" and self.door.state is SourceState.IDLE:
            self.door.want()
        adopted, self.adopted = self.adopted, anyio.Event()
        adopted.set()

    async def call(self, name: str, arguments: Mapping[str, Any]) -> ToolResult:
        """Call a tool of the source, opened first if it is not open.

        Raises:
            Unavailable: the source cannot be opened, or went away during the call.
        """
        return await self.door.ask(lambda source: source.call_tool(name, arguments))

    async def list_now(self) -> None:
        """List the source, opened first if need be.

        Raises:
            Unavailable: it cannot be opened or listed.
        """
        await self.door.ask(self._list)

    async def list_anew(self) -> None:
        """Open the source if it is asleep and its listing is old; return when it was listed or has failed."""
        if self.old_in <= 0 and self.door.state is SourceState.IDLE:
            self._only_listed = True
            await self.door.try_to_open()

    async def run(self) -> None:
        """Keep the source as its policy says until cancelled; after a failure try again, later and later."""
        if self.setup.refused is not None:
            self._failed(self.setup.refused, is_final=True)
            return
        self._is_running = True
        while True:
            await self.door.wait_wanted()
            self._ready_at = math.inf
            try:
                await self._hold_open()
            except ConfigurationError as error:
                self._failed(reason_of(error, self.setup.name), is_final=True)
                return
            except GivenUp as given_up:
                _log.info("%s: connecting anew: %s", self.setup.name, given_up.reason)
                self.door.fall_asleep()  # until whoever wants it comes, who is on the way
            except Exception as error:  # noqa: BLE001  a plugin may raise anything; the others go on
                self._failed(reason_of(error, self.setup.name))
                await self.door.pause(error, lasted=anyio.current_time() - self._ready_at)
            else:
                self.door.fall_asleep()
            self._only_listed = False

    def _sleep_if_lazy(self) -> None:
        """Be idle where that is the policy: known, and opened when it is wanted."""
        if self.known and self.setup.policy.start == "lazy" and self.setup.refused is None:
            self.door.fall_asleep()

    async def _hold_open(self) -> None:
        """Open the source and watch it until it fails, or until it is left because nobody uses it."""
        opening, is_left = await Opening.begin(self._turns, at_once=self.door.uses.is_any), False
        try:
            factory = await run_in_thread(self._factory, self.setup.kind)  # may import for seconds
            async with factory(self.setup.name, self.setup.options) as source:
                opening.connected()
                await self._list(source)
                self._opened(source, opening.end())
                try:
                    await self._watch(source)
                    is_left = True
                finally:
                    self.door.leaving()
        except Exception as error:
            if not is_left:
                raise
            _log.info("%s: it did not end well: %s", self.setup.name, reason_of(error, self.setup.name))
        finally:
            self._timing = opening.end()
        if not is_left:
            raise Unavailable(f"server {self.setup.name!r}", "the source ended by itself")

    async def _watch(self, source: CatalogSource) -> None:
        """List the source anew when it has changed or is due, and return when nobody has used it for long."""
        while not self._is_unused():
            with anyio.CancelScope(deadline=min(self._list_at, self._unused_at)) as waiting:
                self._waiting = waiting
                await source.wait_changed()
            if not waiting.cancelled_caught:
                await anyio.sleep(_BURST)
            if not waiting.cancelled_caught or anyio.current_time() >= self._list_at:
                await self._list_again(source)
        _log.info("%s: left, since nobody uses it; %s", self.setup.name, ASLEEP)

    @property
    def _unused_at(self) -> float:
        """When the source may be left, if nobody uses it until then."""
        limit = self.setup.policy.idle_timeout
        if not limit or self.setup.policy.start == "eager":
            return math.inf
        used = self.door.uses.last
        is_wanted = used >= self._ready_at or not self._only_listed
        return max(used, self._ready_at) + (limit if is_wanted else min(limit, _LINGER))

    def _is_unused(self) -> bool:
        return not self.door.uses.is_any and anyio.current_time() >= self._unused_at

    async def _list_again(self, source: CatalogSource) -> None:
        """List an open source; one that is too busy to answer keeps its listing, and its calls."""
        try:
            await self._list(source)
        except Unavailable as away:
            if not self.door.uses.is_any:
                raise
            _log.warning("%s: not listed anew while it is in use: %s", self.setup.name, away.reason)
            self._plan_next()

    async def _list(self, source: CatalogSource) -> None:
        tools, offers = await source.list_tools(), await offers_of(source)
        listed = taken(tools, offers, getattr(source, "problems", ()), self._clock())
        self.listing, self._fresh_for = listed.within(self.setup.domain, self.setup.policy), fresh_for(source)
        self._plan_next()
        self._on_tools(self)

    def _plan_next(self) -> None:
        self._list_at = anyio.current_time() + until_next(self.setup.policy.refresh_interval, self._fresh_for)

    def _opened(self, source: CatalogSource, took: Timing) -> None:
        self._timing, self._has_been_open, self._ready_at = took, True, anyio.current_time()
        self.door.opened(source)
        _log.info("%s: ready with %d tools after %.1f s", self.setup.name, len(self.tools), took.seconds)

    def _failed(self, reason: str, *, is_final: bool = False) -> None:
        if reason not in {self.door.reason, self.setup.refused}:
            _log.error("%s: %s", self.setup.origin, reason)
        self.door.failed(reason, is_final=is_final)
        if not self.known and not self._has_been_open:
            self.listing = Listing()  # what stood in for it was of the source before it
        self._on_tools(self)
