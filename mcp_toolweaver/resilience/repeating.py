"""A call whose connection was lost is made again where that can do no harm: at most once, and not too often."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import anyio

from mcp_toolweaver.core.errors import (
    Busy,
    CircuitOpen,
    DeadlineExceeded,
    InUse,
    NotSent,
    Refused,
    Unavailable,
    Unneeded,
    Unusable,
    Warming,
)
from mcp_toolweaver.core.interfaces import ToolCaller
from mcp_toolweaver.core.policy import SourcePolicy
from mcp_toolweaver.core.tools import Tool, ToolResult

_NOT_LOST = (Busy, CircuitOpen, DeadlineExceeded, InUse, NotSent, Refused, Unneeded, Unusable, Warming)
"""What is no lost connection. A call that was not sent was made again already, by the source's owner."""
_SOON = 30.0
"""Seconds after which a call is not made again: it was a long one, and may be what the server died of."""
_SHARE = 0.2
_SAVED = 10.0
"""Repetitions that may be saved up."""


class RepeatingCaller:
    """A `ToolCaller` that makes a call again, once, if its connection was lost and the tool may be called twice.

    Which may be is believed of trusted servers only: ``readOnlyHint`` and ``idempotentHint`` are their own words.
    At most a fifth of a server's calls are made again, so that a server that breaks is not given twice the load.
    """

    def __init__(self, inner: ToolCaller, policy_of: Callable[[str], SourcePolicy]) -> None:
        """Pass calls on to ``inner``; ``policy_of`` a server says whether it is trusted."""
        self._inner = inner
        self._policy_of = policy_of
        self._budgets: dict[str, _Budget] = {}

    async def call(self, tool: Tool, arguments: Mapping[str, Any]) -> ToolResult:
        """See `ToolCaller.call`."""
        if not (self._policy_of(tool.id.server).trusted and _is_repeatable(tool)):
            return await self._inner.call(tool, arguments)
        budget = self._budgets.setdefault(tool.id.server, _Budget())
        budget.note_call()
        started = anyio.current_time()
        try:
            return await self._inner.call(tool, arguments)
        except Unavailable as away:
            is_late = anyio.current_time() - started > _SOON
            if isinstance(away, _NOT_LOST) or is_late or not budget.spend():
                raise
        return await self._inner.call(tool, arguments)


class _Budget:
    """Each call saves a fifth of a repetition, up to ten of them."""

    def __init__(self) -> None:
        self._saved = 1.0

    def note_call(self) -> None:
        self._saved = min(self._saved + _SHARE, _SAVED)

    def spend(self) -> bool:
        if self._saved < 1.0:
            return False
        self._saved -= 1.0
        return True


def _is_repeatable(tool: Tool) -> bool:
    return tool.annotations.get("readOnlyHint") is True or tool.annotations.get("idempotentHint") is True
