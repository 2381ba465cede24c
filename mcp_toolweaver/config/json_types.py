"""Narrowing JSON values, and calling their types by names that people know from JSON."""

from __future__ import annotations

from typing import Any, TypeGuard

from mcp_toolweaver.core.json_values import is_array, is_object

_LARGEST_NUMBER = 2**63
_NAMES = {
    bool: "true or false",  # before int, of which it is one
    str: "a string",
    int: "a number",
    float: "a number",
    list: "a list",
    dict: "an object",
}


def as_object(value: Any) -> dict[str, Any] | None:
    """Return the value if it is a JSON object, else None."""
    return value if is_object(value) else None


def as_list(value: Any) -> list[Any] | None:
    """Return the value if it is a JSON array, else None."""
    return value if is_array(value) else None


def is_number(value: Any) -> TypeGuard[int | float]:
    """Whether the value is a finite number of ordinary size; true and false are none."""
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < _LARGEST_NUMBER


def type_name(value: Any) -> str:
    """Return what the value is, with its article: ``a list``; never the value itself."""
    if value is None:
        return "null"
    return next((name for kind, name in _NAMES.items() if isinstance(value, kind)), "a date or time")
