"""Schemas of OpenAPI 3.0 and 3.1 to JSON Schema 2020-12, each complete in itself.

References are written out where they stand. A schema that is used within itself becomes one of ``$defs``, and all
do where writing them out would make the whole too large.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from catalog_sources.openapi.keywords import (
    ANNOTATIONS,
    KEPT,
    LISTED_SCHEMAS,
    NAMED_SCHEMAS,
    ONE_SCHEMA,
    example_of,
    type_of,
)
from catalog_sources.openapi.problems import BadPart
from catalog_sources.openapi.references import References
from mcp_toolweaver import is_array, is_object

MOST_WRITTEN_OUT = 1_500
MOST = 15_000
"""Schemas within one; Toolweaver checks arguments against schemas of up to 20,000 parts."""
_DEEPEST_WRITTEN_OUT = 12
_DEEPEST = 24
"""A tool may have 64 levels, and each schema has up to two."""
_UNCLEAN = re.compile(r"[^A-Za-z0-9_.-]+")


class _TooLarge(BadPart):
    """Written out it has too many schemas, or is too deep."""


class Conversion:
    """Converts the schemas of one input, and collects their ``$defs``."""

    def __init__(self, references: References, *, is_30: bool, written_out: bool) -> None:
        """Convert schemas of a document.

        Args:
            references: Those of the document.
            is_30: Whether ``nullable`` and the like have the meaning of OpenAPI 3.0.
            written_out: Whether references are written out where that is possible.
        """
        self._references = references
        self._is_30 = is_30
        self._written_out = written_out
        self._left, self._deepest = (MOST_WRITTEN_OUT, _DEEPEST_WRITTEN_OUT) if written_out else (MOST, _DEEPEST)
        self._inside: list[str] = []
        self._names: dict[str, str] = {}
        self._waiting: list[str] = []

    def convert(self, schema: Any, depth: int = 0) -> Any:
        """Return the schema in the words of JSON Schema.

        Raises:
            BadPart: a reference in it is broken, or it is too large.
        """
        if isinstance(schema, bool):
            return schema
        if not is_object(schema):
            return {}
        self._left -= 1
        if self._left < 0 or depth > self._deepest:
            raise _TooLarge("its schemas are too many or too deep for a tool; use fewer, or exclude the operation")
        if "$ref" in schema:
            return self._referred(schema, depth)
        return self._nullable(schema, self._mapped(schema, depth))

    def definitions(self) -> dict[str, Any]:
        """Return all that ``#/$defs/`` refers to in what was converted."""
        made: dict[str, Any] = {}
        while self._waiting:
            reference = self._waiting.pop()
            self._inside = [reference]
            made[self._names[reference]] = self.convert(self._references.resolve(self._references.at(reference)))
            self._inside = []
        return dict(sorted(made.items()))

    def _referred(self, schema: dict[str, Any], depth: int) -> Any:
        reference = schema["$ref"]
        target = self._references.resolve(self._references.at(reference))
        beside = self._mapped({key: value for key, value in schema.items() if key in self._may_stand_beside}, depth)
        if not self._written_out or reference in self._inside:
            return {"$ref": f"#/$defs/{self._name(reference)}", **beside}
        self._inside.append(reference)
        converted = self.convert(target, depth + 1)
        self._inside.pop()
        if not is_object(converted):
            return converted
        return {**converted, **beside} if beside.keys() <= ANNOTATIONS else {"allOf": [converted, beside]}

    @property
    def _may_stand_beside(self) -> frozenset[str]:
        """What counts beside a ``$ref``: all of it in 3.1; in 3.0 nothing, but people do describe there."""
        return ANNOTATIONS if self._is_30 else frozenset({*KEPT, *ONE_SCHEMA, *LISTED_SCHEMAS, *NAMED_SCHEMAS, "type"})

    def _name(self, reference: str) -> str:
        if reference not in self._names:
            stem = _UNCLEAN.sub("_", reference.rsplit("/", maxsplit=1)[-1])[:60] or "schema"
            taken = set(self._names.values())
            name = next(name for name in _numbered(stem) if name not in taken)
            self._names[reference] = name
            self._waiting.append(reference)
        return self._names[reference]

    def _mapped(self, schema: dict[str, Any], depth: int) -> dict[str, Any]:
        converted: dict[str, Any] = {}
        for key, value in schema.items():
            if key == "type":
                if (known := type_of(value)) is not None:
                    converted[key] = known
            elif key in KEPT:
                if KEPT[key](value):
                    converted[key] = value
            else:
                converted.update(self._inner(key, value, depth + 1))
        if "examples" not in converted and (examples := example_of(schema)):
            converted["examples"] = examples
        return self._without_read_only(schema, _with_exclusive_bounds(schema, converted))

    def _inner(self, key: str, value: Any, depth: int) -> dict[str, Any]:
        """Return a keyword that holds schemas; nothing if it is none, or holds something else."""
        if key == "items" and is_array(value):
            key = "prefixItems"  # as it was called up to draft 7
        if key in ONE_SCHEMA and (is_object(value) or isinstance(value, bool)):
            return {key: self.convert(value, depth)}
        if key in LISTED_SCHEMAS and is_array(value) and value:
            return {key: [self.convert(item, depth) for item in value]}
        if key in NAMED_SCHEMAS and is_object(value):
            return {key: {name: self.convert(item, depth) for name, item in value.items()}}
        return {}

    def _without_read_only(self, schema: dict[str, Any], converted: dict[str, Any]) -> dict[str, Any]:
        """Return the schema without the properties that only answers have."""
        properties: dict[str, Any] = converted.get("properties") or {}
        given = schema.get("properties")
        read_only = {name for name in properties if is_object(given) and self._is_read_only(given[name])}
        if read_only:
            converted["properties"] = {name: item for name, item in properties.items() if name not in read_only}
            converted["required"] = [name for name in converted.get("required", []) if name not in read_only]
        if converted.get("required") == []:
            del converted["required"]
        return converted

    def _is_read_only(self, schema: Any) -> bool:
        if not is_object(schema):
            return False
        if "$ref" in schema and "readOnly" not in schema:
            schema = self._references.objects(schema)
        return schema.get("readOnly") is True

    def _nullable(self, schema: dict[str, Any], converted: dict[str, Any]) -> dict[str, Any]:
        if not self._is_30 or schema.get("nullable") is not True:
            return converted
        if isinstance(converted.get("type"), str):
            nullable = {**converted, "type": [converted["type"], "null"]}
            if "enum" in nullable and None not in nullable["enum"]:
                nullable["enum"] = [*nullable["enum"], None]
            return nullable
        if not converted.keys() - ANNOTATIONS:
            return converted
        beside = {key: value for key, value in converted.items() if key in ANNOTATIONS}
        return {"anyOf": [{key: converted[key] for key in converted if key not in beside}, {"type": "null"}], **beside}


def converted_schema(
    references: References, build: Callable[[Conversion], dict[str, Any]], *, is_30: bool
) -> dict[str, Any]:
    """Return the schema that ``build`` makes, with the ``$defs`` that it needs.

    Raises:
        BadPart: a reference in it is broken, or it is too large.
    """
    try:
        return _complete(Conversion(references, is_30=is_30, written_out=True), build)
    except _TooLarge:
        return _complete(Conversion(references, is_30=is_30, written_out=False), build)


def _complete(conversion: Conversion, build: Callable[[Conversion], dict[str, Any]]) -> dict[str, Any]:
    schema = build(conversion)
    definitions = conversion.definitions()
    return {**schema, "$defs": definitions} if definitions else schema


def _with_exclusive_bounds(schema: dict[str, Any], converted: dict[str, Any]) -> dict[str, Any]:
    """Return the schema with ``exclusiveMinimum: true`` of draft 4, which speaks of ``minimum``, as a number."""
    for exclusive, bound in (("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum")):
        if schema.get(exclusive) is True and bound in converted:
            converted[exclusive] = converted.pop(bound)
    return converted


def _numbered(stem: str) -> Any:
    yield stem
    number = 2
    while True:
        yield f"{stem}_{number}"
        number += 1
