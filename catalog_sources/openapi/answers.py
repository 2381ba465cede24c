"""What an API answered as the result of a tool."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from typing import Any

import httpx2

from catalog_sources.openapi.plans import Plan
from mcp_toolweaver import ToolResult, is_object

META = "mcp-toolweaver/http"
"""The key of ``_meta`` with the status, and the headers that tell of further pages and limits."""

_TOLD = ("link", "location", "retry-after", "etag", "x-total-count", "x-next-page", "x-request-id")
_TOLD_PREFIX = ("x-ratelimit-", "ratelimit")
_LONGEST_HEADER = 2_000
_MOST_TOLD = 12
_TEXTS = ("application/xml", "application/yaml", "application/x-yaml", "application/javascript", "image/svg+xml")


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer."""

    status: int
    reason: str
    headers: httpx2.Headers
    body: bytes
    url: httpx2.URL

    @property
    def media_type(self) -> str:
        """Its media type in lower case, without parameters; empty if it names none."""
        return self.headers.get("content-type", "").split(";")[0].strip().lower()

    @property
    def text(self) -> str:
        """Its body as text."""
        charset = httpx2.Response(200, headers={"content-type": self.headers.get("content-type", "")}).charset_encoding
        try:
            return self.body.decode(charset or "utf-8", errors="replace")
        except (LookupError, ValueError):
            return self.body.decode(errors="replace")


def result_of(answer: Answer, plan: Plan) -> ToolResult:
    """Return the result of a call that went well: JSON also as structured content, pictures as pictures."""
    payload: dict[str, Any] = {"isError": False, "_meta": {META: meta_of(answer)}}
    is_json, value = _json(answer)
    if is_json:
        structured = value if is_object(value) else {"result": value}
        payload |= {"content": [_text(answer.text)], "structuredContent": structured}
    else:
        payload["content"] = [_block(answer)]
        if plan.has_output_schema:
            payload["structuredContent"] = {"result": answer.text} if answer.body and _is_text(answer) else {}
    return ToolResult(payload)


def meta_of(answer: Answer) -> dict[str, Any]:
    """Return the status and the headers that a reader may need for the next call."""
    told = {
        name: value[:_LONGEST_HEADER]
        for name, value in answer.headers.items()
        if name in _TOLD or name.startswith(_TOLD_PREFIX)
    }
    return {"status": answer.status, **dict(sorted(told.items())[:_MOST_TOLD])}


def _json(answer: Answer) -> tuple[bool, Any]:
    """Return whether an answer is JSON, and its value."""
    kind = answer.media_type
    if not answer.body.strip() or not (kind in {"", "application/json", "text/json"} or kind.endswith("+json")):
        return False, None
    try:
        return True, json.loads(answer.text, parse_constant=_refuse)
    except (ValueError, RecursionError):
        return False, None


def _refuse(constant: str) -> Any:
    raise ValueError(f"JSON has no {constant}")


def _block(answer: Answer) -> dict[str, Any]:
    kind = answer.media_type
    if not answer.body:
        return _text(f"{answer.status} {answer.reason}: done; the answer has no content")
    if _is_text(answer):
        return _text(answer.text)
    data = base64.b64encode(answer.body).decode()
    family = kind.split("/")[0]
    if family in {"image", "audio"}:
        return {"type": family, "data": data, "mimeType": kind}
    address = str(answer.url.copy_with(query=None, fragment=None))  # a query may hold a key
    return {
        "type": "resource",
        "resource": {"uri": address, "mimeType": kind or "application/octet-stream", "blob": data},
    }


def _is_text(answer: Answer) -> bool:
    kind = answer.media_type
    if kind.startswith("text/") or kind in _TEXTS or kind.endswith(("+xml", "+json", "/json", "+yaml")):
        return True
    if kind and kind != "application/x-ndjson":
        return False
    try:
        answer.body.decode()
    except UnicodeDecodeError:
        return False
    return b"\0" not in answer.body


def _text(text: str) -> dict[str, Any]:
    return {"type": "text", "text": text}
