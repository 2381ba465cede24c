"""A cache that may be away costs one bounded delay, and then nothing until it is back."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any, TypeAlias, TypeVar

import anyio

from mcp_toolweaver.core.caching import CacheServer
from mcp_toolweaver.core.errors import DeadlineExceeded, Refused, Unavailable
from mcp_toolweaver.resilience.breaker import Breaker, Circuit

_log = logging.getLogger(__name__)

OpenServer: TypeAlias = Callable[[], AbstractAsyncContextManager[CacheServer]]
_AnswerT = TypeVar("_AnswerT")
_OPENING = 5.0
"""Seconds for connecting; nobody waits for it."""
_FEW = 50
_EACH = 0.002
"""Seconds more for each key of a batch beyond a few: those are the tools' vectors, which no user waits for."""
_GRACE = 0.01
"""Seconds more, for an answer that came in time while this process was busy, such as at its start."""


class GuardedStore:
    """A `CacheStore` that `run` opens and tries, and that is asked only while its breaker is closed.

    What is asked of it runs in a task of its own: a caller who leaves, or whose deadline is over, never cuts the
    client short between a question and its answer.
    """

    def __init__(
        self,
        part: str,
        open_store: OpenServer,
        *,
        deadline: float,
        reads: Breaker | None = None,
        writes: Breaker | None = None,
    ) -> None:
        """Guard what ``open_store`` opens.

        Args:
            part: What it is called, for people.
            open_store: Opens it, or raises `Unavailable`.
            deadline: Seconds for an answer about a few keys.
            reads: The breaker of all that is asked.
            writes: The breaker of changes that a store refuses which answers otherwise.
        """
        self._part = part
        self._open_store = open_store
        self._deadline = deadline
        self._store: CacheServer | None = None
        self._breaker = reads or Breaker(part)
        self._writes = writes or Breaker(part, failures=1)
        self._breaker.open(Unavailable(part, "it is being connected"))
        self._failed = asyncio.Event()
        self._tried = asyncio.Event()
        self._under_way: set[asyncio.Task[Any]] = set()
        self._told = ""

    @property
    def state(self) -> Circuit:
        """Whether it is asked."""
        return self._breaker.state

    @property
    def reason(self) -> str:
        """Why it is not asked, or why it takes nothing; empty if all is well."""
        return self._breaker.reason or self._writes.reason

    async def wait_tried(self) -> None:
        """Return when it was reached or not, for the first time."""
        await self._tried.wait()

    async def run(self) -> None:
        """Open the store, try it, and after a failure open it again, until cancelled."""
        while True:
            self._breaker.try_once()
            try:
                await self._hold_open()
            except Exception as error:  # noqa: BLE001  whatever it is, it is opened again
                self._lose(self._as_away(error))
            await anyio.sleep(self._breaker.wait)

    async def get_many(self, keys: Sequence[str]) -> Sequence[bytes | None]:
        """See `CacheStore.get_many`.

        Raises:
            CircuitOpen: it failed a moment ago.
        """
        self._breaker.check()
        return await self._asked(lambda store: store.get_many(keys), len(keys))

    async def set_many(self, values: Mapping[str, bytes], *, ttl: float) -> None:
        """See `CacheStore.set_many`.

        Raises:
            CircuitOpen: it failed or refused a change a moment ago.
        """
        self._breaker.check()
        if self._writes.state is Circuit.OPEN and not self._writes.wait:
            self._writes.try_once()
        elif self._writes.state is not Circuit.CLOSED:
            self._writes.check()
        try:
            await self._asked(lambda store: store.set_many(values, ttl=ttl), len(values), may_refuse=True)
            self._writes.succeeded()
        except Refused as refused:
            if not self._writes.reason:
                _log.warning("%s: %s; nothing is kept there until it does", self._part, refused.reason)
            self._writes.failed(refused)
            raise
        finally:
            if self._writes.state is Circuit.HALF_OPEN:  # the trial was cut short
                self._writes.open(Unavailable(self._part, self._writes.reason))

    async def _hold_open(self) -> None:
        async with self._open_store() as store:
            with anyio.move_on_after(_OPENING) as limit:
                await store.check()
            if limit.cancelled_caught:
                raise DeadlineExceeded(self._part, f"it did not answer within {_OPENING:g} s")
            self._failed = asyncio.Event()
            self._breaker.succeeded()
            self._tell(None)
            self._store = store
            self._tried.set()
            try:
                await self._failed.wait()
            finally:
                self._store = None

    async def _asked(
        self, question: Callable[[CacheServer], Coroutine[Any, Any, _AnswerT]], keys: int, *, may_refuse: bool = False
    ) -> _AnswerT:
        """Return the answer; a store that refuses, where it may not, has failed."""
        store = self._store
        if store is None:
            raise Unavailable(self._part, self.reason or "it is not connected")
        task = asyncio.create_task(question(store))
        self._under_way.add(task)
        task.add_done_callback(self._ended)
        deadline = self._deadline + _EACH * max(0, keys - _FEW)
        await asyncio.wait([task], timeout=deadline)
        if not task.done():
            await asyncio.wait([task], timeout=_GRACE)
        if not task.done():
            late = DeadlineExceeded(self._part, f"no answer in {deadline:g} s")
            self._note_failure(store, late)
            raise late
        try:
            answer = task.result()
        except Exception as error:
            away = self._as_away(error)
            if may_refuse and isinstance(away, Refused):
                raise
            self._note_failure(store, away)
            raise Unavailable(away.part, away.reason) from error
        if store is self._store:
            self._breaker.succeeded()
        return answer

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._under_way.discard(task)
        if not task.cancelled():
            task.exception()  # whoever asked may be gone; an exception that nobody reads is complained of

    def _as_away(self, error: Exception) -> Unavailable:
        """Return the failure that it is to us; what is nobody's plan is logged with its traceback."""
        if isinstance(error, Unavailable):
            return error
        _log.error("%s failed by a fault of our own", self._part, exc_info=error)
        return Unavailable(self._part, f"it failed with {type(error).__name__}")

    def _note_failure(self, store: CacheServer, away: Unavailable) -> None:
        """Note that an answer did not come; that of a connection which was left says nothing of the next one."""
        if store is self._store and self._breaker.failed(away):
            self._tell(away)
            self._failed.set()

    def _lose(self, away: Unavailable) -> None:
        """Note that it cannot be opened."""
        self._breaker.failed(away)
        self._tell(away)
        self._tried.set()

    def _tell(self, away: Unavailable | None) -> None:
        """Log each outage once, and its end."""
        reason = away.reason if away else ""
        if reason and not self._told:
            _log.warning("%s: %s; going on without it", self._part, reason)
        elif self._told and not reason:
            _log.warning("%s: it answers again", self._part)
        self._told = reason
