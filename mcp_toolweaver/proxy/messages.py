"""A frame as messages of JSON-RPC: also a frame that is somewhat damaged.

The SDK's own adapter tries every kind of message on the whole of it, which takes ten times as long for a large
result. A worker thread would not help: the parser holds the interpreter until it is done.
"""

from __future__ import annotations

import json
from typing import Any, TypeAlias

from mcp_types import (
    ErrorData,
    JSONRPCError,
    JSONRPCMessage,
    JSONRPCNotification,
    JSONRPCRequest,
    JSONRPCResponse,
)
from pydantic import ValidationError
from pydantic_core import from_json

from mcp_toolweaver.core.json_values import is_array, is_object
from mcp_toolweaver.core.top_level import TopLevel

BAD_ANSWER = -32050
"""The code of an error that stands for an answer which came but cannot be passed on. Of the range of servers."""

_Kind: TypeAlias = type[JSONRPCRequest | JSONRPCNotification | JSONRPCResponse | JSONRPCError]


class NoMessage(ValueError):
    """The frame is no message of JSON-RPC and answers none."""


def messages(frame: bytes) -> list[JSONRPCMessage]:
    """Return the message in a frame, or those of a batch.

    What answers a request but is not valid becomes an error for that request, so that its caller need not wait.

    Raises:
        NoMessage: there is none in it.
    """
    if frame.lstrip()[:1] not in {b"{", b"["}:
        raise NoMessage
    try:
        value = _parsed(frame)
    except (ValueError, RecursionError) as error:
        top = TopLevel()
        top.feed(frame)
        if top.answered is None:
            raise NoMessage from error
        return [failure(top.answered, f"the answer is not valid JSON ({_short(error)})")]
    found = [message for item in (value if is_array(value) else [value]) if (message := _message(item)) is not None]
    if not found:
        raise NoMessage
    return found


def encoded(message: JSONRPCMessage) -> bytes:
    """Return a message as a line; half of a pair of surrogates, which has no bytes, is escaped."""
    try:
        return message.model_dump_json(by_alias=True, exclude_unset=True).encode() + b"\n"
    except ValueError:
        return json.dumps(message.model_dump(by_alias=True, exclude_unset=True)).encode() + b"\n"


def failure(request_id: str | int, reason: str) -> JSONRPCError:
    """Return the error that stands for an answer which cannot be passed on."""
    return JSONRPCError(jsonrpc="2.0", id=request_id, error=ErrorData(code=BAD_ANSWER, message=reason))


def _parsed(frame: bytes) -> Any:
    try:
        return from_json(frame)
    except ValueError:  # bad UTF-8, or half of a pair of surrogates
        lenient = json.loads(frame.decode(errors="replace"))
        return from_json(json.dumps(lenient, ensure_ascii=False).encode(errors="replace"))


def _message(item: Any) -> JSONRPCMessage | None:
    kind = _kind(item)
    if kind is None:
        return None
    try:
        return kind.model_validate(item, by_name=False)
    except ValidationError:
        request_id = item.get("id")
        if "method" in item or not isinstance(request_id, (str, int)):
            return None
        return failure(request_id, "the answer is not valid JSON-RPC")


def _kind(item: Any) -> _Kind | None:
    if not is_object(item):
        return None
    if "method" in item:
        return JSONRPCRequest if item.get("id") is not None else JSONRPCNotification
    if "result" in item:
        return JSONRPCResponse
    return JSONRPCError if "error" in item else None


def _short(error: BaseException) -> str:
    return str(error).partition("\n")[0][:200]
