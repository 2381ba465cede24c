"""A caller that does what a test tells it to, and keeps a ledger."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import anyio

from mcp_toolweaver.core.tools import Tool, ToolResult


class FakeCaller:
    """Answers after some seconds, unless it has something else to do for the next calls."""

    def __init__(self, seconds: float = 0.0) -> None:
        self.seconds = seconds
        self.next: list[Exception | Callable[[], Awaitable[ToolResult]]] = []
        """What the next calls do, one each: raise this, or return what that returns."""
        self.ledger: list[str] = []
        """The calls that were begun, as ``server::tool``."""
        self.most: dict[str, int] = {}
        """The most calls that were in flight at once, by server."""
        self._in_flight: dict[str, int] = {}

    async def call(self, tool: Tool, arguments: Mapping[str, Any]) -> ToolResult:  # noqa: ARG002
        server = tool.id.server
        self.ledger.append(str(tool.id))
        self._in_flight[server] = self._in_flight.get(server, 0) + 1
        self.most[server] = max(self.most.get(server, 0), self._in_flight[server])
        try:
            todo = self.next.pop(0) if self.next else None
            await anyio.sleep(self.seconds)
            if isinstance(todo, Exception):
                raise todo
            return ToolResult.from_text("done") if todo is None else await todo()
        finally:
            self._in_flight[server] -= 1
