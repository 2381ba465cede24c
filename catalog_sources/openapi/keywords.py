"""Which keywords of a schema are taken over, and which values each may have (JSON Schema 2020-12)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mcp_toolweaver import is_array, is_object

TYPES = ("string", "number", "integer", "boolean", "array", "object", "null")


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _is_flag(value: Any) -> bool:
    return isinstance(value, bool)


def _is_names(value: Any) -> bool:
    return is_array(value) and all(map(_is_text, value)) and len(set(value)) == len(value)


def _is_names_by_name(value: Any) -> bool:
    return is_object(value) and all(map(_is_names, value.values()))


def _is_anything(value: Any) -> bool:  # noqa: ARG001
    return True


KEPT: dict[str, Callable[[Any], bool]] = {
    **dict.fromkeys(("title", "description", "format", "pattern", "contentEncoding", "contentMediaType"), _is_text),
    **dict.fromkeys(("maximum", "minimum", "exclusiveMaximum", "exclusiveMinimum"), _is_number),
    **dict.fromkeys(("maxLength", "minLength", "maxItems", "minItems", "maxProperties", "minProperties"), _is_count),
    **dict.fromkeys(("maxContains", "minContains"), _is_count),
    **dict.fromkeys(("uniqueItems", "deprecated", "readOnly", "writeOnly"), _is_flag),
    "multipleOf": lambda value: _is_number(value) and value > 0,
    "enum": lambda value: is_array(value) and bool(value),
    "examples": is_array,
    "required": _is_names,
    "dependentRequired": _is_names_by_name,
    "const": _is_anything,
    "default": _is_anything,
}
"""Keywords that are taken over as they are, each with what its value must be; others are left out."""

ONE_SCHEMA = frozenset(
    {"items", "additionalProperties", "not", "if", "then", "else", "contains", "propertyNames", "contentSchema"}
    | {"unevaluatedItems", "unevaluatedProperties"}
)
LISTED_SCHEMAS = frozenset({"allOf", "anyOf", "oneOf", "prefixItems"})
NAMED_SCHEMAS = frozenset({"properties", "patternProperties", "dependentSchemas"})

ANNOTATIONS = frozenset({"title", "description", "default", "deprecated", "examples", "readOnly", "writeOnly"})
"""Keywords that say something and demand nothing."""

_LONGEST_EXAMPLE = 200


def example_of(schema: dict[str, Any]) -> list[Any]:
    """Return the ``example`` of OpenAPI 3.0 as a list of one, if it is short; else nothing."""
    example = schema.get("example")
    if example is None or len(str(example)) > _LONGEST_EXAMPLE:
        return []
    return [example]


def type_of(value: Any) -> str | list[str] | None:
    """Return a ``type`` that JSON Schema has; None for others."""
    if isinstance(value, str):
        return value if value in TYPES else None
    if is_array(value):
        known = [name for name in TYPES if name in value]
        return known or None
    return None
