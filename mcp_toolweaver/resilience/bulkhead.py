"""Each server has so many places for calls, and so many to wait for one: none can fill what others need.

After the compartments of a ship (M. Nygard, Release It!, 2007).
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

import anyio

from mcp_toolweaver.core.errors import Busy
from mcp_toolweaver.core.interfaces import ToolCaller
from mcp_toolweaver.core.policy import SourcePolicy
from mcp_toolweaver.core.tools import Tool, ToolResult

_WEIGHT = 0.2
"""Of the last call's duration in the moving average."""


class BulkheadCaller:
    """A `ToolCaller` that lets so many calls of a server through at once; others wait in line, or are refused."""

    def __init__(self, inner: ToolCaller, policy_of: Callable[[str], SourcePolicy]) -> None:
        """Pass calls on to ``inner``; ``policy_of`` a server says how many at once."""
        self._inner = inner
        self._policy_of = policy_of
        self._servers: dict[str, _Places] = {}

    async def call(self, tool: Tool, arguments: Mapping[str, Any]) -> ToolResult:
        """See `ToolCaller.call`.

        Raises:
            Busy: all places are taken, and all places to wait; or no place became free in time.
        """
        server = tool.id.server
        places = self._servers.get(server)
        if places is None:
            places = self._servers[server] = _Places(f"server {server!r}", self._policy_of(server))
        places.policy = self._policy_of(server)
        async with places.one():
            return await self._inner.call(tool, arguments)


class _Places:
    """The places of one server. Who waits longest comes first, and who leaves hands its place on."""

    def __init__(self, part: str, policy: SourcePolicy) -> None:
        self._part = part
        self.policy = policy
        self._taken = 0
        self._line: deque[anyio.Event] = deque()
        self._seconds = 0.0
        """How long a call takes, on average of late."""

    @asynccontextmanager
    async def one(self) -> AsyncGenerator[None]:
        """Have a place meanwhile.

        Raises:
            Busy: there is none.
        """
        await self._take()
        started = anyio.current_time()
        try:
            yield
        finally:
            self._note(anyio.current_time() - started)
            self._hand_on()

    async def _take(self) -> None:
        if self._taken < self.policy.concurrency:
            self._taken += 1
            return
        if len(self._line) >= self.policy.queue:
            raise Busy(self._part, f"busy: {self._said()}; try again in about {self._estimate()} s")
        place = anyio.Event()
        self._line.append(place)
        try:
            with anyio.move_on_after(self.policy.queue_timeout):
                await place.wait()
        except BaseException:
            self._leave(place)
            raise
        if not place.is_set():
            self._line.remove(place)
            waited = f"no place became free within {self.policy.queue_timeout:g} s"
            raise Busy(self._part, f"busy: {waited}, {self._said()}; try again in about {self._estimate()} s")

    def _leave(self, place: anyio.Event) -> None:
        """Give up waiting; a place that was handed over meanwhile goes to the next."""
        if place.is_set():
            self._hand_on()
        else:
            self._line.remove(place)

    def _hand_on(self) -> None:
        self._taken -= 1
        while self._line and self._taken < self.policy.concurrency:  # which may be another by now
            self._taken += 1
            self._line.popleft().set()

    def _note(self, seconds: float) -> None:
        self._seconds = seconds if not self._seconds else (1 - _WEIGHT) * self._seconds + _WEIGHT * seconds

    def _said(self) -> str:
        return f"{self._taken} calls in flight and {len(self._line)} waiting"

    def _estimate(self) -> int:
        """Return in how many seconds who comes now would have a place, if calls take as long as of late."""
        rounds = (len(self._line) + 1) / self.policy.concurrency
        return max(1, math.ceil(rounds * self._seconds))
