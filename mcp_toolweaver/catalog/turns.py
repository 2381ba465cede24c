"""Turns to be opened: starting a hundred servers in one moment would let each of them take for ever.

A turn lasts until its source is open, but never long, so that those that hang keep nobody waiting.
"""

from __future__ import annotations

import anyio

_MOST = 64
"""Sources that are being opened at once."""
_LONGEST = 0.5
"""Seconds; who takes longer goes on beside the next."""


class Turn:
    """One that was taken; `end` it."""

    def __init__(self, until: float, left: anyio.Event) -> None:
        """Last ``until`` then, in the time of the event loop, or until ``left`` is set."""
        self.until = until
        self.left = left

    def end(self) -> None:
        """Let the next one begin."""
        self.left.set()

    def is_over(self) -> bool:
        """Whether it is the next one's turn."""
        return self.left.is_set() or anyio.current_time() >= self.until


class Turns:
    """Gives turns in the order in which they are asked for."""

    def __init__(self, most: int = _MOST, longest: float = _LONGEST) -> None:
        """Give at most so many at once, each for so many seconds."""
        self._longest = longest
        self._most = most
        self._taken: list[Turn] = []
        self._order = anyio.Lock()

    async def take(self, *, at_once: bool = False) -> Turn:
        """Return a turn, ``at_once`` where somebody waits for its source."""
        if at_once:
            return self._begun()
        async with self._order:
            while len(self._running()) >= self._most:
                await self._wait(self._taken)
            return self._begun()

    def _begun(self) -> Turn:
        turn = Turn(anyio.current_time() + self._longest, anyio.Event())
        self._taken.append(turn)
        return turn

    def _running(self) -> list[Turn]:
        self._taken = [turn for turn in self._taken if not turn.is_over()]
        return self._taken

    async def _wait(self, turns: list[Turn]) -> None:
        """Return when one of them is over, perhaps."""
        with anyio.CancelScope(deadline=min(turn.until for turn in turns)):
            async with anyio.create_task_group() as tasks:
                for turn in turns:
                    tasks.start_soon(_cancel_after, turn.left, tasks.cancel_scope)


async def _cancel_after(event: anyio.Event, scope: anyio.CancelScope) -> None:
    await event.wait()
    scope.cancel()
