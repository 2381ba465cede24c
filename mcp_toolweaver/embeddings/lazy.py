"""A runtime that is opened when it is first needed, and let go when it has not been for a while."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING

from mcp_toolweaver.core.errors import Unavailable, Warming
from mcp_toolweaver.core.memory import give_back
from mcp_toolweaver.embeddings.runtime import PART, Runtime

if TYPE_CHECKING:
    from mcp_toolweaver.core.query import Vector

_log = logging.getLogger(__name__)

_RETRY = 300.0
"""Seconds for which a failure to open is the answer."""


class LazyRuntime:
    """A `Runtime` that opens itself once for all who ask, and whose memory can be given back.

    It is opened in a task of its own, so that callers who give up while a model loads do not make
    the next ones begin from nothing.
    """

    def __init__(
        self,
        label: str,
        open_: Callable[[], Awaitable[Runtime]],
        *,
        idle: float | None = None,
        patience: Callable[[], float | None] = lambda: None,
        retry: float = _RETRY,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Call ``open_`` when a text is to be embedded.

        Args:
            label: What it is called until it is open.
            open_: Opens the runtime, or raises `Unavailable`; any other error is logged, and taken for that.
            idle: Seconds without use after which it is let go; None for never.
            patience: Returns how many seconds a caller waits for it to be open; None for as long as it takes.
            retry: Seconds until ``open_`` is tried again after a failure.
            clock: Measures ``retry``.
        """
        self._label = label
        self._open = open_
        self._idle = idle
        self._patience = patience
        self._retry = retry
        self._clock = clock
        self._opening: asyncio.Task[Runtime | Unavailable] | None = None
        self._retry_at = 0.0
        self._bug = ""
        self._users = 0
        self._timer: asyncio.TimerHandle | None = None

    @property
    def label(self) -> str:
        """See `Runtime.label`."""
        opened = self._opened()
        return self._label if opened is None or isinstance(opened, Unavailable) else opened.label

    async def embed(self, texts: Sequence[str], *, prompt: str = "") -> Sequence[Vector]:
        """See `Runtime.embed`."""
        self._begin()
        try:
            return await (await self._runtime()).embed(texts, prompt=prompt)
        finally:
            self._end()

    def release(self) -> None:
        """Let the runtime go; who uses it just now keeps it until done, and the next one opens it again."""
        if isinstance(self._opened(), Unavailable):
            return  # the reason is worth keeping
        if self._opening is not None and self._opening.done():
            self._opening = None
            give_back()

    async def _runtime(self) -> Runtime:
        if self._opening is None or self._has_failed():
            self._opening = asyncio.create_task(self._try())
            self._opening.add_done_callback(lambda _opened: self._rest())  # who asked may be gone
        opening = self._opening
        if not opening.done():
            await asyncio.wait([opening], timeout=self._patience())
        if not opening.done():
            raise Warming(PART, f"{self._label} is still being opened")
        opened = _result(opening)
        if opened is None:
            raise Unavailable(PART, f"{self._label} was interrupted while it was opened")
        if isinstance(opened, Unavailable):
            raise Unavailable(opened.part, opened.reason)  # anew, for a raised error grows with each raise
        return opened

    async def _try(self) -> Runtime | Unavailable:
        try:
            return await self._open()
        except Unavailable as away:
            self._retry_at = self._clock() + self._retry
            return away
        except Exception as bug:  # noqa: BLE001  a bug, or a library that is broken, is logged once
            self._retry_at = self._clock() + self._retry
            if repr(bug) != self._bug:  # or it was logged the last time
                _log.exception("%s: %s cannot be opened", PART, self._label)
            self._bug = repr(bug)
            return Unavailable(PART, f"it cannot be opened: {bug!r}")

    def _has_failed(self) -> bool:
        """Tell whether it is time to open it again: after a failure and a while, or after an interruption."""
        if self._opening is None or not self._opening.done():
            return False
        opened = self._opened()
        return opened is None or (isinstance(opened, Unavailable) and self._clock() >= self._retry_at)

    def _opened(self) -> Runtime | Unavailable | None:
        return None if self._opening is None else _result(self._opening)

    def _begin(self) -> None:
        self._users += 1
        self._stay()

    def _end(self) -> None:
        self._users -= 1
        self._rest()

    def _rest(self) -> None:
        """Let it go after a while, unless it is used."""
        self._stay()
        if self._users == 0 and self._idle is not None:
            self._timer = asyncio.get_running_loop().call_later(self._idle, self.release)

    def _stay(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


def _result(opening: asyncio.Task[Runtime | Unavailable]) -> Runtime | Unavailable | None:
    """Return what came of it; None while it goes on, or if it was interrupted."""
    return opening.result() if opening.done() and not opening.cancelled() and not opening.exception() else None
