"""The body of an operation as arguments: its properties where they can stand beside the parameters, else ``body``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from catalog_sources.openapi.bindings import WHOLE_BODY, BodyBinding, BodyKind, FieldEncoding
from catalog_sources.openapi.keywords import ANNOTATIONS
from catalog_sources.openapi.naming import argument_name
from catalog_sources.openapi.operations import Operation, media_types
from catalog_sources.openapi.problems import BadPart
from catalog_sources.openapi.references import References
from catalog_sources.openapi.schemas import Conversion
from mcp_toolweaver import is_array, is_object

_FORM = "application/x-www-form-urlencoded"
_MULTIPART = "multipart/form-data"
_NEVER_FLAT = frozenset(
    {"not", "if", "patternProperties", "propertyNames", "minProperties", "dependentSchemas", "dependentRequired"}
    | {"unevaluatedProperties", "$ref", "enum", "const"}
)
_DEEPEST = 8
"""Levels of `allOf` that are made one object."""
_IN_BASE64 = "the content, in base64"


@dataclass(frozen=True, slots=True)
class BodyInput:
    """What the body adds to the arguments."""

    properties: Mapping[str, Any]
    required: tuple[str, ...]
    binding: BodyBinding
    note: str = ""
    """What the schema of the arguments cannot say at its top, where many hosts take no alternatives."""


def body_input(
    operation: Operation, references: References, conversion: Conversion, taken: Mapping[str, Any]
) -> BodyInput | None:
    """Return what the body adds to the arguments that are ``taken``; None if there is no body.

    Raises:
        BadPart: it cannot be used.
    """
    if operation.raw.get("requestBody") is None:
        return None
    described = references.objects(operation.raw["requestBody"])
    kinds = media_types(described)
    if not kinds:
        return None
    content_type, kind = _chosen(kinds)
    media = kinds[content_type]
    is_required = described.get("required") is True
    flat = _flat(references.resolve(media.get("schema")), references) if kind in {"json", "form", "multipart"} else None
    if flat is not None:
        encodings = _encodings(media, flat["properties"], references, kind) if kind != "json" else {}
        binding = BodyBinding(kind, content_type, {}, is_required, flat.get("additionalProperties") is True, encodings)
        return replace(_beside(flat, binding, conversion, taken), note=_note(references.objects(media["schema"])))
    if kind in {"form", "multipart"}:
        raise BadPart(f"its body of {content_type} has no plain properties; describe it as an object, or offer JSON")
    return _whole(described, media, BodyBinding(kind, content_type, None, is_required), conversion, taken)


def _chosen(kinds: Mapping[str, Any]) -> tuple[str, BodyKind]:
    """Return the media type that we write best, of those that are taken."""
    for name in kinds:
        if name in {"application/json", "*/*"}:
            return "application/json", "json"
    for name in kinds:
        if name.endswith("+json") or name == "text/json":
            return name, "json"
    if _FORM in kinds:
        return _FORM, "form"
    if _MULTIPART in kinds:
        return _MULTIPART, "multipart"
    for name in kinds:
        if name.startswith("text/") or name.endswith(("/xml", "+xml", "/yaml", "+yaml")):
            return name, "text"
    return next(iter(kinds)), "base64"


def _flat(schema: Any, references: References, depth: int = 0) -> dict[str, Any] | None:
    """Return an object of properties that mean the same as arguments; None for any other schema."""
    if (
        depth > _DEEPEST
        or not is_object(schema)
        or schema.get("type", "object") != "object"
        or schema.get("nullable") is True
    ):
        return None
    if _NEVER_FLAT & schema.keys():
        return None
    if is_object(schema.get("additionalProperties")) or not all(map(_only_requires, _alternatives(schema))):
        return None
    parts = [references.resolve(part) for part in schema["allOf"]] if is_array(schema.get("allOf")) else []
    flattened = [_flat(part, references, depth + 1) for part in parts]
    if any(part is None for part in flattened):
        return None
    own = schema.get("properties")
    merged: dict[str, Any] = {"type": "object", "properties": {}, "required": []}
    for part in [*flattened, {"properties": own if is_object(own) else {}, "required": schema.get("required")}]:
        if part is not None:
            merged["properties"] |= part["properties"]
            merged["required"] += [name for name in _names(part["required"]) if name not in merged["required"]]
    if schema.get("additionalProperties") is True:
        merged["additionalProperties"] = True
    return merged if merged["properties"] else None


def _note(schema: dict[str, Any]) -> str:
    """Return which properties must be there, in words."""
    listed = [", ".join(_names(part.get("required"))) for part in _alternatives(schema)]
    choices = "; or ".join(dict.fromkeys(filter(None, listed)))
    one = "exactly one" if "oneOf" in schema else "at least one"
    return f"Give {one} of these: {choices}." if choices else ""


def _alternatives(schema: dict[str, Any]) -> list[Any]:
    return [part for key in ("anyOf", "oneOf") if is_array(schema.get(key)) for part in schema[key]]


def _only_requires(part: Any) -> bool:
    """Whether an alternative says no more than which properties must be there; the API checks that."""
    return (
        is_object(part)
        and not part.keys() - ANNOTATIONS - {"required", "type"}
        and part.get("type", "object") == "object"
    )


def _names(value: Any) -> list[str]:
    return [name for name in value if isinstance(name, str)] if is_array(value) else []


def _beside(flat: dict[str, Any], binding: BodyBinding, conversion: Conversion, taken: Mapping[str, Any]) -> BodyInput:
    """Return the properties of the body as arguments; those whose name is taken are called otherwise."""
    converted = conversion.convert(flat)
    arguments: dict[str, str] = {}
    properties: dict[str, Any] = {}
    for name, schema in converted["properties"].items():
        argument = argument_name(name, "body", {*taken, *properties})
        arguments[argument] = name
        properties[argument] = _as_argument(name, argument, schema, binding)
    required = tuple(
        argument
        for argument, name in arguments.items()
        if binding.is_required and name in converted.get("required", ())
    )
    return BodyInput(properties, required, replace(binding, properties=arguments))


def _as_argument(name: str, argument: str, schema: Any, binding: BodyBinding) -> Any:
    notes: list[str] = []
    is_file = name in binding.encodings and binding.encodings[name].is_file
    if argument != name:
        notes.append(f"(sent as {name} in the body)")
    if is_file:
        notes.append(f"({_IN_BASE64})")
    if not notes or not is_object(schema):
        return schema
    described = {**schema, "description": " ".join([str(schema.get("description") or ""), *notes]).strip()}
    return {**described, "contentEncoding": "base64"} if is_file and schema.get("type") == "string" else described


def _whole(
    described: dict[str, Any],
    media: dict[str, Any],
    binding: BodyBinding,
    conversion: Conversion,
    taken: Mapping[str, Any],
) -> BodyInput:
    if WHOLE_BODY in taken:
        raise BadPart('a parameter is called "body", and so would the body be; rename it')
    schema = conversion.convert(media.get("schema", {})) if binding.kind == "json" else {"type": "string"}
    said = described.get("description")
    notes = [said.strip()] if isinstance(said, str) and said.strip() else []
    if binding.kind != "json":
        notes.append(f"{_IN_BASE64}: {binding.content_type}" if binding.kind == "base64" else binding.content_type)
    if binding.kind == "base64":
        schema = {**schema, "contentEncoding": "base64"}
    if notes and is_object(schema) and "description" not in schema:
        schema = {**schema, "description": "; ".join(notes)}
    return BodyInput({WHOLE_BODY: schema}, (WHOLE_BODY,) if binding.is_required else (), binding)


def _encodings(
    media: dict[str, Any], properties: dict[str, Any], references: References, kind: BodyKind
) -> dict[str, FieldEncoding]:
    """Return how the fields of a form are written, where the document says so or they are files."""
    given = media.get("encoding")
    listed: dict[str, Any] = given if is_object(given) else {}
    return {name: _encoding(listed.get(name), references.resolve(schema), kind) for name, schema in properties.items()}


def _encoding(given: Any, schema: Any, kind: BodyKind) -> FieldEncoding:
    told: dict[str, Any] = given if is_object(given) else {}
    style, explode, content_type = told.get("style"), told.get("explode"), told.get("contentType")
    described: dict[str, Any] = schema if is_object(schema) else {}
    is_binary = described.get("format") == "binary" or "contentMediaType" in described
    return FieldEncoding(
        style=style if isinstance(style, str) and kind == "form" else None,
        explode=explode if isinstance(explode, bool) else True,
        content_type=content_type.split(",")[0].strip() if isinstance(content_type, str) else "",
        is_file=kind == "multipart" and is_binary,
    )
