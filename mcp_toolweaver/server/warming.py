"""Waiting for what is behind us to be known, but never long: one slow server must not be in everybody's way."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import anyio

_PATIENCE = 5.0
"""Seconds after the first request during which requests wait for servers that were never listed before."""


class Warming:
    """What the first requests wait for."""

    def __init__(self, wait_searchable: Callable[[], Awaitable[None]]) -> None:
        """Wait for ``wait_searchable`` to return."""
        self._wait_searchable = wait_searchable
        self._until: float | None = None

    async def wait(self) -> None:
        """Return when there is something to be found, or 5 s after the first request."""
        now = anyio.current_time()
        if self._until is None:
            self._until = now + _PATIENCE
        if now < self._until:
            with anyio.CancelScope(deadline=self._until):
                await self._wait_searchable()
                self._until = now  # what is searchable once stays so
