"""A downstream result on its way to the host: whole, but for what is not for the host."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mcp_toolweaver.core.json_values import is_object
from mcp_toolweaver.core.tools import ToolResult
from mcp_toolweaver.proxy.rounds import INPUT_REQUIRED

RESERVED_PREFIX = "io.modelcontextprotocol/"
"""Keys of ``_meta`` that speak of one connection (``serverInfo``, ...), not of the result."""

_KEPT = ("content", "structuredContent", "isError", "_meta")
_QUESTIONS = ("resultType", "inputRequests", "requestState", "_meta")


def passed_through(raw: Mapping[str, Any]) -> ToolResult:
    """Return the result as the host gets it: every part kept, reserved ``_meta`` keys removed."""
    asks = raw.get("resultType") == INPUT_REQUIRED
    payload = {key: raw[key] for key in (_QUESTIONS if asks else _KEPT) if key in raw}
    meta = without_reserved(payload.pop("_meta", None))
    return ToolResult(payload | ({"_meta": meta} if meta else {}))


def without_reserved(meta: Any) -> dict[str, Any]:
    """Return ``_meta`` without the keys that speak of one connection."""
    return {key: value for key, value in meta.items() if not key.startswith(RESERVED_PREFIX)} if is_object(meta) else {}
