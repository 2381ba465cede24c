"""What a function takes: its parameters by their type hints, as the schema of a tool's arguments."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, NoReturn, NotRequired, Required, get_origin

from pydantic import Field, PydanticUserError, TypeAdapter
from pydantic.fields import FieldInfo

from catalog_sources.functions.finding import Function, Unusable
from catalog_sources.functions.schemas import as_json, object_of, schema_of, unfit

_NONE = inspect.Parameter.empty
_NOT_TAKEN = {
    inspect.Parameter.VAR_POSITIONAL: "takes any number of values (*{0}), and a call gives its values by name",
    inspect.Parameter.VAR_KEYWORD: "takes values of any name (**{0}), so that nobody knows which",
    inspect.Parameter.POSITIONAL_ONLY: "cannot be given by name, because of the slash in the signature",
}


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of a function."""

    name: str
    type: Any
    """Its hint, with what is said of it beside the type."""
    default: Any = _NONE
    is_filled_in: bool = False
    """Whether we give the default: it is said by a `Field`, which the function itself would take for a value."""

    @property
    def is_required(self) -> bool:
        """Whether it has no default."""
        return self.default is _NONE


def parameters_of(function: Function, hints: Mapping[str, Any], where: str) -> Iterator[Parameter]:
    """Yield the parameters of a function.

    Raises:
        Unusable: one of them cannot be an argument of a tool.
    """
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError) as error:
        raise Unusable(f"{where}: has no signature; write a function around it") from error
    for name, given in signature.parameters.items():
        if given.kind in _NOT_TAKEN:
            why = _NOT_TAKEN[given.kind].format(name)
            raise Unusable(f"{where}: the parameter {name!r} {why}; write a function around it")
        if name not in hints:
            raise Unusable(f'{where}: the parameter {name!r} has no type hint; write for example "{name}: str"')
        yield _parameter(name, hints[name], given.default)


def adapter_of(parameters: Sequence[Parameter], where: str) -> TypeAdapter[dict[str, Any]]:
    """Return what reads the arguments of a call.

    Raises:
        Unusable: a parameter has a type that cannot be had from JSON.
    """
    fields = {each.name: (Required if each.is_required else NotRequired)[each.type] for each in parameters}
    try:
        adapter = object_of(fields)
        adapter.json_schema()
    except PydanticUserError as error:
        _blame(parameters, where, error)
    return adapter


def input_schema(
    adapter: TypeAdapter[dict[str, Any]], parameters: Sequence[Parameter], described: Mapping[str, str]
) -> dict[str, Any]:
    """Return the schema of the arguments, with their defaults and what the docstring says of them."""
    schema = schema_of(adapter, "validation")
    for each in parameters:
        part = schema["properties"][each.name]
        if each.name in described:
            part.setdefault("description", described[each.name])
        if not each.is_required:
            part.setdefault("default", as_json(each.default))
    return schema


def _parameter(name: str, hint: Any, given: Any) -> Parameter:
    if not isinstance(given, FieldInfo):
        return Parameter(name, _with_description(hint), given)
    default = _NONE if given.is_required() else given.get_default(call_default_factory=True, validated_data={})
    return Parameter(name, Annotated[hint, given], default, is_filled_in=default is not _NONE)


def _with_description(hint: Any) -> Any:
    """Return a type hint with a text in its ``Annotated`` taken for the description."""
    if get_origin(hint) is not Annotated:
        return hint
    described = [Field(description=each) if isinstance(each, str) else each for each in hint.__metadata__]
    return Annotated[(hint.__origin__, *described)]


def _blame(parameters: Sequence[Parameter], where: str, error: PydanticUserError) -> NoReturn:
    """Say which parameter has a type that is not for JSON."""
    for each in parameters:
        try:
            TypeAdapter(each.type).json_schema()
        except PydanticUserError as own:
            raise Unusable(f"{where}: the parameter {each.name!r} has {unfit(each.type)}") from own
    raise Unusable(f"{where}: {error.message}") from error
