"""Lets only fitting arguments through to a tool."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

from mcp_toolweaver.core.errors import InvalidArguments
from mcp_toolweaver.core.interfaces import ToolCaller
from mcp_toolweaver.core.json_values import is_object
from mcp_toolweaver.core.tools import Tool, ToolResult
from mcp_toolweaver.text.signature import signature

if TYPE_CHECKING:
    from mcp_toolweaver.proxy.validation import Validation

_NESTED = "arguments"


class CheckedCaller:
    """A `ToolCaller` that checks arguments against the tool's schema before anything is sent."""

    def __init__(self, inner: ToolCaller) -> None:
        """Pass checked calls on to ``inner``."""
        self._inner = inner

    async def call(self, tool: Tool, arguments: Mapping[str, Any]) -> ToolResult:
        """See `ToolCaller.call`."""
        if not tool.is_callable:
            return await self._inner.call(tool, arguments)
        unwrapped = _unwrapped(tool, arguments)
        fault = self._validation.fault(tool, unwrapped)
        if fault is not None:
            raise InvalidArguments(f"Wrong arguments for {tool.callable_name}: {fault}. Signature: {signature(tool)}")
        return await self._inner.call(tool, unwrapped)

    @cached_property
    def _validation(self) -> Validation:
        from mcp_toolweaver.proxy.validation import Validation  # noqa: PLC0415  not before the handshake

        return Validation()


def _unwrapped(tool: Tool, arguments: Mapping[str, Any]) -> Mapping[str, Any]:
    """Take ``{"arguments": {...}}`` for what is inside, unless the tool has such a parameter."""
    inner = arguments.get(_NESTED)
    if is_object(inner) and len(arguments) == 1 and _NESTED not in tool.input_schema.get("properties", {}):
        return inner
    return arguments
