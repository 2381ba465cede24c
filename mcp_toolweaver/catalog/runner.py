"""One owner task a source: it opens the source, lists it, watches it, and leaves it again.

The task that enters a source is the one that leaves it (an MCP client demands that); calls
come from any task and find the open source here.
"""

from __future__ import annotations

import logging
import math
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import anyio

from mcp_toolweaver.catalog.domains import with_domains
from mcp_toolweaver.core.errors import ConfigurationError, NotSent, ToolweaverError, Unavailable
from mcp_toolweaver.core.interfaces import CatalogSource, SourceFactory
from mcp_toolweaver.core.scrub import scrub
from mcp_toolweaver.core.status import SourceState, SourceStatus
from mcp_toolweaver.core.threads import run_in_thread
from mcp_toolweaver.core.tools import Tool, ToolResult

_log = logging.getLogger(__name__)

_FIRST_RETRY = 1.0
_LONGEST_RETRY = 60.0
_LONGEST_REASON = 500
_BURST = 0.5
"""Seconds to wait after a change for the next: they come in bursts, and some servers announce every listing."""
_NOTICE = 5.0
"""Seconds for the owner task to notice that the connection, over which a call was not sent, is gone."""


@dataclass(frozen=True, slots=True)
class SourceSetup:
    """What a runner needs to know of its source."""

    name: str
    kind: str
    options: Mapping[str, Any]
    origin: str
    """Where it is configured (file and key), for messages."""
    domain: str | None = None
    """The domain of its tools, where the owner gave one."""
    refused: str | None = None
    """Why it must not be opened, where its configuration is wrong; the owner was told already."""


