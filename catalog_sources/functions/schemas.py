"""Schemas of Python types, as tools want them, and values as JSON."""

from __future__ import annotations

import json
from typing import Any

from pydantic import ConfigDict, TypeAdapter
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaMode
from pydantic_core import PydanticSerializationError, to_jsonable_python
from typing_extensions import TypedDict


class _Schema(GenerateJsonSchema):
    """Schemas without titles made of the names of fields, which say nothing more and cost tokens."""

    def field_title_should_be_set(self, schema: Any) -> bool:  # noqa: ARG002  the same for all
        return False


def schema_of(adapter: TypeAdapter[Any], mode: JsonSchemaMode) -> dict[str, Any]:
    """Return the schema of an object: one for what is read (``validation``) or for what is written."""
    schema = {"type": "object", **adapter.json_schema(schema_generator=_Schema, mode=mode)}
    schema.pop("title", None)
    return schema


def object_of(fields: dict[str, Any]) -> TypeAdapter[dict[str, Any]]:
    """Return what reads and writes objects of these fields alone, which may have any names.

    Raises:
        PydanticUserError: a type is not for JSON.
    """
    make: Any = TypedDict
    made = make("Fields", fields)
    made.__pydantic_config__ = ConfigDict(extra="forbid")
    return TypeAdapter(made)


def as_json(value: Any) -> Any:
    """Return a value as JSON; one that cannot be as the text that describes it."""
    try:
        written = to_jsonable_python(value, by_alias=True)
        json.dumps(written, allow_nan=False)
    except (ValueError, RecursionError, PydanticSerializationError):
        return str(value)
    return written


def unfit(hint: Any) -> str:
    """Say that a type cannot be had from or written as JSON, and what to take instead."""
    named = getattr(hint, "__name__", None) or str(hint)
    return (
        f"the type {named}, which no JSON can be; use a dataclass, a pydantic model or a type of the standard library"
    )
