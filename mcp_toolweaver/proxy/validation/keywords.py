"""The keywords of JSON schema as we apply them: each step counted, and none that a stranger could make run for ever.

Three answers are possible: it fits, it does not, or there is no saying, as for a pattern, since
a stranger's regular expression may run for ever and nothing can stop it. No saying counts as fitting, but never as a
reason to refuse: under ``not``, ``if``, ``oneOf`` and ``maxContains``, where fitting is what is wrong, the keyword
itself has then no say. The server decides on all of that.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, TypeAlias

from jsonschema.exceptions import ValidationError

from mcp_toolweaver.core.json_values import is_array, is_object
from mcp_toolweaver.proxy.validation.effort import Effort, Exhausted

Errors: TypeAlias = Iterable[ValidationError]
Keyword: TypeAlias = Callable[[Any, Any, Any, Any], Errors | None]

_UNDECIDED = ("pattern", "patternProperties", "unevaluatedItems", "unevaluatedProperties")
"""The last two evaluate patterns, and other keywords a second time."""
_REVERSING = {"not": "", "oneOf": "each of", "if": "", "contains": "Too many"}
"""Keywords to which fitting may be what is wrong, and how such an error reads; empty means any error."""
_PER_ELEMENT = frozenset({"items", "additionalItems", "additionalProperties", "contains", "propertyNames"})
_PER_SCHEMA = frozenset({"allOf", "anyOf", "oneOf", "prefixItems"})
_CHARACTERS_A_STEP = 500
"""Of a message, which holds the value it is about."""
_ERROR = 2
"""Steps that it takes to make one."""
_CHEAP = 8
"""Elements that are looked at in one step."""


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_schema(value: Any) -> bool:
    return is_object(value) or isinstance(value, bool)


def _are_texts(value: Any) -> bool:
    return is_array(value) and all(isinstance(each, str) for each in value)


_FITS: Mapping[str, Callable[[Any], bool]] = {
    **dict.fromkeys(("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"), _is_number),
    **dict.fromkeys(("minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties"), _is_number),
    **dict.fromkeys(("additionalProperties", "additionalItems", "not", "if", "contains", "propertyNames"), _is_schema),
    **dict.fromkeys(("allOf", "anyOf", "oneOf", "prefixItems", "enum"), is_array),
    "required": _are_texts,
    "uniqueItems": lambda value: isinstance(value, bool),
    "$ref": lambda value: isinstance(value, str),
}
"""What the value of a keyword must be, where a wrong one would otherwise be read as something else."""


def counted(keywords: Mapping[str, Keyword], effort: Effort) -> dict[str, Keyword]:
    """Return the keywords of a draft, bounded and with our own where theirs are not."""
    own: dict[str, Keyword] = {
        "enum": lambda _validator, value, instance, _schema: _enum(value, instance, effort),
        "const": lambda _validator, value, instance, _schema: _const(value, instance, effort),
        "uniqueItems": lambda _validator, value, instance, _schema: _unique(value, instance, effort),
        "additionalProperties": _additional(keywords.get("additionalProperties"), effort),
    }
    made = {name: _counted(name, own.get(name, keyword), effort) for name, keyword in keywords.items()}
    return {name: _left_to_the_server(effort) if name in _UNDECIDED else keyword for name, keyword in made.items()}


def _counted(name: str, keyword: Keyword, effort: Effort) -> Keyword:
    fits = _FITS.get(name, lambda _value: True)
    reversing = _REVERSING.get(name)

    def apply(validator: Any, value: Any, instance: Any, schema: Any) -> Iterator[ValidationError]:
        effort.spend(_cost(name, value, instance, effort.lookup))
        before = effort.undecided
        try:
            if not fits(value):
                effort.undecided += 1
                return
            for error in keyword(validator, value, instance, schema) or ():
                effort.spend(_ERROR + len(error.message) // _CHARACTERS_A_STEP)
                if reversing is None or effort.undecided == before or reversing not in error.message:
                    yield error
        except (Exhausted, RecursionError):
            raise
        except Exception:  # noqa: BLE001  a stranger's schema makes the library fail in any way there is
            effort.undecided += 1

    return apply


def _cost(name: str, value: Any, instance: Any, lookup: int) -> int:
    steps = 1
    if is_array(value) or is_object(value):
        steps += 2 * len(value) if name in _PER_SCHEMA else len(value) // _CHEAP
    if is_array(instance) or is_object(instance):
        steps += len(instance) // (1 if name in _PER_ELEMENT else _CHEAP)
    if name in {"$ref", "$dynamicRef", "$recursiveRef"}:
        steps += 2 + len(value) // _CHEAP if str(value).startswith("#/") else lookup
    return steps


def _left_to_the_server(effort: Effort) -> Keyword:
    def apply(*_of_the_library: Any) -> Errors:
        effort.spend(1)
        effort.undecided += 1
        return ()

    return apply


def _additional(keyword: Keyword | None, effort: Effort) -> Keyword:
    """Check additional properties, unless patterns say which are additional."""

    def apply(validator: Any, allowed: Any, instance: Any, schema: Any) -> Errors | None:
        if keyword is None or "patternProperties" in schema:
            effort.undecided += 1
            return ()
        return keyword(validator, allowed, instance, schema)

    return apply


def _enum(value: list[Any], instance: Any, effort: Effort) -> Iterator[ValidationError]:
    sought = _comparable(instance, effort)
    for each in value:
        if type(each) is type(instance) is str:
            if each == instance:
                return
        elif _comparable(each, effort) == sought:
            return
    yield ValidationError(f"{instance!r} is not one of {value!r}")


def _const(value: Any, instance: Any, effort: Effort) -> Iterator[ValidationError]:
    if _comparable(value, effort) != _comparable(instance, effort):
        yield ValidationError(f"{value!r} was expected")


def _unique(value: bool, instance: Any, effort: Effort) -> Iterator[ValidationError]:  # noqa: FBT001  the library's order
    if not value or not is_array(instance):
        return
    seen: set[Any] = set()
    for item in instance:
        known = _comparable(item, effort)
        if known in seen:
            yield ValidationError(f"{instance!r} has non-unique elements")
            return
        seen.add(known)


def _comparable(value: Any, effort: Effort) -> Any:
    """Return something hashable that is equal for equal JSON values: 1 and 1.0 are, 1 and true are not."""
    if isinstance(value, str) or value is None:
        return value
    if isinstance(value, bool):
        return ("b", value)
    if is_array(value):
        effort.spend(3 + len(value) // 2)
        return ("a", *(_comparable(item, effort) for item in value))
    if is_object(value):
        effort.spend(3 + len(value) // 2)
        return ("o", frozenset((key, _comparable(item, effort)) for key, item in value.items()))
    return value
