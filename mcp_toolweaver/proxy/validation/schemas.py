"""The schemas of tools, compiled and kept, and what they say of arguments."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, cast

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError, best_match, relevance  # pyright: ignore[reportUnknownVariableType]
from jsonschema.protocols import Validator
from jsonschema.validators import extend, validator_for  # pyright: ignore[reportUnknownVariableType]
from referencing import Registry

from mcp_toolweaver.core.json_values import is_array, is_object
from mcp_toolweaver.core.tools import Tool
from mcp_toolweaver.proxy.validation.effort import Effort, is_within
from mcp_toolweaver.proxy.validation.keywords import counted

_MOST_COMPILED = 256
_MOST_PARTS = 20_000
"""Of a schema, or of arguments. The largest schema of 62 published servers has 2,000."""
_STEPS = 8_000
"""Of one check: 20 to 50 ms. The largest of those schemas takes 500."""
_STEPS_OF_MENDING = 6_000
_MOST_ERRORS = 50
_LOOKUP = 2
"""Steps for each part of a schema, when it is searched for a name."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong with arguments."""

    path: tuple[str | int, ...]
    """Where."""
    keyword: str
    """The keyword of the schema that is not met."""
    message: str
    """What the library says."""
    schema: Any
    """The part of the schema that is not met."""
    value: Any
    """What was given there."""


class Check:
    """One tool's schema, ready to be asked."""

    def __init__(self, schema: dict[str, Any], validator: Any, effort: Effort) -> None:
        """Ask a validator whose keywords spend of ``effort``."""
        self.schema = schema
        self._validator = validator
        self._effort = effort
        self._lookup = _LOOKUP * _size(schema)

    def faults(self, arguments: Mapping[str, Any]) -> Sequence[Fault]:
        """Return what is wrong, the worst first; nothing where it fits, or where there is no saying.

        There is no saying where it takes too much work. The server behind the tool decides then.
        """
        if not is_within(arguments, most=_MOST_PARTS):
            return ()
        self._effort.begin(_STEPS, lookup=self._lookup)
        try:
            errors: list[ValidationError] = list(islice(self._validator.iter_errors(arguments), _MOST_ERRORS))
            return [_fault(error) for error in sorted(errors, key=relevance, reverse=True)]
        except Exception:  # noqa: BLE001  what cannot be checked is left to the server
            return ()

    def allow_mending(self) -> None:
        """Allow for the work of the questions that follow."""
        self._effort.begin(_STEPS_OF_MENDING, lookup=self._lookup)

    def fits(self, schema: Any, value: Any) -> bool:
        """Whether a value fits a part of the schema, as far as there is saying.

        Raises:
            Exhausted: it takes too much work to know.
        """
        self._effort.spend(1)
        return bool(self._validator.evolve(schema=schema).is_valid(value))

    def accepts(self, arguments: Mapping[str, Any]) -> bool:
        """Whether arguments fit as a whole, as far as there is saying.

        Raises:
            Exhausted: it takes too much work to know.
        """
        return bool(self._validator.is_valid(arguments))

    def meant(self, schema: Any) -> Any:
        """Return a part of the schema, or what it refers to; None for a reference that leads nowhere simple."""
        for _step in range(8):
            if not is_object(schema) or not isinstance(reference := schema.get("$ref"), str):
                return schema
            schema = self._at(reference)
        return None

    def _at(self, reference: str) -> Any:
        found: Any = self.schema if reference.startswith("#/") or reference == "#" else None
        for step in reference.split("/")[1:]:
            key = step.replace("~1", "/").replace("~0", "~")
            found = found.get(key) if is_object(found) else None
        return found


class Schemas:
    """Compiles a tool's schema once, for the tools used last."""

    def __init__(self) -> None:
        self._effort = Effort()
        self._kinds: dict[Any, Any] = {}
        self._compiled: OrderedDict[str, Check | None] = OrderedDict()

    def check(self, tool: Tool) -> Check | None:
        """Return the check of a tool; None for a schema that cannot be used: the server decides then."""
        if tool.digest not in self._compiled:
            self._compiled[tool.digest] = self._compile(tool.input_schema)
            if len(self._compiled) > _MOST_COMPILED:
                self._compiled.popitem(last=False)
        self._compiled.move_to_end(tool.digest)
        return self._compiled[tool.digest]

    def _compile(self, schema: Mapping[str, Any]) -> Check | None:
        """Compile a schema whose references resolve inside it only; nothing is ever fetched."""
        plain = dict(schema)
        if not is_within(plain, most=_MOST_PARTS):
            return None
        try:
            kind = self._kind(validator_for(plain, default=Draft202012Validator))
            return Check(plain, kind(plain, registry=cast("Any", Registry)()), self._effort)
        except Exception:  # noqa: BLE001  a stranger's schema makes the library fail in any way there is
            return None

    def _kind(self, draft: Any) -> Any:
        """Return the validator of a draft with our keywords, one for all schemas of that draft."""
        if draft not in self._kinds:
            kind = cast("Any", extend)(draft, counted(draft.VALIDATORS, self._effort))
            kind.evolve = _evolved
            self._kinds[draft] = kind
        return self._kinds[draft]


def _evolved(self: Any, **changes: Any) -> Validator:
    """Return the validator for a part of its schema.

    The library's own would take the keywords of whatever ``$schema`` that part names, which are not counted.
    """
    made: Validator = self.__class__(
        changes.get("schema", self.schema),
        registry=self._registry,
        _resolver=changes.get("_resolver", self._resolver),
    )
    return made


def _size(value: Any) -> int:
    waiting, parts = [value], 1
    while waiting:
        part = waiting.pop()
        if is_object(part) or is_array(part):
            parts += len(part)
            waiting.extend(part.values() if is_object(part) else part)
    return parts


def _fault(error: ValidationError) -> Fault:
    """Return a fault; of the alternatives that a value does not fit, the one it comes closest to."""
    context = cast("Sequence[ValidationError]", error.context or ())
    found = cast("ValidationError | None", best_match([error])) if len(context) <= _MOST_ERRORS else error
    worst = found or error
    path = tuple(worst.absolute_path)
    return Fault(path, str(worst.validator), str(worst.message), worst.schema, worst.instance)
