"""Where callers find an open source, and wait for one that is not: its state, moved by the task that owns it."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import TypeVar

import anyio

from mcp_toolweaver.catalog.retries import Retries
from mcp_toolweaver.catalog.uses import Uses
from mcp_toolweaver.core.errors import CircuitOpen, NotSent, Unavailable, Unusable
from mcp_toolweaver.core.interfaces import CatalogSource
from mcp_toolweaver.core.status import SourceState

_T = TypeVar("_T")
_NOTICE = 5.0
"""Seconds for the owner task to notice that the connection, over which a call was not sent, is gone."""


class Door:
    """The state of one source. Callers come from any task; what moves it is the owner's."""

    def __init__(self, part: str) -> None:
        """Stand before ``part``, as errors call it, which is about to be opened."""
        self.state = SourceState.CONNECTING
        self.reason = ""
        """Why it failed; kept until it is open, also while that is tried."""
        self.settled = anyio.Event()
        self.uses = Uses()
        self.requests = Uses()
        """Those of the uses that will end by themselves."""
        self._part = part
        self._source: CatalogSource | None = None
        self._retries = Retries()
        self._leaving = False
        self.is_final = False
        """Whether it has failed for good."""
        self._is_over = False
        self._moved = anyio.Event()
        self._wanted: anyio.Event | None = None

    # What callers do.

    @asynccontextmanager
    async def use(self) -> AsyncGenerator[CatalogSource]:
        """Yield the source, opened first if it is not open; it is not left for want of use meanwhile.

        Raises:
            Unavailable: it cannot be opened.
        """
        with self.uses.one():
            yield self._source or await self._opened()

    async def ask(self, request: Callable[[CatalogSource], Awaitable[_T]]) -> _T:
        """Return what the source answers to a request; one that was not sent is made again, once.

        Raises:
            NotSent: the source is no longer wanted, and has not seen the request.
            Unavailable: the source cannot be opened, or went away meanwhile.
        """
        with self.requests.one():
            async with self.use() as source:
                try:
                    answer = await request(source)
                except NotSent as lost:
                    answer = await request(await self._reopened(source, lost))
        self._retries.note_answer()
        return answer

    async def try_to_open(self) -> None:
        """Open a source that is asleep, and return when it is open or has failed."""
        self.want()
        while self.state is SourceState.CONNECTING:
            await self._moved.wait()

    # What the owner task does.

    def fall_asleep(self) -> None:
        """Note that the source is known and need not be open."""
        self._leaving = False
        self._move(SourceState.IDLE)

    async def wait_wanted(self) -> None:
        """Return when somebody wants the source; at once, unless it is asleep."""
        while self.state is SourceState.IDLE:
            await self._moved.wait()

    def opened(self, source: CatalogSource) -> None:
        """Let callers in."""
        self._source = source
        self._move(SourceState.READY)

    def leaving(self) -> None:
        """Let no more callers in: they wait until the source has been left, and want it anew."""
        self._source, self._leaving = None, True
        self._wake()

    def failed(self, reason: str, *, is_final: bool = False) -> None:
        """Note why the source is away, perhaps for good."""
        self._leaving, self.is_final = False, is_final
        self._move(SourceState.FAILED, reason)

    def over(self, reason: str) -> None:
        """Note that the source is left for good; whoever waits for it, or comes yet, has not been heard."""
        self._is_over = True
        self.failed(reason, is_final=True)

    async def pause(self, error: Exception | None = None, *, lasted: float) -> None:
        """Wait before the next attempt, after the source was open for ``lasted`` seconds.

        A call may end the wait; so does it when what is said by ``error`` may be mended.
        """
        self._wanted = wanted = anyio.Event()

        async def wait_mended(mended: Callable[[], Awaitable[None]]) -> None:
            await mended()
            wanted.set()

        async with anyio.create_task_group() as tasks:
            if isinstance(error, Unavailable) and error.mended is not None:
                tasks.start_soon(wait_mended, error.mended)
            with anyio.move_on_after(self._retries.pause(lasted=lasted)):
                await wanted.wait()
            tasks.cancel_scope.cancel()
        self._wanted = None
        self._move(SourceState.CONNECTING)

    def _move(self, state: SourceState, reason: str = "") -> None:
        """Enter a state and wake everyone who waits for one."""
        is_well = state in {SourceState.READY, SourceState.IDLE}
        self.state, self.reason = state, "" if is_well else reason or self.reason
        if state is not SourceState.CONNECTING:
            self.settled.set()
        self._wake()

    def _wake(self) -> None:
        moved, self._moved = self._moved, anyio.Event()
        moved.set()

    def want(self) -> None:
        """Have the source opened, if it is not."""
        if self._wanted is not None:
            self._wanted.set()
        self._move(SourceState.CONNECTING)

    async def _reopened(self, gone: CatalogSource, lost: NotSent) -> CatalogSource:
        """Return the source as it was opened anew, once the owner task has noticed that ``gone`` is."""
        with anyio.move_on_after(_NOTICE):
            while self._source is gone:
                await self._moved.wait()
        if self._source is gone:
            raise lost
        return self._source or await self._opened()

    async def _opened(self) -> CatalogSource:
        """Return the source once the attempt under way, or else one that is begun here, has opened it.

        A source that keeps failing is not tried for each caller: they are told when it is tried next.
        """
        while self._leaving:
            await self._moved.wait()
        if self._is_over:
            raise NotSent(self._part, self.reason)
        if self.state is SourceState.IDLE:
            self.want()
        elif self._wanted is not None and not self._wanted.is_set():
            if not self._retries.hurry():
                raise CircuitOpen(self._part, f"{self.reason}; it is tried again in {self._retries.seconds} s")
            self.want()
        while self.state is SourceState.CONNECTING:
            await self._moved.wait()
        if self._source is None:
            kind = NotSent if self._is_over else Unusable if self.is_final else Unavailable
            raise kind(self._part, self.reason)
        return self._source
