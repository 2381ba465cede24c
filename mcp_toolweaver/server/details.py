"""``get_tool_details``: full definitions by name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mcp_toolweaver.core.errors import UnknownTool
from mcp_toolweaver.core.interfaces import CatalogView
from mcp_toolweaver.core.tools import MCP_WORKER, Tool
from mcp_toolweaver.server.meta_tools import DETAILS
from mcp_toolweaver.server.requests import DetailsArguments, parse
from mcp_toolweaver.text.resolve import resolve


def get_tool_details(catalog: CatalogView, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Answer a call of ``get_tool_details`` with its reply, a JSON object.

    Raises:
        InvalidArguments: the arguments are wrong.
        UnknownTool: none of the names is known.
    """
    asked = parse(DetailsArguments, DETAILS, arguments)
    snapshot = catalog.snapshot
    tools: list[dict[str, Any]] = []
    unknown: list[UnknownTool] = []
    for name in asked.names:
        try:
            tools.append(_details(resolve(snapshot, name)))
        except UnknownTool as error:
            unknown.append(error)
    if not tools:
        raise unknown[0]
    missing = [{"name": error.name, "closest": list(error.closest)} for error in unknown]
    return {"tools": tools, **({"unknown": missing} if missing else {})}


def _details(tool: Tool) -> dict[str, Any]:
    own = {"name": tool.callable_name, "server": tool.id.server, "tool": tool.id.name, "domain": tool.domain}
    own |= {} if tool.kind == MCP_WORKER else {"kind": tool.kind}
    rest = {key: value for key, value in tool.definition.items() if key not in {"name", "_meta", "icons"}}
    return {**own, **rest, **({} if tool.is_callable else {"callable": False})}
