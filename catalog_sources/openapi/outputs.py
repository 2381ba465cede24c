"""What a tool returns, described without demanding anything.

A result that breaks its tool's output schema is an error at the host, and documents are often wrong about answers.
So the schema names properties, says of which type each should be, and is met by any object.
"""

from __future__ import annotations

from typing import Any

from catalog_sources.openapi.keywords import type_of
from catalog_sources.openapi.operations import Operation, media_types
from catalog_sources.openapi.problems import BadPart
from catalog_sources.openapi.references import References
from mcp_toolweaver import is_array, is_object

_DEEPEST = 3
_MOST = 80
_LONGEST = 160


def output_schema(operation: Operation, references: References) -> dict[str, Any] | None:
    """Return the schema of the structured content; None where an answer is no object, or it is not clear which."""
    try:
        schemas = [schema for media in _successes(operation, references) for schema in media]
        if len(schemas) != 1:
            return None
        properties = _properties(schemas[0], references, 0)
    except BadPart:
        return None
    if not properties:
        return None
    left = [_MOST]
    described = {name: _described(item, references, 1, left) for name, item in list(properties.items())[:_MOST]}
    return {"type": "object", "properties": described}


def accepted(operation: Operation, references: References) -> str:
    """Return the Accept header: the media types that the document promises, then anything."""
    try:
        responses = _responses(operation, references)
        kinds = [kind for response in responses for kind in media_types(response) if _is_token(kind)]
    except BadPart:
        kinds = []
    wanted = sorted(dict.fromkeys(kinds), key=lambda kind: "json" not in kind)[:5] or ["application/json"]
    return ", ".join([*wanted, "*/*;q=0.1"])


def _is_token(kind: str) -> bool:
    return kind.isascii() and kind.isprintable() and kind != "*/*" and not set(kind) & set(' ,;"')


def _responses(operation: Operation, references: References) -> list[dict[str, Any]]:
    listed = operation.raw.get("responses")
    named: dict[str, Any] = listed if is_object(listed) else {}
    return [references.objects(response) for status, response in named.items() if str(status).startswith("2")]


def _successes(operation: Operation, references: References) -> list[list[Any]]:
    """Return for each status of success its JSON schemas."""
    return [
        [media["schema"] for kind, media in media_types(response).items() if "json" in kind and "schema" in media]
        for response in _responses(operation, references)
    ]


def _properties(schema: Any, references: References, depth: int) -> dict[str, Any]:
    """Return the properties of an object, those of ``allOf`` included; nothing if it may be anything else."""
    resolved = references.resolve(schema)
    if not is_object(resolved) or depth > _DEEPEST or type_of(resolved.get("type", "object")) != "object":
        return {}
    parts = resolved.get("allOf")
    merged: dict[str, Any] = {}
    for part in parts[:10] if is_array(parts) else ():
        merged |= _properties(part, references, depth + 1)
    own = resolved.get("properties")
    return {**merged, **(own if is_object(own) else {})}


def _described(schema: Any, references: References, depth: int, left: list[int]) -> dict[str, Any]:
    """Return what a property is, in keywords that every value meets."""
    left[0] -= 1
    resolved = references.resolve(schema)
    if not is_object(resolved) or left[0] < 0:
        return {}
    described = _said(resolved)
    own, items = resolved.get("properties"), resolved.get("items")
    if depth < _DEEPEST and is_object(own):
        described["properties"] = {name: _described(item, references, depth + 1, left) for name, item in own.items()}
    elif depth < _DEEPEST and is_object(items):
        described["items"] = _described(items, references, depth + 1, left)
    return described


def _said(schema: dict[str, Any]) -> dict[str, Any]:
    kind = type_of(schema.get("type"))
    types = kind if isinstance(kind, str) else " or ".join(kind or ())
    given = schema.get("description")
    text = " ".join(given.split()) if isinstance(given, str) else ""
    short = text if len(text) <= _LONGEST else text[: _LONGEST - 4] + " ..."
    said = f"({types}) {short}".strip() if types else short
    return {"description": said} if said else {}
