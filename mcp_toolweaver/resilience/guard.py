"""Watches one opened store: asks it under a deadline, and gives it up when it fails."""

from __future__ import annotations

import logging
import math
from collections.abc import Awaitable, Callable, Generator, Sequence
from contextlib import contextmanager
from typing import TypeVar

import anyio
import anyio.lowlevel

from mcp_toolweaver.core.errors import DeadlineExceeded, ToolweaverError, Unavailable
from mcp_toolweaver.core.interfaces import ToolIndex
from mcp_toolweaver.core.query import Candidates, IndexEntry, IndexQuery
from mcp_toolweaver.core.tools import ToolId

_log = logging.getLogger(__name__)

_AnswerT = TypeVar("_AnswerT")

_MISSES = 2
"""So many missed deadlines in a row are a failure."""


@contextmanager
def all_unavailable() -> Generator[None]:
    """Raise `Unavailable` for whatever goes wrong inside; what is nobody's plan is logged with its traceback."""
    try:
        yield
    except Unavailable:
        raise
    except ToolweaverError as error:
        raise Unavailable("index", str(error)) from error
    except Exception as error:
        _log.exception("the index failed by a fault of our own")
        raise Unavailable("index", f"it failed with {type(error).__name__}") from error


class Guard:
    """A store until it fails once: by an error, by two missed deadlines in a row, or because somebody says so."""

    def __init__(
        self, store: ToolIndex, *, clock: Callable[[], float], on_failure: Callable[[Unavailable], None]
    ) -> None:
        """Watch ``store`` and call ``on_failure`` once, at the moment that it fails."""
        self._store = store
        self._clock = clock
        self._on_failure = on_failure
        self._failure: Unavailable | None = None
        self._misses = 0
        self._last_miss = -math.inf
        self._writing: anyio.CancelScope | None = None

    @property
    def has_failed(self) -> bool:
        """Whether the store is given up."""
        return self._failure is not None

    def fail(self, failure: Unavailable) -> None:
        """Give the store up; a change that is being written is abandoned."""
        if self._failure is not None:
            return
        self._failure = failure
        if self._writing is not None:
            self._writing.cancel()
        self._on_failure(failure)

    async def query(self, query: IndexQuery, *, deadline: float) -> Candidates:
        """Return what the store finds.

        Raises:
            DeadlineExceeded: nothing in time; the store may be asked again, unless it has failed by that.
            Unavailable: the store failed.
        """
        asked, limit = self._clock(), anyio.move_on_after(deadline)
        try:
            with self._watching(), limit:
                found = await self._store.query(query)
                self._misses = 0
                return found
        except Unavailable as away:
            await anyio.lowlevel.checkpoint_if_cancelled()  # whose caller left has not failed
            if not limit.cancel_called and not isinstance(away, DeadlineExceeded):
                self.fail(away)
                raise
        late = DeadlineExceeded("index", f"no answer in {deadline:g} s")
        self._miss(asked, late)
        raise late

    async def ask(self, question: Callable[[ToolIndex], Awaitable[_AnswerT]]) -> _AnswerT:
        """Return the store's answer to anything but a query.

        Raises:
            Unavailable: the store failed.
        """
        try:
            with self._watching():
                return await question(self._store)
        except Unavailable as away:
            await anyio.lowlevel.checkpoint_if_cancelled()
            self.fail(away)
            raise

    async def write(self, upserts: Sequence[IndexEntry], deletes: Sequence[ToolId], *, deadline: float) -> None:
        """Apply a change.

        Raises:
            Unavailable: the store failed, by the change or during it.
        """
        self._writing = limit = anyio.move_on_after(deadline)
        try:
            with self._watching(), limit:
                await self._store.apply(upserts, deletes)
                return
            raise self._failure or DeadlineExceeded("index", f"a change was not written in {deadline:g} s")
        finally:
            self._writing = None

    @contextmanager
    def _watching(self) -> Generator[None]:
        if self._failure is not None:
            raise self._failure
        with all_unavailable():
            yield

    def _miss(self, asked: float, late: Unavailable) -> None:
        """Count a missed deadline, but questions that waited at the same time as one."""
        if asked < self._last_miss:
            return
        self._misses += 1
        self._last_miss = self._clock()
        if self._misses >= _MISSES:
            self.fail(late)
