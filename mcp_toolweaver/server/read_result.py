"""``read_result``: the rest of a result that was cut."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from mcp_toolweaver.core.errors import InvalidRequest
from mcp_toolweaver.core.paging import READ_RESULT, ResultReader
from mcp_toolweaver.core.tools import ToolResult
from mcp_toolweaver.server.requests import ReadArguments, parse


def read_result(results: ResultReader | None, arguments: Mapping[str, Any]) -> ToolResult:
    """Answer a call of ``read_result``: the text as it is, then in JSON what was read and where to read on.

    Raises:
        InvalidArguments: the arguments are wrong.
        InvalidRequest: nothing is kept under the key.
    """
    asked = parse(ReadArguments, READ_RESULT, arguments)
    if results is None:
        raise InvalidRequest("No results are kept, since none are cut here: call the tool again.")
    part = results.read(asked.key, asked.offset, asked.limit)
    done = {"done": True} if part.is_last else {"done": False, "next_offset": part.next_offset}
    read = {"offset": part.offset, "characters": len(part.text), "total": part.total, **done}
    return ToolResult({"content": [{"type": "text", "text": text} for text in (part.text, json.dumps(read))]})
