"""How long to wait before something that failed is tried again."""

from __future__ import annotations

import random
from collections.abc import Callable


class Backoff:
    """Pauses that double up to a limit, each shortened by chance so that many processes do not come at once."""

    def __init__(self, first: float, longest: float, *, chance: Callable[[], float] = random.random) -> None:
        """Start with ``first`` seconds; ``chance`` returns a number from 0 to 1."""
        self._first = first
        self._longest = longest
        self._chance = chance
        self._next = first

    def pause(self, *, lasted: float = 0.0) -> float:
        """Return the seconds to wait now: half of the current pause at least, all of it at most.

        What ``lasted`` longer than the longest pause before it failed starts anew with the first.
        """
        pause = self._first if lasted > self._longest else self._next
        self._next = min(2 * pause, self._longest)
        return pause * (0.5 + self._chance() / 2)
