"""Stopping without losing anything: what is being answered is finished, or ends in an error that says so."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import anyio
from mcp.server.context import CallNext, HandlerResult, ServerRequestContext
from mcp.shared.exceptions import MCPError
from mcp_types import INTERNAL_ERROR

from mcp_toolweaver.server.meta_tools import DETAILS, READ, SEARCH

_ENDLESS = frozenset({"subscriptions/listen"})
"""Requests that last until somebody ends them."""
_GOES_ON = frozenset({"ping", "notifications/cancelled"})
_ENDING = 2.0
"""Seconds that requests have to end in, once they were told to."""
_MOMENT = 0.5
"""Seconds for endless requests to end in order."""
_HARMLESS = frozenset({SEARCH, DETAILS, READ})
"""Tools of ours, which change nothing."""
_REFUSED = "Toolweaver is stopping and did not begin this; connect again."
_CUT = "Toolweaver was stopped before this was answered."
_PERHAPS = f"{_CUT} The call may have been executed: look before you make it again."
_CERTAINLY_NOT = f"{_CUT} Nothing was executed: connect again, and ask again."


class Drain:
    """Every message of a host passes through here."""

    def __init__(self, is_waiting: Callable[[], bool] = lambda: False) -> None:
        """Begin with none; ``is_waiting`` says whether something goes on that no request shows."""
        self.is_stopping = False
        """Whether nothing new is begun any more."""
        self._is_last = self._is_hurried = False
        self._closing: list[Callable[[], None]] = []
        self._is_waiting = is_waiting
        self._running: dict[anyio.CancelScope, str] = {}
        self._ended = anyio.Event()

    def on_end(self, close: Callable[[], None]) -> None:
        """Call ``close`` when it is time for endless requests to end, each with its last word."""
        self._closing.append(close)

    async def pass_through(
        self, context: ServerRequestContext[Any], call_next: CallNext, *, goes_on: bool = False
    ) -> HandlerResult:
        """Answer a message, unless we are stopping; also then if it ``goes_on`` with a call that stands.

        Raises:
            MCPError: we are stopping, or stopped before there was an answer.
        """
        if context.request_id is None or context.method in _GOES_ON:
            return await call_next(context)
        if self._is_hurried or (self.is_stopping and not goes_on) or (self._is_last and context.method in _ENDLESS):
            raise MCPError(INTERNAL_ERROR, _PERHAPS if goes_on else _REFUSED)
        with anyio.CancelScope() as scope:
            self._running[scope] = context.method
            try:
                return await call_next(context)
            finally:
                del self._running[scope]
                self._tell()
        raise MCPError(INTERNAL_ERROR, _PERHAPS if _may_have_run(context) else _CERTAINLY_NOT)

    async def end_endless(self) -> None:
        """End the requests that last until somebody ends them, and refuse those that may still come.

        One that has hardly begun, and so does not end in order, ends by an error.
        """
        self._is_last = True
        for close in self._closing:
            close()
        with anyio.move_on_after(_MOMENT):
            while self._are_endless:
                await self._ended.wait()
        for scope in self._are_endless:
            scope.cancel()

    def hurry(self) -> None:
        """Wait for nothing any more: what is being answered ends by an error, now if `stop` is waiting for it."""
        self._is_hurried = True
        self._tell()

    async def stop(self, seconds: float) -> None:
        """Begin nothing more, finish what is being answered within so many seconds, and end the rest by an error."""
        self.is_stopping = True
        await self.end_endless()
        with anyio.move_on_after(seconds):
            while not self._is_hurried and (self._running or self._is_waiting()):
                await self._ended.wait()
        self._is_hurried = True
        for scope in list(self._running):
            scope.cancel()
        with anyio.move_on_after(_ENDING):
            while self._running:
                await self._ended.wait()

    @property
    def _are_endless(self) -> list[anyio.CancelScope]:
        return [scope for scope, method in self._running.items() if method in _ENDLESS]

    def _tell(self) -> None:
        ended, self._ended = self._ended, anyio.Event()
        ended.set()


def _may_have_run(context: ServerRequestContext[Any]) -> bool:
    return context.method == "tools/call" and (context.params or {}).get("name") not in _HARMLESS
