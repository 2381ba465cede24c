"""The parameters and the body of an operation as one schema of arguments, and where each argument goes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from catalog_sources.openapi.bindings import WHOLE_BODY, Binding, BodyBinding
from catalog_sources.openapi.body_inputs import body_input
from catalog_sources.openapi.headers import is_for_the_protocol
from catalog_sources.openapi.naming import argument_name
from catalog_sources.openapi.operations import Operation
from catalog_sources.openapi.problems import BadPart
from catalog_sources.openapi.references import References
from catalog_sources.openapi.schemas import Conversion, converted_schema
from mcp_toolweaver import is_object

Fixed = Callable[[str, str], bool]
"""Whether the owner fixed what a parameter (place, name) is, so that callers have no say."""

_DEFAULT_STYLES = {"path": "simple", "header": "simple", "query": "form", "cookie": "form"}
_STYLES = {
    "path": ("simple", "label", "matrix"),
    "header": ("simple",),
    "query": ("form", "spaceDelimited", "pipeDelimited", "deepObject"),
    "cookie": ("form",),
}


@dataclass(frozen=True, slots=True)
class Inputs:
    """What a tool takes."""

    schema: Mapping[str, Any]
    bindings: tuple[Binding, ...]
    body: BodyBinding | None


def inputs_of(operation: Operation, references: References, *, is_30: bool, is_fixed: Fixed) -> Inputs:
    """Return what an operation takes.

    Raises:
        BadPart: a part of it cannot be used.
    """
    made: list[Inputs] = []

    def build(conversion: Conversion) -> dict[str, Any]:
        made.append(_built(operation, references, conversion, is_fixed))
        return dict(made[-1].schema)

    schema = converted_schema(references, build, is_30=is_30)
    return Inputs(schema, made[-1].bindings, made[-1].body)


def _built(operation: Operation, references: References, conversion: Conversion, is_fixed: Fixed) -> Inputs:
    properties: dict[str, Any] = {}
    required: list[str] = []
    bindings: list[Binding] = []
    for parameter in _taken(operation, is_fixed):
        binding = _binding(parameter, properties)
        properties[binding.argument] = _schema(parameter, binding, conversion)
        bindings.append(binding)
        if parameter.get("required") is True or binding.place == "path":
            required.append(binding.argument)
    body = body_input(operation, references, conversion, properties)
    if body is not None:
        properties |= body.properties
        required += body.required
    schema: dict[str, Any] = {"type": "object", "properties": properties}
    if required:
        schema["required"] = required
    if body is not None and body.note:
        schema["description"] = body.note
    if body is None or not body.binding.takes_more:
        schema["additionalProperties"] = False
    return Inputs(schema, tuple(bindings), None if body is None else body.binding)


def _taken(operation: Operation, is_fixed: Fixed) -> Iterator[dict[str, Any]]:
    """Yield the parameters that a caller may choose, those of the path first."""
    for parameter in sorted(operation.parameters, key=lambda parameter: parameter["in"] != "path"):
        place, name = parameter["in"], parameter["name"]
        if place not in _STYLES:
            raise BadPart(f"parameter {name!r} is in {place!r}; it must be in path, query, header or cookie")
        if place == "path" and "{" + name + "}" not in operation.path:
            continue
        if not is_fixed(place, name) and not (place == "header" and is_for_the_protocol(name)):
            yield parameter


def _binding(parameter: dict[str, Any], taken: Mapping[str, Any]) -> Binding:
    place, name = parameter["in"], parameter["name"]
    style = parameter.get("style") or _DEFAULT_STYLES[place]
    if style not in _STYLES[place]:
        raise BadPart(f"parameter {name!r} has the style {style!r}, which no parameter in {place} has")
    explode = parameter.get("explode")
    return Binding(
        argument=argument_name(name, place, {*taken, WHOLE_BODY} if name != WHOLE_BODY else taken),
        place=place,
        name=name,
        style=style,
        explode=explode if isinstance(explode, bool) else style == "form",
        as_json=not is_object(parameter.get("schema")) and is_object(parameter.get("content")),
        slashes=parameter.get("x-multi-segment") is True or parameter.get("allowReserved") is True,
    )


def _schema(parameter: dict[str, Any], binding: Binding, conversion: Conversion) -> Any:
    """Return the schema of one argument, described as the parameter is."""
    schema = conversion.convert(_raw_schema(parameter))
    if not is_object(schema):
        schema = {}
    description = parameter.get("description")
    said = description.strip() if isinstance(description, str) else str(schema.get("description") or "")
    if binding.argument != binding.name:
        said = f"{said} (sent as {binding.name} in the {binding.place})".strip()
    return {**schema, **({"description": said} if said else {}), **_marks(parameter, schema)}


def _raw_schema(parameter: dict[str, Any]) -> Any:
    if "schema" in parameter:
        return parameter["schema"]
    content = parameter.get("content")
    media: Any = next(iter(content.values()), None) if is_object(content) else None
    return media.get("schema", {}) if is_object(media) else {}


def _marks(parameter: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    marks: dict[str, Any] = {}
    if parameter.get("deprecated") is True:
        marks["deprecated"] = True
    example = parameter.get("example")
    if "examples" not in schema and isinstance(example, str | int | float | bool) and len(str(example)) < 100:  # noqa: PLR2004
        marks["examples"] = [example]
    return marks
