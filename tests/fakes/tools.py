"""Tools to test with, as short to write as possible."""

from collections.abc import Mapping
from typing import Any

from mcp_toolweaver.core.tools import Tool


def make_tool(
    name: str,
    description: str = "",
    *,
    server: str = "srv",
    domain: str = "",
    schema: dict[str, Any] | None = None,
    annotations: Mapping[str, Any] | None = None,
) -> Tool:
    """Return a tool as a server would have listed it."""
    raw = {"name": name, "description": description, "inputSchema": schema or {"type": "object", "properties": {}}}
    if annotations is not None:
        raw["annotations"] = dict(annotations)
    return Tool.from_definition(server, raw, domain=domain)
