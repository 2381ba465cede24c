"""A server that no longer knows a tool which it once listed, and never said that its list has changed."""

from __future__ import annotations

import re

from mcp_toolweaver.core.json_values import is_array, is_object
from mcp_toolweaver.core.tools import ToolResult

_LONGEST = 1_000
_UNKNOWN = re.compile(
    r"unknown|not found|no such|does(n't| not) exist|not (a )?(known|registered|available)", re.IGNORECASE
)


def is_unknown(result: ToolResult, name: str) -> bool:
    """Whether a result reads as if the server did not know the tool: an error that names it and says so.

    Servers say it in words of their own, as an error of the protocol or as a result; a wrong guess costs a listing.
    """
    if not result.is_error:
        return False
    content = result.payload.get("content")
    first = content[0] if is_array(content) and content else None
    text = str(first.get("text", ""))[:_LONGEST] if is_object(first) else ""
    return name in text and "tool" in text.lower() and _UNKNOWN.search(text) is not None
