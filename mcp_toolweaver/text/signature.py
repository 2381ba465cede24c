"""A tool's parameters as a compact, TypeScript-like signature that models read at a glance.

``create_issue(repo: string, title: string, labels?: string[], state?: "open" | "closed")``

Schemas come from strangers: depth, width and length are bounded, and a shape that is not
understood reads ``any``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from mcp_toolweaver.core.json_values import is_array, is_object
from mcp_toolweaver.core.tools import Tool

_DEEPEST = 3
_MOST_PROPERTIES = 12
_MOST_ALTERNATIVES = 6
LONGEST = 600
_OPTIONAL = re.compile(r"[^:?]*\?:|…")
_NAMES = {"string": "string", "integer": "integer", "number": "number", "boolean": "boolean", "null": "null"}


def signature(tool: Tool, *, longest: int = LONGEST) -> str:
    """Return ``name(parameter: type, optional?: type)``, required parameters first.

    What is longer than ``longest`` loses first the insides of objects, then optional
    parameters from the end, and only then its own end.
    """
    schema = tool.input_schema
    parameters: list[str] = []
    for depth in (0, _DEEPEST - 1, _DEEPEST):
        parameters = list(_properties(schema, schema, depth))
        text = f"{tool.id.name}({', '.join(parameters)})"
        if len(text) <= longest:
            return text
    return _without_optional(tool.id.name, parameters, longest)


def _without_optional(name: str, parameters: list[str], longest: int) -> str:
    """Return the signature without as many optional parameters, from the end, as it takes; cut if it must be."""
    text = f"{name}({', '.join(parameters)})"
    while parameters and len(text) > longest and _OPTIONAL.match(parameters[-1]):
        parameters = parameters[:-1]
        text = f"{name}({', '.join([*parameters, '…'])})"
    return text if len(text) <= longest else text[: longest - 2] + "…)"


def _properties(schema: Mapping[str, Any], root: Mapping[str, Any], depth: int) -> Iterator[str]:
    properties = schema.get("properties")
    if not is_object(properties):
        return
    needed = _required(schema, properties)
    names = dict.fromkeys([*needed, *properties])
    for name in islice(names, _MOST_PROPERTIES):
        optional = "" if name in needed else "?"
        yield f"{name}{optional}: {_type(properties[name], root, depth)}"
    if len(names) > _MOST_PROPERTIES:
        yield "…"


def _required(schema: Mapping[str, Any], properties: Mapping[str, Any]) -> dict[str, None]:
    """Return the names of the required properties, each once, in the order of the schema."""
    required = schema.get("required")
    names = required if is_array(required) else []
    return dict.fromkeys(name for name in names if isinstance(name, str) and name in properties)


def _type(schema: Any, root: Mapping[str, Any], depth: int) -> str:
    if not is_object(schema) or depth > _DEEPEST:
        return "any"
    if "$ref" in schema:
        return _type(_resolve(str(schema["$ref"]), root), root, depth + 1)
    if "const" in schema:
        return _literal(schema["const"])
    for key in ("enum", "anyOf", "oneOf"):
        alternatives = schema.get(key)
        if is_array(alternatives):
            return _union(key, alternatives, root, depth)
    return _plain_type(schema, root, depth)


def _plain_type(schema: Mapping[str, Any], root: Mapping[str, Any], depth: int) -> str:
    kind = schema.get("type")
    if is_array(kind):
        kinds = [each for each in kind[:_MOST_ALTERNATIVES] if isinstance(each, str)]
        return " | ".join(_of_kind(each, schema, root, depth) for each in dict.fromkeys(kinds)) or "any"
    return _of_kind(kind, schema, root, depth)


def _of_kind(kind: Any, schema: Mapping[str, Any], root: Mapping[str, Any], depth: int) -> str:
    if kind == "array":
        item = _type(schema.get("items"), root, depth + 1)
        return f"({item})[]" if " | " in item else f"{item}[]"
    if kind == "object":
        inside = ", ".join(_properties(schema, root, depth + 1)) if depth < _DEEPEST else ""
        return f"{{{inside}}}" if inside else "object"
    return _NAMES.get(str(kind), "any")


def _union(key: str, alternatives: Sequence[Any], root: Mapping[str, Any], depth: int) -> str:
    shown = alternatives[:_MOST_ALTERNATIVES]
    texts = [_literal(each) if key == "enum" else _type(each, root, depth + 1) for each in shown]
    if len(alternatives) > _MOST_ALTERNATIVES:
        texts.append("…")
    return " | ".join(dict.fromkeys(texts)) or "any"


def _literal(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 40 else text[:39] + "…"  # noqa: PLR2004  one place, said by the line


def _resolve(reference: str, root: Mapping[str, Any]) -> Any:
    """Follow a reference inside the schema; anything else is unknown (never fetched)."""
    if not reference.startswith("#/"):
        return None
    found: Any = root
    for step in reference[2:].split("/"):
        found = found.get(step.replace("~1", "/").replace("~0", "~")) if is_object(found) else None
    return found
