"""JSON values as text, and how long that text is, for values of any size."""

from __future__ import annotations

import json
from typing import Any

from mcp_toolweaver.core.json_values import is_array, is_object

_AT_ONCE = 200
"""Elements that are written in one go, during which other threads wait."""
_DEEPEST = 3


def compact(value: Any, depth: int = 0) -> str:
    """Return the shortest JSON text of a value."""
    if is_object(value) and depth < _DEEPEST:
        return "{" + ",".join(f"{_written(name)}:{compact(each, depth + 1)}" for name, each in value.items()) + "}"
    if is_array(value) and depth < _DEEPEST:
        parts = (_written(value[at : at + _AT_ONCE])[1:-1] for at in range(0, len(value), _AT_ONCE))
        return "[" + ",".join(parts) + "]"
    return _written(value)


def length(value: Any, *, most: int) -> int:
    """Return about how many characters the JSON text of a value takes; no more is read than takes ``most``."""
    waiting, characters = [value], 0
    while waiting and characters <= most:
        part = waiting.pop()
        if isinstance(part, str):
            characters += len(part) + 3
        elif is_object(part):
            characters += 3 + sum(len(name) + 3 for name in part)
            waiting.extend(part.values())
        elif is_array(part):
            characters += 3
            waiting.extend(part if len(part) <= most else part[: most + 1])
        else:
            characters += len(_written(part)) + 1
    return characters


def _written(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=str)
