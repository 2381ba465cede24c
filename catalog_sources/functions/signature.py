"""A function's signature as a tool: its definition, and its arguments and result from and to JSON."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, get_type_hints

from pydantic import TypeAdapter, ValidationError

from catalog_sources.functions.docs import read_docs
from catalog_sources.functions.finding import Function, Unusable, place_of
from catalog_sources.functions.parameters import Parameter, adapter_of, input_schema, parameters_of
from catalog_sources.functions.results import Returned
from mcp_toolweaver import InvalidArguments, is_object

_MOST_ERRORS = 5
_EFFECTS = {
    "read": {"readOnlyHint": True},
    "write": {"readOnlyHint": False, "destructiveHint": False},
    "destructive": {"readOnlyHint": False, "destructiveHint": True},
}
"""What a call does, in the annotations of the protocol."""


@dataclass(frozen=True, slots=True)
class Signature:
    """What a function takes and returns."""

    definition: dict[str, Any]
    """As in ``tools/list``."""
    _arguments: TypeAdapter[dict[str, Any]]
    _parameters: tuple[Parameter, ...]
    returned: Returned
    """Writes its results."""

    @classmethod
    def of(cls, name: str, function: Function) -> Signature:
        """Read a function's signature, type hints and docstring.

        Raises:
            Unusable: it cannot be a tool; the message names file, line, parameter and the fix.
        """
        where = f"{place_of(function)}: {name}()"
        if inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function):
            raise Unusable(f"{where}: yields values one by one; return a list of them")
        if getattr(function, "__name__", "") == "<lambda>":
            raise Unusable(f"{where}: has no name; write it with def")
        hints = _hints(function, where)
        parameters = tuple(parameters_of(function, hints, where))
        arguments = adapter_of(parameters, where)
        returned = Returned.of(hints.get("return", inspect.Signature.empty), where)
        docs = read_docs(inspect.getdoc(function))
        schema = input_schema(arguments, parameters, docs.parameters)
        definition: dict[str, Any] = {"name": name, "description": docs.description, "inputSchema": schema}
        definition.update(_said_beside(function, where))
        if returned.schema is not None:
            definition["outputSchema"] = returned.schema
        return cls(definition, arguments, parameters, returned)

    def read(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """Return the arguments of a call as the function takes them.

        Raises:
            InvalidArguments: they do not fit; the message says which and why.
        """
        try:
            given = self._arguments.validate_python(dict(arguments))
        except ValidationError as error:
            wrong = error.errors(include_url=False, include_input=False, include_context=False)
            told = [f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in wrong[:_MOST_ERRORS]]
            more = f"; and {len(wrong) - _MOST_ERRORS} more" if len(wrong) > _MOST_ERRORS else ""
            raise InvalidArguments(f"{self.definition['name']}: {'; '.join(told)}{more}") from error
        return {**{each.name: each.default for each in self._parameters if each.is_filled_in}, **given}


def _said_beside(function: Function, where: str) -> dict[str, Any]:
    """Return what the function's attribute ``toolweaver`` says of it: ``{"title": "...", "effect": "read"}``."""
    said: Any = getattr(function, "toolweaver", None)
    if said is None:
        return {}
    if not is_object(said) or not said.keys() <= {"title", "effect"} or said.get("effect", "read") not in _EFFECTS:
        told = f"{where}: its attribute 'toolweaver' is not understood"
        raise Unusable(f'{told}; write for example {{"title": "Add", "effect": "read"}} (or "write", "destructive")')
    annotations = {"annotations": _EFFECTS[said["effect"]]} if "effect" in said else {}
    return {**({"title": str(said["title"])} if "title" in said else {}), **annotations}


def _hints(function: Function, where: str) -> dict[str, Any]:
    try:
        return get_type_hints(inspect.unwrap(function), include_extras=True)
    except Exception as error:
        raise Unusable(f"{where}: its type hints cannot be read ({error}); import what they name") from error
