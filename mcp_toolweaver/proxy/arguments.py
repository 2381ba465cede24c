"""Lets only fitting arguments through to a tool, and mends those that can mean one thing only."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Any

from mcp_toolweaver.core.errors import InvalidArguments
from mcp_toolweaver.core.interfaces import ToolCaller
from mcp_toolweaver.core.threads import run_in_thread
from mcp_toolweaver.core.tools import Tool, ToolResult
from mcp_toolweaver.proxy.validation.effort import depth_of, is_within

if TYPE_CHECKING:
    from mcp_toolweaver.proxy.validation.schemas import Check, Fault, Schemas

_log = logging.getLogger(__name__)

_DEEPEST = 200
"""Readers of JSON refuse what is nested deeper."""
_MOST_PARTS = 20_000
"""More than these are not looked through."""


class CheckedCaller:
    """A `ToolCaller` that checks arguments against the tool's schema before anything is sent."""

    def __init__(self, inner: ToolCaller) -> None:
        """Pass checked calls on to ``inner``."""
        self._inner = inner
        self._schemas: Schemas | None = None

    async def call(self, tool: Tool, arguments: Mapping[str, Any]) -> ToolResult:
        """See `ToolCaller.call`."""
        if not tool.is_callable:
            return await self._inner.call(tool, arguments)
        return await self._inner.call(tool, _checked(await self._loaded(), tool, dict(arguments)))

    async def _loaded(self) -> Schemas:
        """Return the schemas; what checks them is imported off the event loop, and not before the handshake."""
        if self._schemas is None:
            module = await run_in_thread(import_module, "mcp_toolweaver.proxy.validation.schemas")
            made: Schemas = module.Schemas()
            self._schemas = made
        return self._schemas


def _checked(schemas: Schemas, tool: Tool, given: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the arguments as they may be sent: as they are, if they fit."""
    if is_within(given, most=_MOST_PARTS) and depth_of(given, most=_DEEPEST + 1) > _DEEPEST:
        raise InvalidArguments(f"Wrong arguments for {tool.callable_name}: nested more than {_DEEPEST} levels deep.")
    check = schemas.check(tool)
    return given if check is None else _fitting(tool, check, given)


def _fitting(tool: Tool, check: Check, given: Mapping[str, Any]) -> Mapping[str, Any]:
    from mcp_toolweaver.proxy.mending.unwrapping import is_ours, unwrapped  # noqa: PLC0415  likewise

    inside = unwrapped(check.schema, given)
    faults = check.faults(given)
    if inside is not None and (faults or is_ours(check.schema, given, inside)):
        given, faults = inside, check.faults(inside)
    return _mended(tool, check, given, faults) if faults else given


def _mended(tool: Tool, check: Check, given: Mapping[str, Any], faults: Sequence[Fault]) -> Mapping[str, Any]:
    from mcp_toolweaver.proxy.mending.readings import mended  # noqa: PLC0415  likewise
    from mcp_toolweaver.proxy.refusal import refusal  # noqa: PLC0415  likewise

    made = mended(check, given)
    if made is None:
        raise InvalidArguments(refusal(tool, faults))
    changed = [name for name in made if name not in given or made[name] is not given[name]]
    _log.debug("%s: arguments were mended: %s", tool.id, ", ".join(changed) or "nulls left out")
    return made
