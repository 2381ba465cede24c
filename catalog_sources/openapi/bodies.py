"""Arguments to the body of a request."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from catalog_sources.openapi.bindings import WHOLE_BODY, BodyBinding, FieldEncoding
from catalog_sources.openapi.serializing import encoded, in_query, text_of
from mcp_toolweaver import InvalidArguments, is_array, is_object

Part = tuple[str, tuple[str | None, str | bytes, str | None]]
"""The name of a field; its file name, its content and its media type."""


@dataclass(frozen=True, slots=True)
class Payload:
    """What goes after the headers."""

    content: bytes | None = None
    content_type: str = ""
    files: list[Part] | None = None
    """Parts in place of the content; their media type carries a boundary that the client makes."""


def payload_of(body: BodyBinding | None, arguments: Mapping[str, Any], elsewhere: Collection[str]) -> Payload:
    """Return the body for these arguments; those that go ``elsewhere`` are not part of it.

    Raises:
        InvalidArguments: one cannot be written so.
    """
    if body is None:
        return Payload()
    if body.properties is None:
        return _whole(body, arguments)
    values = {
        body.properties.get(name, name): value
        for name, value in arguments.items()
        if name in body.properties or (body.takes_more and name not in elsewhere)
    }
    if not values and not body.is_required:
        return Payload()
    if body.kind == "form":
        pairs = [pair for name, value in values.items() for pair in _pairs(name, value, body.encodings.get(name))]
        return Payload("&".join(pairs).encode(), body.content_type)
    if body.kind == "multipart":
        return Payload(files=[part for name, value in values.items() for part in _parts(name, value, body.encodings)])
    return Payload(_json(values), body.content_type)


def _whole(body: BodyBinding, arguments: Mapping[str, Any]) -> Payload:
    if WHOLE_BODY not in arguments:
        return Payload()
    value = arguments[WHOLE_BODY]
    if body.kind == "json":
        return Payload(_json(value), body.content_type)
    text = text_of(value)
    if body.kind == "text":
        return Payload(_utf8(WHOLE_BODY, text), f"{body.content_type}; charset=utf-8")
    return Payload(
        _decoded(WHOLE_BODY, text), "application/octet-stream" if "*" in body.content_type else body.content_type
    )


def _json(value: Any) -> bytes:
    try:
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()
    except (ValueError, RecursionError) as error:  # a lone surrogate, an infinite number, no end of levels
        raise InvalidArguments(f"the body cannot be written as JSON: {error}") from error


def _pairs(name: str, value: Any, encoding: FieldEncoding | None) -> Iterator[str]:
    """Yield the pairs of one field; an object is JSON unless the document gives a style."""
    if value is None:
        return
    if encoding is not None and encoding.style is not None:
        yield from in_query(encoding.style, name, value, explode=encoding.explode)
    elif is_array(value):
        yield from (f"{encoded(name)}={encoded(text_of(item))}" for item in value)
    else:
        yield f"{encoded(name)}={encoded(text_of(value))}"


def _parts(name: str, value: Any, encodings: Mapping[str, FieldEncoding]) -> Iterator[Part]:
    encoding = encodings.get(name, FieldEncoding())
    for item in value if is_array(value) else () if value is None else (value,):
        text = text_of(item)
        if encoding.is_file:
            yield name, (name, _decoded(name, text), encoding.content_type or "application/octet-stream")
        else:
            own = "application/json" if is_object(item) or is_array(item) else None
            yield name, (None, _utf8(name, text), encoding.content_type or own)


def _utf8(name: str, text: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError as error:
        raise InvalidArguments(f"{name!r} has half a character (a lone surrogate); leave it out") from error


def _decoded(name: str, text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise InvalidArguments(f"{name!r} is not base64 ({error}); encode the content so") from error
