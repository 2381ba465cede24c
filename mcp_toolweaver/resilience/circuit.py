"""A server that failed several times in a row is not asked for a while; the breaker in front of calls."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from mcp_toolweaver.core.errors import Busy, CircuitOpen, DeadlineExceeded, Unavailable, Unusable
from mcp_toolweaver.core.interfaces import ToolCaller
from mcp_toolweaver.core.status import NEEDS_LOGIN
from mcp_toolweaver.core.tools import Tool, ToolResult
from mcp_toolweaver.resilience.breaker import Breaker, Circuit

_FAILURES = 3
_LONGEST_PAUSE = 60.0
_SAYS_NOTHING = (Busy, CircuitOpen, Unusable)
"""Failures that were none of the server's: it was not asked, or cannot be."""


class BreakerCaller:
    """A `ToolCaller` with a breaker for each server.

    What a tool reports as an error is an answer. Calls that were in flight together when the connection was lost
    have failed once; each missed deadline counts, and none alone opens the breaker, since it may be one slow tool.
    """

    def __init__(self, inner: ToolCaller, *, clock: Callable[[], float] = time.monotonic) -> None:
        """Pass calls on to ``inner`` while their server answers; ``clock`` returns seconds and never goes back."""
        self._inner = inner
        self._clock = clock
        self._circuits: dict[str, _Circuit] = {}

    def forget(self, servers: Iterable[str]) -> None:
        """Forget the failures of servers that are others by now."""
        for server in servers:
            self._circuits.pop(server, None)

    async def call(self, tool: Tool, arguments: Mapping[str, Any]) -> ToolResult:
        """See `ToolCaller.call`.

        Raises:
            CircuitOpen: the server has failed too often, and is not asked just now.
        """
        server = tool.id.server
        circuit = self._circuits.get(server)
        if circuit is None:
            circuit = self._circuits[server] = _Circuit(f"server {server!r}", self._clock)
        number = circuit.begin()
        try:
            result = await self._inner.call(tool, arguments)
        except Unavailable as away:
            circuit.failed(number, away)
            raise
        except BaseException:
            circuit.ended_otherwise(number)
            raise
        circuit.answered(number)
        return result


class _Circuit:
    """The breaker of one server, and which calls belong to one failure."""

    def __init__(self, part: str, clock: Callable[[], float]) -> None:
        self._part = part
        self._breaker = Breaker(
            part, failures=_FAILURES, longest_pause=_LONGEST_PAUSE, deadline_opens=False, clock=clock
        )
        self._begun = 0
        self._trial = 0
        """The number of the last call that was a trial."""
        self._last_failed = 0
        """How many calls had begun when the last failure was counted."""
        self._in_a_row = 0

    def begin(self) -> int:
        """Return the number of a call that may be made.

        Raises:
            CircuitOpen: it may not.
        """
        breaker = self._breaker
        is_trial = breaker.state is Circuit.OPEN and not breaker.wait
        if breaker.state is not Circuit.CLOSED and not is_trial:
            when = f"in {math.ceil(breaker.wait)} s" if breaker.wait else "just now"
            failed = f"failed {self._in_a_row} times in a row (last: {breaker.reason})"
            raise CircuitOpen(self._part, f"{failed}; it is tried again {when}")
        self._begun += 1
        if is_trial:
            breaker.try_once()
            self._trial = self._begun
        return self._begun

    def answered(self, number: int) -> None:
        """Note that the server answered a call."""
        if self._counts(number):
            self._in_a_row = 0
            self._breaker.succeeded()

    def failed(self, number: int, away: Unavailable) -> None:
        """Note that it did not."""
        if isinstance(away, _SAYS_NOTHING) or NEEDS_LOGIN in away.reason:
            self.ended_otherwise(number)
        elif self._counts(number) and (number > self._last_failed or isinstance(away, DeadlineExceeded)):
            self._last_failed = self._begun
            self._in_a_row += 1
            self._breaker.failed(away)

    def ended_otherwise(self, number: int) -> None:
        """Note a call that says nothing of the server; if it was the trial, the next call is one."""
        if self._breaker.state is Circuit.HALF_OPEN and number == self._trial:
            self._breaker.state = Circuit.OPEN

    def _counts(self, number: int) -> bool:
        """Whether a call says how the server is now: during a trial only the trial does."""
        return self._breaker.state is Circuit.CLOSED or (
            self._breaker.state is Circuit.HALF_OPEN and number == self._trial
        )
