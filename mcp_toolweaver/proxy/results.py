"""A downstream result on its way to the host: whole, but for what is not for the host."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mcp_toolweaver.core.json_values import is_object
from mcp_toolweaver.core.tools import ToolResult

RESERVED_PREFIX = "io.modelcontextprotocol/"
"""Keys of ``_meta`` that speak of one connection (``serverInfo``, ...), not of the result."""

_KEPT = ("content", "structuredContent", "isError", "_meta")
_INPUT_REQUIRED = "input_required"


def passed_through(raw: Mapping[str, Any]) -> ToolResult:
    """Return the result as the host gets it: every part kept, reserved ``_meta`` keys removed."""
    if raw.get("resultType") == _INPUT_REQUIRED:
        return ToolResult.from_text(
            "The tool asked for input from the user, which is not relayed yet. Give it all it needs as arguments.",
            is_error=True,
        )
    payload = {key: raw[key] for key in _KEPT if key in raw}
    meta = payload.pop("_meta", None)
    if is_object(meta):
        kept = {key: value for key, value in meta.items() if not key.startswith(RESERVED_PREFIX)}
        payload |= {"_meta": kept} if kept else {}
    return ToolResult(payload)
