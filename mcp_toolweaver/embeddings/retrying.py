"""When it makes sense to try again what failed."""

from __future__ import annotations

import time
from collections.abc import Callable

_FIRST = 30.0
_LONGEST = 900.0


class Backoff:
    """Twice as long after each failure in a row: 30 seconds at first, a quarter of an hour at most."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """Start with no failure; ``clock`` returns seconds."""
        self._clock = clock
        self._next = _FIRST
        self._due = clock()

    def failed(self) -> None:
        """Note a failure."""
        self._due = self._clock() + self._next
        self._next = min(2 * self._next, _LONGEST)

    @property
    def wait(self) -> float:
        """Seconds until the next try; 0 if it is due."""
        return max(0.0, self._due - self._clock())
