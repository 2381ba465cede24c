"""One opening of a source: its turn, and what took how long."""

from __future__ import annotations

import anyio

from mcp_toolweaver.catalog.turns import Turn, Turns
from mcp_toolweaver.core.status import Timing


class Opening:
    """Goes from queued to connecting to listing to open; `end` it, wherever it has got to."""

    def __init__(self, queued: float, turn: Turn) -> None:
        """Begin to connect a source that was ``queued`` then, in the time of the event loop."""
        self._turn = turn
        self._queued = queued
        self._begun = anyio.current_time()
        self._connected: float | None = None
        self._end: float | None = None

    @classmethod
    async def begin(cls, turns: Turns, *, at_once: bool) -> Opening:
        """Return when it is the turn of a source, ``at_once`` where somebody waits for it."""
        queued = anyio.current_time()
        return cls(queued, await turns.take(at_once=at_once))

    def connected(self) -> None:
        """Note that it is connected, and is listed from now on."""
        self._connected = anyio.current_time()

    def end(self) -> Timing:
        """Let the next one begin, and return what it took until it first ended."""
        self._turn.end()
        self._end = self._end or anyio.current_time()
        connected = self._connected or self._end
        return Timing(self._begun - self._queued, connected - self._begun, self._end - connected)
