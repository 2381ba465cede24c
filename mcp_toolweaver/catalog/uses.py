"""Who uses an open source, and for how long nobody has."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager

import anyio


class Uses:
    """Counts the uses of one source; times are those of the event loop, in seconds."""

    def __init__(self) -> None:
        """Start without a use."""
        self._in_flight = 0
        self._last = float("-inf")

    @property
    def last(self) -> float:
        """When it was used last: now, while it is in use."""
        return anyio.current_time() if self._in_flight else self._last

    @property
    def is_any(self) -> bool:
        """Whether it is in use."""
        return self._in_flight > 0

    @contextmanager
    def one(self) -> Generator[None]:
        """Count one use."""
        self._in_flight += 1
        try:
            yield
        finally:
            self._in_flight -= 1
            self._last = anyio.current_time()
