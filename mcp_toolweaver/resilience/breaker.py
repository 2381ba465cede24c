"""Whether a part that may fail is asked: a circuit breaker (M. Nygard, Release It!, 2007)."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from enum import StrEnum

from mcp_toolweaver.core.errors import CircuitOpen, DeadlineExceeded, Unavailable
from mcp_toolweaver.resilience.backoff import Backoff

_FAILURES = 3
"""So many failures in a row open it; a missed deadline, for which somebody waited, may do so at once."""
_FIRST_PAUSE = 1.0
_LONGEST_PAUSE = 10.0


class Circuit(StrEnum):
    """The life of a breaker."""

    CLOSED = "closed"
    """The part is asked."""
    OPEN = "open"
    """It is not."""
    HALF_OPEN = "half-open"
    """One trial is under way, and nothing else is asked."""


class Breaker:
    """Counts failures, and says when the next trial is due. It knows neither the part nor any task."""

    def __init__(
        self,
        part: str,
        *,
        failures: int = _FAILURES,
        first_pause: float = _FIRST_PAUSE,
        longest_pause: float = _LONGEST_PAUSE,
        deadline_opens: bool = True,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Start closed.

        Args:
            part: What is asked, for people.
            failures: How many in a row open it.
            first_pause: Seconds until the first trial, at most; doubled each time, until it was closed for longer than
                the longest pause.
            longest_pause: Seconds between two trials, at most.
            deadline_opens: Whether one missed deadline opens it, as is right where all requests are alike.
            clock: Returns seconds, and never goes back.
        """
        self.state = Circuit.CLOSED
        self.reason = ""
        """Why it opened; kept until a trial has succeeded."""
        self._part = part
        self._failures = failures
        self._deadline_opens = deadline_opens
        self._backoff = Backoff(first_pause, longest_pause)
        self._closed_at = math.inf
        self._clock = clock
        self._in_a_row = 0
        self._trial_at = 0.0

    @property
    def wait(self) -> float:
        """Seconds until a trial is due; 0 if it is, or if none is needed."""
        return max(0.0, self._trial_at - self._clock()) if self.state is Circuit.OPEN else 0.0

    def check(self) -> None:
        """Return if the part may be asked.

        Raises:
            CircuitOpen: it may not.
        """
        if self.state is not Circuit.CLOSED:
            raise CircuitOpen(self._part, self.reason)

    def try_once(self) -> None:
        """Note that the one trial begins."""
        self.state = Circuit.HALF_OPEN

    def succeeded(self) -> None:
        """Note an answer; that of a trial closes the breaker."""
        self._in_a_row = 0
        if self.state is Circuit.HALF_OPEN:
            self.state, self.reason, self._closed_at = Circuit.CLOSED, "", self._clock()

    def failed(self, away: Unavailable) -> bool:
        """Note a failure; return whether the breaker has opened by it."""
        if self.state is Circuit.OPEN:
            return False  # asked before it opened
        self._in_a_row += 1
        is_late = self._deadline_opens and isinstance(away, DeadlineExceeded)
        is_enough = is_late or self._in_a_row >= self._failures
        if self.state is Circuit.CLOSED and not is_enough:
            return False
        self.open(away)
        return True

    def open(self, away: Unavailable) -> None:
        """Ask no more until a trial succeeds."""
        self.state, self.reason, self._in_a_row = Circuit.OPEN, away.reason, 0
        now = self._clock()
        lasted, self._closed_at = now - self._closed_at, math.inf
        self._trial_at = now + self._backoff.pause(lasted=lasted)
