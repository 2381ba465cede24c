"""What JSON Schema 2020-12 says of schemas and values."""

from __future__ import annotations

from typing import Any

from jsonschema import Draft202012Validator
from referencing import Registry
from referencing.jsonschema import DRAFT202012


def check(schema: Any) -> None:
    """Fail for what is no schema."""
    Draft202012Validator.check_schema(schema)


def complaint(schema: Any, value: Any, within: Any = None) -> str | None:
    """Return what is wrong with a value; None if it meets the schema, whose references may name ``within``."""
    registry: Registry[Any] = Registry()
    if within is not None:
        registry = registry.with_resource("urn:api", DRAFT202012.create_resource(within))
    validator: Any = Draft202012Validator(_absolute(schema) if within is not None else schema, registry=registry)
    error = next(iter(validator.iter_errors(value)), None)
    return None if error is None else f"{error.json_path}: {error.message}"[:300]


def _absolute(schema: Any) -> Any:
    """Return a schema whose references name the document, wherever it is read."""
    if isinstance(schema, dict):
        items: Any = schema.items()  # pyright: ignore[reportUnknownVariableType, reportUnknownMemberType]
        return {
            key: f"urn:api{value}" if key == "$ref" and str(value).startswith("#") else _absolute(value)
            for key, value in items
        }
    listed: Any = schema
    return [_absolute(item) for item in listed] if isinstance(schema, list) else schema