class SourceRunner:
    """Owns one source for as long as `run` runs."""

    def __init__(
        self,
        setup: SourceSetup,
        factory: Callable[[str], SourceFactory],
        *,
        on_tools: Callable[[SourceRunner], None],
        known: Sequence[Tool] | None = None,
    ) -> None:
        """Own the source of ``setup``; ``known`` tools stand in until it has been listed."""
        self.setup = setup
        self.tools: tuple[Tool, ...] = tuple(known or ())
        self.settled = anyio.Event()
        self.known = known is not None
        self._factory = factory
        self._on_tools = on_tools
        self._source: CatalogSource | None = None
        self._state = SourceState.CONNECTING
        self._reason = ""
        self._seconds: float | None = None
        self._ready_at = math.inf
        self._leaving = False
        self._moved = anyio.Event()
        self._wanted: anyio.Event | None = None

    def stand_in(self, tools: Sequence[Tool]) -> bool:
        """Take the tools that another process listed, unless ours are known by now; return whether they were taken."""
        if self.known or self.settled.is_set():
            return False
        self.tools, self.known = with_domains(tools, self.setup.domain), True
        return True

    @property
    def status(self) -> SourceStatus:
        """How the source is doing now; one that failed has failed until it is ready, also while it is retried."""
        name, kind = self.setup.name, self.setup.kind
        state = SourceState.FAILED if self._reason else self._state
        return SourceStatus(name, kind, state, len(self.tools), self._reason, self._seconds)

    async def call(self, name: str, arguments: Mapping[str, Any]) -> ToolResult:
        """Call a tool of the source, opening it first if it is not open.

        Raises:
            Unavailable: the source cannot be opened, or went away during the call.
        """
        source = self._source or await self._opened()
        try:
            return await source.call_tool(name, arguments)
        except NotSent as lost:
            source = await self._reopened(source, lost)
            return await source.call_tool(name, arguments)

    async def run(self) -> None:
        """Keep the source open until cancelled; after a failure try again, later and later."""
        if self.setup.refused is not None:
            self._move(SourceState.FAILED, self.setup.refused)
            self._on_tools(self)
            return
        pause = _FIRST_RETRY
        while True:
            self._ready_at = math.inf
            try:
                await self._hold_open()
            except ConfigurationError as error:
                self._failed(_reason(error, self.setup.name))
                return
            except Exception as error:  # noqa: BLE001  a plugin may raise anything; the others go on
                self._failed(_reason(error, self.setup.name))
            pause = _FIRST_RETRY if anyio.current_time() - self._ready_at > _LONGEST_RETRY else pause
            await self._pause(pause)
            pause = min(2 * pause, _LONGEST_RETRY)

    async def _hold_open(self) -> None:
        started = anyio.current_time()
        factory = await run_in_thread(self._factory, self.setup.kind)  # may import for seconds
        async with factory(self.setup.name, self.setup.options) as source:
            await self._list(source)
            self._opened_after(anyio.current_time() - started, source)
            try:
                while True:
                    await source.wait_changed()
                    await anyio.sleep(_BURST)
                    await self._list(source)
            finally:
                self._source, self._leaving = None, True
                self._wake()
        raise Unavailable(f"server {self.setup.name!r}", "the source ended by itself")

    async def _list(self, source: CatalogSource) -> None:
        tools: Sequence[Any] = await source.list_tools()
        if not all(isinstance(tool, Tool) for tool in tools):
            raise TypeError("it listed something that is not a Tool")
        self.tools = with_domains(tools, self.setup.domain)
        self._on_tools(self)

    def _opened_after(self, seconds: float, source: CatalogSource) -> None:
        self._source, self._seconds, self._ready_at = source, seconds, anyio.current_time()
        self._move(SourceState.READY)
        _log.info("%s: ready with %d tools after %.1f s", self.setup.name, len(self.tools), seconds)

    def _failed(self, reason: str) -> None:
        self._leaving = False
        if reason != self._reason:
            _log.error("%s: %s", self.setup.origin, reason)
        self._move(SourceState.FAILED, reason)
        self._on_tools(self)

    def _move(self, state: SourceState, reason: str = "") -> None:
        """Enter a state and wake everyone who waits for one."""
        self._state = state
        self._reason = "" if state is SourceState.READY else reason or self._reason
        if state is not SourceState.CONNECTING:
            self.settled.set()
        self._wake()

    def _wake(self) -> None:
        moved, self._moved = self._moved, anyio.Event()
        moved.set()

    async def _pause(self, seconds: float) -> None:
        """Wait, with jitter, before the next attempt; a call that wants the source ends the wait."""
        self._wanted = anyio.Event()
        with anyio.move_on_after(seconds * random.uniform(0.5, 1.0)):  # noqa: S311  not a secret
            await self._wanted.wait()
        self._wanted = None
        self._move(SourceState.CONNECTING)

    async def _reopened(self, gone: CatalogSource, lost: NotSent) -> CatalogSource:
        """Return the source as it was opened anew, once the owner task has noticed that ``gone`` is."""
        with anyio.move_on_after(_NOTICE):
            while self._source is gone:
                await self._moved.wait()
        if self._source is gone:
            raise lost
        return await self._opened()

    async def _opened(self) -> CatalogSource:
        """Return the source once the attempt under way, or else an immediate one, has opened it."""
        while self._leaving:
            await self._moved.wait()
        if self._wanted is not None:
            self._wanted.set()
            self._move(SourceState.CONNECTING)
        while self._state is SourceState.CONNECTING:
            await self._moved.wait()
        if self._source is None:
            raise Unavailable(f"server {self.setup.name!r}", self._reason)
        return self._source


def _reason(error: Exception, name: str) -> str:
    """Return one clean line of bounded length that says why: it reaches models, terminals and logs."""
    return " ".join(scrub(_said(error, name)).split())[:_LONGEST_REASON]


def _said(error: Exception, name: str) -> str:
    """Return what an error says; one of ours says all that is needed."""
    if isinstance(error, Unavailable):
        return error.reason
    if isinstance(error, ToolweaverError):
        return str(error)
    return f"the source {name!r} failed: {type(error).__name__}: {error}"
