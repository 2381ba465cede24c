"""Checks arguments against a tool's schema before anything is sent."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from typing import Any, cast

from jsonschema import Draft202012Validator
from jsonschema.exceptions import SchemaError, ValidationError, best_match  # pyright: ignore[reportUnknownVariableType]
from jsonschema.protocols import Validator
from jsonschema.validators import validator_for
from referencing import Registry
from referencing.exceptions import Unresolvable

from mcp_toolweaver.core.errors import InvalidArguments
from mcp_toolweaver.core.interfaces import ToolCaller
from mcp_toolweaver.core.tools import Tool, ToolResult
from mcp_toolweaver.text.signature import signature

_MOST_VALIDATORS = 256
_LONGEST_MESSAGE = 300


class CheckedCaller:
    """A `ToolCaller` that lets only fitting arguments through to its inner one."""

    def __init__(self, inner: ToolCaller) -> None:
        """Pass checked calls on to ``inner``."""
        self._inner = inner
        self._validators: OrderedDict[str, Validator | None] = OrderedDict()

    async def call(self, tool: Tool, arguments: Mapping[str, Any]) -> ToolResult:
        """See `ToolCaller.call`."""
        if tool.is_callable:
            self._check(tool, arguments)
        return await self._inner.call(tool, arguments)

    def _check(self, tool: Tool, arguments: Mapping[str, Any]) -> None:
        validator = self._validator(tool)
        if validator is None:
            return
        try:
            error = cast("ValidationError | None", best_match(validator.iter_errors(dict(arguments))))
        except (Unresolvable, RecursionError):
            return  # the schema cannot be followed; the server behind it decides
        if error is not None:
            where = ".".join(str(step) for step in cast("list[str | int]", error.absolute_path))
            raise InvalidArguments(
                f"Wrong arguments for {tool.callable_name}: {f'{where}: ' if where else ''}{_message(error)}. "
                f"Signature: {signature(tool)}"
            )

    def _validator(self, tool: Tool) -> Validator | None:
        """Return the compiled schema, kept for the tools used last; None where it is no valid schema."""
        if tool.digest not in self._validators:
            self._validators[tool.digest] = _compile(tool.input_schema)
            if len(self._validators) > _MOST_VALIDATORS:
                self._validators.popitem(last=False)
        self._validators.move_to_end(tool.digest)
        return self._validators[tool.digest]


def _compile(schema: Mapping[str, Any]) -> Validator | None:
    """Compile a schema whose references resolve inside it only; nothing is ever fetched."""
    try:
        kind = validator_for(plain := dict(schema), default=Draft202012Validator)
        kind.check_schema(plain)
    except (SchemaError, RecursionError):
        return None
    compiled: Validator = kind(plain, registry=Registry())
    return compiled


def _message(error: ValidationError) -> str:
    message = str(error.message)
    return message if len(message) <= _LONGEST_MESSAGE else message[: _LONGEST_MESSAGE - 1] + "…"
