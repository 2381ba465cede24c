"""What a value that does not fit its schema can mean.

A value that fits is never touched. Of one that does not, every reading is sought that fits; it
is taken only if there is exactly one. Two readings, as of ``"5"`` for a list or a number, leave
the value as it is, and the model is told.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from mcp_toolweaver.core.json_values import is_array, is_object
from mcp_toolweaver.proxy.mending.names import renamed
from mcp_toolweaver.proxy.mending.texts import is_enumeration, said
from mcp_toolweaver.proxy.validation.schemas import Check

_DEEPEST = 24
_MOST_ALTERNATIVES = 32
_TYPES = {"str": "string", "bool": "boolean", "int": "integer", "float": "number", "NoneType": "null"}


def mended(check: Check, arguments: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return arguments that fit, read as what they can only mean; None if they cannot be mended."""
    check.allow_mending()
    try:
        found = _Readings(check).of(check.schema, dict(arguments), 0)
        return found[0] if len(found) == 1 and is_object(found[0]) else None
    except Exception:  # noqa: BLE001  too much work, or a schema that makes no sense: they stay as they are
        return None


class _Readings:
    def __init__(self, check: Check) -> None:
        self._check = check

    def of(self, schema: Any, value: Any, depth: int) -> list[Any]:
        """Return the readings of a value that fit; the value itself if that does."""
        if self._check.fits(schema, value):
            return [value]
        found: list[Any] = []
        if depth < _DEEPEST:
            for reading in self._candidates(self._check.meant(schema), value, depth + 1):
                if not _is_among(reading, found) and self._check.fits(schema, reading):
                    found.append(reading)
        return found

    def _candidates(self, schema: Any, value: Any, depth: int) -> Iterator[Any]:
        if not is_object(schema):
            return
        for key in ("anyOf", "oneOf"):
            for alternative in _listed(schema.get(key))[:_MOST_ALTERNATIVES]:
                yield from self.of(alternative, value, depth)
        if is_object(value):
            yield self._object(schema, value, depth)
        elif is_array(value):
            yield self._array(schema, value, depth)
        else:
            yield from self._scalar(schema, value, depth)
        if "array" in _wanted(schema) and not is_array(value) and value is not None:
            yield from self._wrapped(schema, value, depth)
        if "allOf" in schema:
            yield self._folded(schema, value, depth)

    def _object(self, schema: Mapping[str, Any], value: dict[str, Any], depth: int) -> dict[str, Any]:
        properties = _named(schema.get("properties"))
        rest = schema.get("additionalProperties")
        required = _listed(schema.get("required"))
        made: dict[str, Any] = {}
        for name, given in renamed(schema, properties, value).items():
            part = properties.get(name, rest)
            found = self.of(part, given, depth) if is_object(part) else [given]
            if found or given is not None or name in required or name not in properties:
                made[name] = found[0] if len(found) == 1 else given
        return made

    def _array(self, schema: Mapping[str, Any], value: list[Any], depth: int) -> list[Any]:
        first, rest = _elements(schema)
        parts = (first[place] if place < len(first) else rest for place in range(len(value)))
        return [self._only(part, item, depth) for part, item in zip(parts, value, strict=True)]

    def _only(self, part: Any, value: Any, depth: int) -> Any:
        found = self.of(part, value, depth) if is_object(part) else []
        return found[0] if len(found) == 1 else value

    def _scalar(self, schema: Mapping[str, Any], value: Any, depth: int) -> Iterator[Any]:
        wanted = _wanted(schema)
        if isinstance(value, float) and value.is_integer() and "integer" in wanted:
            yield int(value)
        if not isinstance(value, str):
            return
        yield from _of_another_case(schema, value)
        if "string" not in wanted:
            for reading in said(value, wanted):
                yield from self.of(schema, reading, depth)

    def _wrapped(self, schema: Mapping[str, Any], value: Any, depth: int) -> Iterator[list[Any]]:
        """Take one value for a list of it, unless it is a text that may be a list itself."""
        first, rest = _elements(schema)
        if first or not is_object(rest) or (isinstance(value, str) and is_enumeration(value)):
            return
        for reading in self.of(rest, value, depth):
            yield [reading]

    def _folded(self, schema: Mapping[str, Any], value: Any, depth: int) -> Any:
        """Mend by one part after the other, as each says something of the same value."""
        for part in _listed(schema.get("allOf"))[:_MOST_ALTERNATIVES]:
            value = self._only(part, value, depth)
        return value


def _wanted(schema: Mapping[str, Any]) -> set[str]:
    """Return the JSON types that fit, by name; nothing if the schema does not say."""
    kinds = schema.get("type")
    if kinds is not None:
        return {kind for kind in (kinds if is_array(kinds) else [kinds]) if isinstance(kind, str)}
    allowed = [schema["const"]] if "const" in schema else _listed(schema.get("enum"))
    return {_TYPES.get(type(each).__name__, "") for each in allowed}


def _of_another_case(schema: Mapping[str, Any], value: str) -> list[str]:
    """Return the allowed text that differs in case or in spaces around only; nothing if there are two."""
    plain = value.strip().casefold()
    allowed = [schema["const"]] if "const" in schema else _listed(schema.get("enum"))
    found = [each for each in allowed if isinstance(each, str) and each.casefold() == plain]
    return found if len(found) == 1 else []


def _elements(schema: Mapping[str, Any]) -> tuple[list[Any], Any]:
    """Return the schemas of the first elements, and of the rest; drafts differ in where these are."""
    items = schema.get("items")
    if is_array(items):
        return items, schema.get("additionalItems")
    return _listed(schema.get("prefixItems")), items


def _listed(value: Any) -> list[Any]:
    return value if is_array(value) else []


def _named(value: Any) -> dict[str, Any]:
    return value if is_object(value) else {}


def _is_among(value: Any, found: list[Any]) -> bool:
    return any(type(each) is type(value) and each == value for each in found)
