"""When a source that failed is opened again: later and later, and not once for each call that wants it."""

from __future__ import annotations

import math
import random

import anyio

FIRST = 1.0
LONGEST = 60.0
STEADY = 5.0
"""Seconds that tell a source that works, or a failure that is past, from a source that fails again and again."""


class Retries:
    """Counts the failures of one source. It knows neither the source nor any task."""

    def __init__(self) -> None:
        """Start without a failure."""
        self._pause = FIRST
        self._may_hurry = True
        self._failed_at = -math.inf
        self._due = 0.0

    @property
    def seconds(self) -> int:
        """How many seconds are left until the next attempt, at least one."""
        return max(1, math.ceil(self._due - anyio.current_time()))

    def note_answer(self) -> None:
        """Note that a call was answered: the source works."""
        self._may_hurry = True

    def pause(self, *, lasted: float) -> float:
        """Note a failure of a source that was open for ``lasted`` seconds; return the pause before the next attempt."""
        self._may_hurry = self._may_hurry or lasted > STEADY
        now = self._failed_at = anyio.current_time()
        nominal = FIRST if lasted > LONGEST else self._pause
        self._pause = min(2 * nominal, LONGEST)
        self._due = now + nominal * random.uniform(0.5, 1.0)  # noqa: S311  not a secret
        return self._due - now

    def hurry(self) -> bool:
        """Return whether a call may end the pause: once after the source has worked, or when the failure is past.

        A source that fails at each attempt is so opened once in a few seconds, however many calls want it.
        """
        if anyio.current_time() - self._failed_at > STEADY:
            return True
        may, self._may_hurry = self._may_hurry, False
        return may
