"""JSON schema validation of arguments, with compiled schemas kept."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Mapping
from typing import Any, cast

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError, best_match  # pyright: ignore[reportUnknownVariableType]
from jsonschema.protocols import Validator
from jsonschema.validators import extend, validator_for  # pyright: ignore[reportUnknownVariableType]
from referencing import Registry

from mcp_toolweaver.core.tools import Tool


def _undecided(*_of_the_library: Any) -> Iterator[ValidationError]:
    """Find no fault."""
    return iter(())


def _additional(validator: Validator, allowed: Any, instance: Any, schema: Any) -> Iterator[ValidationError]:
    """Check additional properties, unless patterns say which are additional."""
    if "patternProperties" not in schema:
        yield from Draft202012Validator.VALIDATORS["additionalProperties"](validator, allowed, instance, schema)


_WITHOUT_PATTERNS: dict[str, Any] = {
    "pattern": _undecided,
    "patternProperties": _undecided,
    "additionalProperties": _additional,
}
"""A stranger's regular expression may run for ever, and nothing can stop it; the server decides on those."""

_MOST_COMPILED = 256
_LONGEST_MESSAGE = 300


class Validation:
    """Says what is wrong with arguments; a schema is compiled once for the tools used last."""

    def __init__(self) -> None:
        self._compiled: OrderedDict[str, Validator | None] = OrderedDict()

    def fault(self, tool: Tool, arguments: Mapping[str, Any]) -> str | None:
        """Return the worst fault of the arguments as ``field: what is wrong``, or None if they fit.

        A schema that is invalid, or that refers to something outside itself, has no say: the
        server behind the tool decides then.
        """
        validator = self._validator(tool)
        if validator is None:
            return None
        try:
            error = cast("ValidationError | None", best_match(validator.iter_errors(dict(arguments))))
        except Exception:  # noqa: BLE001  likewise: what cannot be checked is left to the server
            return None
        return None if error is None else _described(error)

    def _validator(self, tool: Tool) -> Validator | None:
        if tool.digest not in self._compiled:
            self._compiled[tool.digest] = _compile(tool.input_schema)
            if len(self._compiled) > _MOST_COMPILED:
                self._compiled.popitem(last=False)
        self._compiled.move_to_end(tool.digest)
        return self._compiled[tool.digest]


def _compile(schema: Mapping[str, Any]) -> Validator | None:
    """Compile a schema whose references resolve inside it only; nothing is ever fetched."""
    try:
        plain = dict(schema)
        validator_for(plain, default=Draft202012Validator).check_schema(plain)
        kind = cast("Any", extend)(validator_for(plain, default=Draft202012Validator), _WITHOUT_PATTERNS)
    except Exception:  # noqa: BLE001  a stranger's schema makes the library fail in any way there is
        return None
    compiled: Validator = kind(plain, registry=cast("Any", Registry)())
    return compiled


def _described(error: ValidationError) -> str:
    where = ".".join(str(step) for step in cast("list[str | int]", error.absolute_path))
    message = str(error.message)
    short = message if len(message) <= _LONGEST_MESSAGE else message[: _LONGEST_MESSAGE - 1] + "…"
    return f"{where}: {short}" if where else short
