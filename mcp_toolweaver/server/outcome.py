"""Our answers and errors as MCP results. The only translator towards the host."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from mcp_toolweaver.core.errors import ToolweaverError
from mcp_toolweaver.core.scrub import scrub
from mcp_toolweaver.core.tools import ToolResult

_ABSENT: Mapping[str, Any] = {}


def answer(reply: Mapping[str, Any]) -> ToolResult:
    """Return a JSON object as structured content, and as text for hosts that read only that."""
    text = json.dumps(reply, ensure_ascii=False, separators=(",", ":"), default=str)
    return ToolResult({"content": [{"type": "text", "text": text}], "structuredContent": dict(reply)})


def failure(error: ToolweaverError) -> ToolResult:
    """Return an error as a result that the model reads; the message says what to do."""
    return ToolResult.from_text(scrub(str(error)), is_error=True)


def wire(result: ToolResult, *, objects_only: bool) -> dict[str, Any]:
    """Return the wire form of a result.

    Up to 2025-11-25 structured content must be an object (``objects_only``); any other value
    is then left to the text, to which it is added where the downstream sent none.
    """
    payload = {"resultType": "complete", **result.payload}  # asked for since 2026-07-28, ignored before
    structured = payload.get("structuredContent", _ABSENT)
    if objects_only and structured is not _ABSENT and not isinstance(structured, Mapping):
        del payload["structuredContent"]
        if not payload.get("content"):
            payload["content"] = [{"type": "text", "text": json.dumps(structured, ensure_ascii=False)}]
    return payload
