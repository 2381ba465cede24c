"""How long a call may take: as long as the server says that it is getting on."""

from __future__ import annotations

import math
from collections.abc import Generator
from contextlib import contextmanager

import anyio


class Patience:
    """A deadline that progress puts off, and that stands still while a host is being asked something."""

    def __init__(self, seconds: float) -> None:
        """Allow ``seconds`` of silence."""
        self.seconds = seconds
        self.scope = anyio.CancelScope(deadline=anyio.current_time() + seconds)
        self._asked = 0

    @property
    def is_suspended(self) -> bool:
        """Whether a host is being asked something."""
        return self._asked > 0

    def renew(self) -> None:
        """Begin anew, since the server has given a sign of life."""
        self.scope.deadline = math.inf if self._asked else anyio.current_time() + self.seconds

    @contextmanager
    def suspended(self) -> Generator[None]:
        """Let no time pass: people take theirs."""
        self._asked += 1
        self.renew()
        try:
            yield
        finally:
            self._asked -= 1
            self.renew()
