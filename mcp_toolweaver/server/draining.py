"""Stopping without losing anything: what is being answered is finished, or ends in an error that says so."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import anyio
from mcp.server.context import CallNext, HandlerResult, ServerRequestContext
from mcp.shared.exceptions import MCPError
from mcp_types import INTERNAL_ERROR

_ENDLESS = frozenset({"subscriptions/listen"})
"""Requests that last until somebody ends them."""
_GOES_ON = frozenset({"ping", "notifications/cancelled"})
_ENDING = 2.0
"""Seconds that requests have to end in, once they were told to."""
_CUT = (
    "Toolweaver was stopped before this was answered. If it was a call of a tool, it may have been executed: "
    "look before you make it again."
)


class Drain:
    """Every message of a host passes through here."""

    def __init__(self, is_waiting: Callable[[], bool] = lambda: False) -> None:
        """Begin with none; ``is_waiting`` says whether something goes on that no request shows."""
        self.is_stopping = False
        """Whether nothing new is begun any more."""
        self._is_waiting = is_waiting
        self._running: dict[anyio.CancelScope, str] = {}
        self._ended = anyio.Event()

    async def pass_through(self, context: ServerRequestContext[Any], call_next: CallNext) -> HandlerResult:
        """Answer a message, unless we are stopping.

        Raises:
            MCPError: we are stopping, or stopped before there was an answer.
        """
        if context.request_id is None or context.method in _GOES_ON:
            return await call_next(context)
        if self.is_stopping:
            raise MCPError(INTERNAL_ERROR, "Toolweaver is stopping and did not begin this; connect again.")
        with anyio.CancelScope() as scope:
            self._running[scope] = context.method
            try:
                return await call_next(context)
            finally:
                del self._running[scope]
                self._tell()
        raise MCPError(INTERNAL_ERROR, _CUT)

    async def stop(self, seconds: float) -> None:
        """Begin nothing more, finish what is being answered within so many seconds, and end the rest by an error."""
        self.is_stopping = True
        self._end(lambda method: method in _ENDLESS)
        with anyio.move_on_after(seconds):
            while self._running or self._is_waiting():
                await self._ended.wait()
        self._end(lambda _method: True)
        with anyio.move_on_after(_ENDING):
            while self._running:
                await self._ended.wait()

    def _end(self, is_meant: Callable[[str], bool]) -> None:
        for scope, method in list(self._running.items()):
            if is_meant(method):
                scope.cancel()

    def _tell(self) -> None:
        ended, self._ended = self._ended, anyio.Event()
        ended.set()
