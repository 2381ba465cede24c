"""Long work says now and then in the log how far it is."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

_log = logging.getLogger(__name__)

_PERIOD = 10.0
"""Seconds between two lines; shorter work is not mentioned."""


class ProgressLog:
    """Logs ``embedded 1,200 of 10,000 tools, about 40 s left``, at most every ten seconds."""

    def __init__(self, done: str, things: str, *, clock: Callable[[], float] = time.monotonic) -> None:
        """Log what was ``done`` to how many ``things``; ``clock`` returns seconds."""
        self._words = done, things
        self._clock = clock
        self._start = self._last = clock()

    def note(self, done: int, total: int) -> None:
        """Note how far the work is; nothing done is the beginning of new work."""
        now = self._clock()
        if done == 0:
            self._start = self._last = now
        elif done < total and now - self._last >= _PERIOD:
            self._last = now
            left = (now - self._start) * (total - done) / done
            verb, things = self._words
            _log.info("%s %s of %s %s, about %s left", verb, f"{done:,}", f"{total:,}", things, _span(left))


def _span(seconds: float) -> str:
    minute = 60
    return f"{seconds:.0f} s" if seconds < 2 * minute else f"{seconds / minute:.0f} min"
