"""An event loop whose time passes as soon as everybody waits: hours take no time, and each run takes the same."""

from __future__ import annotations

import asyncio
import selectors
from typing import Any


class VirtualTimeLoop(asyncio.SelectorEventLoop):
    """Jumps to the next deadline instead of waiting for it. Nothing may wait for a thread or a process meanwhile."""

    def __init__(self) -> None:
        self._now = 0.0
        super().__init__(_Jumping(self))

    def time(self) -> float:
        """Return the seconds that have passed."""
        return self._now

    def jump(self, seconds: float) -> None:
        """Let time pass."""
        self._now += seconds


class _Jumping(selectors.SelectSelector):
    def __init__(self, loop: VirtualTimeLoop) -> None:
        super().__init__()
        self._loop = loop

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready: list[tuple[Any, int]] = super().select(0 if timeout is not None else None)
        if not ready and timeout:
            self._loop.jump(timeout)
        return ready


async def in_this_thread(function: Any, *arguments: Any) -> Any:
    """Stand in for `run_in_thread`."""
    return function(*arguments)


BACKEND = ("asyncio", {"loop_factory": VirtualTimeLoop})
"""What the fixture ``anyio_backend`` returns for tests in virtual time."""
