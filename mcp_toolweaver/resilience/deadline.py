"""A call ends some time, whatever the server says meanwhile."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import anyio

from mcp_toolweaver.core.errors import DeadlineExceeded
from mcp_toolweaver.core.interfaces import ToolCaller
from mcp_toolweaver.core.policy import SourcePolicy
from mcp_toolweaver.core.tools import Tool, ToolResult


class DeadlineCaller:
    """A `ToolCaller` that gives a call up at its server's deadline."""

    def __init__(self, inner: ToolCaller, policy_of: Callable[[str], SourcePolicy]) -> None:
        """Pass calls on to ``inner``; ``policy_of`` a server says how long they may take."""
        self._inner = inner
        self._policy_of = policy_of

    async def call(self, tool: Tool, arguments: Mapping[str, Any]) -> ToolResult:
        """See `ToolCaller.call`.

        Raises:
            DeadlineExceeded: it took too long, and was cancelled.
        """
        seconds = self._policy_of(tool.id.server).deadline
        with anyio.move_on_after(seconds):
            return await self._inner.call(tool, arguments)
        late = f"{tool.id.name!r} did not end within {seconds:g} s and was given up; it may have taken effect"
        raise DeadlineExceeded(f"server {tool.id.server!r}", late)
