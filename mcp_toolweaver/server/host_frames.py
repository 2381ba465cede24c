"""A frame of a host as messages of JSON-RPC, or as errors: every request whose id can be read gets an answer.

A frame that is not JSON, or too large, is looked through for its id. Without one the error's id is null (JSON-RPC 2.0,
section 5). A notification is never answered, an answer that is not valid becomes an error for whoever waits for it, and
each message of a batch (2025-03-26) is taken by itself.
"""

from __future__ import annotations

import json
from typing import Any, TypeAlias

from mcp_types import (
    INVALID_REQUEST,
    PARSE_ERROR,
    ErrorData,
    JSONRPCError,
    JSONRPCMessage,
    JSONRPCNotification,
    JSONRPCRequest,
    JSONRPCResponse,
)
from pydantic import ValidationError

from mcp_toolweaver.core.frames import LARGEST_FRAME, Oversized
from mcp_toolweaver.core.json_values import is_array, is_object
from mcp_toolweaver.core.top_level import TopLevel

Understood: TypeAlias = tuple[list[JSONRPCMessage], list[JSONRPCError]]
"""Messages that are passed on, and errors that are answered with."""

_BOM = b"\xef\xbb\xbf"
_LARGEST_BATCH = 1_000
_HALF = (b"\\ud", b"\\uD")
"""How half of a pair of surrogates may be written."""


def understood(frame: bytes | Oversized) -> Understood:
    """Return what a frame says."""
    if isinstance(frame, Oversized):
        reason = f"The message was dropped: {frame.compared(LARGEST_FRAME)}. Send less at once."
        return _without(frame.answered, frame.asked, INVALID_REQUEST, reason)
    text = frame.removeprefix(_BOM).strip()
    if not text:
        return [], []
    try:
        value = _parsed(text)
    except (ValueError, RecursionError) as error:
        top = TopLevel()
        top.feed(text)
        readable = None if top.answered is not None else top.id
        return _without(top.answered, readable, PARSE_ERROR, f"The message is not valid JSON: {_short(error)}.")
    return _of_batch(value) if is_array(value) else _of_one(value)


def doubled(request_id: str | int) -> JSONRPCError:
    """Return the answer to a request whose id is that of another one, which is being answered."""
    return _error(
        request_id, INVALID_REQUEST, "Another request of this id is being answered; each needs one of its own."
    )


def encoded(message: JSONRPCMessage) -> str:
    """Return a message as a line; half of a pair of surrogates, which has no bytes, is escaped."""
    try:
        text = message.model_dump_json(by_alias=True, exclude_unset=True)
    except ValueError:
        text = json.dumps(message.model_dump(by_alias=True, exclude_unset=True))
    return f"{text}\n"


def _parsed(text: bytes) -> Any:
    """Return the JSON value, with U+FFFD for what is no character.

    Raises:
        ValueError: it is no JSON.
        RecursionError: it is nested too deep.
    """
    value = json.loads(text.decode(errors="replace"), parse_constant=_no_constant)
    if any(half in text for half in _HALF):
        value = json.loads(json.dumps(value, ensure_ascii=False).encode(errors="replace"))
    return value


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON")


def _of_batch(items: list[Any]) -> Understood:
    if not items or len(items) > _LARGEST_BATCH:
        return [], [_error(None, INVALID_REQUEST, f"A batch has 1 to {_LARGEST_BATCH} messages.")]
    messages, errors = list[JSONRPCMessage](), list[JSONRPCError]()
    for item in items:
        more, wrong = _of_one(item)
        messages += more
        errors += wrong
    return messages, errors


def _of_one(value: Any) -> Understood:
    if not is_object(value):
        return [], [_error(None, INVALID_REQUEST, "A message is a JSON object.")]
    id_ = value.get("id")
    readable = id_ if isinstance(id_, str | int) and not isinstance(id_, bool) else None
    if "method" not in value:
        return _answer(value, readable)
    if "id" not in value:
        return _notification(value)
    try:
        return [JSONRPCRequest.model_validate(value, by_name=False)], []
    except ValidationError as error:
        return [], [_error(readable, INVALID_REQUEST, f"The request is not valid: {_faults(error)}.")]


def _notification(value: dict[str, Any]) -> Understood:
    try:
        return [JSONRPCNotification.model_validate(value, by_name=False)], []
    except ValidationError:
        return [], []  # which must not be answered


def _answer(value: dict[str, Any], readable: str | int | None) -> Understood:
    is_result = "result" in value
    if not is_result and "error" not in value:
        return [], [_error(readable, INVALID_REQUEST, "The message has no method, and is no answer either.")]
    try:
        kind = JSONRPCResponse if is_result else JSONRPCError
        return [kind.model_validate(value, by_name=False)], []
    except ValidationError:
        return _without(readable, None, INVALID_REQUEST, "The answer is not valid JSON-RPC.", is_answer=True)


def _without(
    answered: str | int | None, asked: str | int | None, code: int, reason: str, *, is_answer: bool = False
) -> Understood:
    """Return the error that stands for a message which cannot be read: for who waits for it, or for who sent it."""
    if answered is not None:
        return [_error(answered, code, reason)], []
    return [], [] if is_answer else [_error(asked, code, reason)]


def _error(request_id: str | int | None, code: int, reason: str) -> JSONRPCError:
    return JSONRPCError(jsonrpc="2.0", id=request_id, error=ErrorData(code=code, message=reason))


def _faults(error: ValidationError) -> str:
    found = error.errors(include_url=False, include_context=False, include_input=False)
    return "; ".join(f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in found[:3])


def _short(error: BaseException) -> str:
    return str(error).partition("\n")[0][:200]
