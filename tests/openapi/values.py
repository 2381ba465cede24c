"""One value for a JSON schema, the same each time, with characters that must be encoded wherever they are allowed."""

from __future__ import annotations

import re
from typing import Any

from mcp_toolweaver.core.json_values import is_array, is_object

FILE, CONTENT = "aGkh", "hi!"
"""A file in base64, and what is in it."""
AWKWARD = "x y&z=%é+,;"
_FORMATS = {
    "date-time": "2026-01-02T03:04:05Z",
    "date": "2026-01-02",
    "uri": "https://example.com/a?b=c",
    "email": "a@example.com",
    "uuid": "123e4567-e89b-12d3-a456-426614174000",
    "binary": "aGkh",
    "byte": "aGkh",
    "ipv4": "192.0.2.1",
}
_TEXTS = [
    AWKWARD,
    "7",
    "1.2.3",
    "aGkh",
    "#a0b1c2",
    "https://example.com/a?b=c",
    "refs/heads/main",
    "pkg:a",
    "github",
    "issue",
    "ssh-rsa AAAA",
    "a_token_1",
    "a-b.c_d",
    *_FORMATS.values(),
]
"""What patterns ask for."""


def value_for(schema: Any, root: Any, depth: int = 0) -> Any:
    """Return a value that meets the schema, whose references are resolved in ``root``."""
    if not is_object(schema):
        return AWKWARD
    if "$ref" in schema:
        return value_for(_of(schema, root), root, depth + 1)
    if schema.get("allOf"):
        return value_for(_merged(schema, root), root, depth)
    if "const" in schema or schema.get("enum"):
        return schema.get("const", (schema.get("enum") or [None])[0])
    for key in ("oneOf", "anyOf"):
        if schema.get(key) and not schema.get("properties"):
            return value_for(
                {**{k: v for k, v in schema.items() if k != key}, **_of(schema[key][0], root)}, root, depth
            )
    kind = schema.get("type", "object" if "properties" in schema else "string")
    kinds = kind if is_array(kind) else [kind]
    return _of_kind(next((one for one in kinds if one != "null"), "null"), schema, root, depth)


def at(root: Any, reference: str) -> Any:
    """Return what a reference within ``root`` stands for."""
    value = root
    for step in reference.split("/")[1:]:
        value = value[step.replace("~1", "/").replace("~0", "~")]
    return value


def _of(schema: Any, root: Any) -> dict[str, Any]:
    while "$ref" in schema:
        schema = at(root, schema["$ref"])
    return dict(schema)


def _merged(schema: dict[str, Any], root: Any) -> dict[str, Any]:
    merged: dict[str, Any] = {key: value for key, value in schema.items() if key != "allOf"}
    for part in schema["allOf"]:
        resolved = _of(part, root)
        resolved = _merged(resolved, root) if "allOf" in resolved else resolved
        properties = {**merged.get("properties", {}), **resolved.get("properties", {})}
        required = [*merged.get("required", []), *resolved.get("required", [])]
        merged = {**resolved, **merged}
        if properties:
            merged |= {"properties": properties, "required": required}
    return merged


def _of_kind(kind: str, schema: dict[str, Any], root: Any, depth: int) -> Any:
    match kind:
        case "object":
            listed = schema.get("properties", {})
            names = listed if depth < 3 else schema.get("required", [])
            more = schema.get("additionalProperties")
            extra = {"0": value_for(more, root, depth + 1)} if schema.get("minProperties") and not listed else {}
            return {name: value_for(listed.get(name), root, depth + 1) for name in names} | extra
        case "array":
            return _list(schema, root, depth)
        case "integer" | "number":
            return _number(schema, whole=kind == "integer")
        case _:
            return {"boolean": True, "null": None}[kind] if kind in {"boolean", "null"} else _text(schema)


def _list(schema: dict[str, Any], root: Any, depth: int) -> list[Any]:
    count = max(schema.get("minItems", 1), 1)
    first = value_for(schema.get("items", {}), root, depth + 1)
    if count > 1 and schema.get("uniqueItems") and isinstance(first, str):
        return [f"{number + 1}{first}" for number in range(count)]
    return [first] * count if depth < 8 or count > 1 else []


def _number(schema: dict[str, Any], *, whole: bool) -> Any:
    least, most = schema.get("minimum"), schema.get("maximum")
    if isinstance(schema.get("exclusiveMinimum"), int | float) and not isinstance(schema.get("exclusiveMinimum"), bool):
        least = schema["exclusiveMinimum"] + 1
    value = 7 if whole else 7.5
    value = least if least is not None and value < least else value
    return most if most is not None and value > most else value


def _text(schema: dict[str, Any]) -> str:
    if "pattern" in schema:
        return _matching(schema["pattern"], schema)
    if schema.get("contentEncoding") == "base64":
        return FILE
    text = _FORMATS.get(schema.get("format", ""), AWKWARD)
    if text is AWKWARD:
        text = text.ljust(schema.get("minLength", 0), "a")[: schema.get("maxLength", 1000)]
    return text


def _matching(pattern: str, schema: dict[str, Any]) -> str:
    """Return a text that the pattern is found in, out of those that the specifications need."""
    beginning = re.match(r"\^?\(?([\w:]*)", pattern)
    hexadecimal = [f"{beginning.group(1) if beginning else ''}{'a1' * count}" for count in (16, 20, 32)]
    candidates = [*_TEXTS, *hexadecimal, "".join(filter(str.isalnum, pattern))]
    least = schema.get("minLength", 0)
    text = next(text for text in candidates if re.search(pattern, text))
    return text.ljust(least, text[-1])
