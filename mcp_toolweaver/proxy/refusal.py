"""What a model is told of arguments that do not fit: the field, what would fit, and the signature."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from mcp_toolweaver.core.json_values import is_array, is_object
from mcp_toolweaver.core.scrub import scrub
from mcp_toolweaver.core.tools import Tool
from mcp_toolweaver.text.closeness import most_alike
from mcp_toolweaver.text.signature import signature

if TYPE_CHECKING:
    from mcp_toolweaver.proxy.validation.schemas import Fault

LONGEST = 1_500
_LONGEST_FAULT = 250
_LONGEST_PLACE = 100
_LONGEST_DESCRIPTION = 100
_MOST_FAULTS = 3
_MOST_CLOSE = 3
_ALIKE = 0.6
_LONGEST_NAME = 60


def refusal(tool: Tool, faults: Sequence[Fault]) -> str:
    """Return the message: up to three faults, then the signature."""
    told = list(dict.fromkeys(text for fault in faults for text in _told(fault)))[:_MOST_FAULTS]
    beginning = f"Wrong arguments for {tool.callable_name}: {'; '.join(told)}"
    end = f". Signature: {signature(tool)}"
    return scrub(_short(beginning, LONGEST - len(end)) + end)


def _told(fault: Fault) -> Iterator[str]:
    where = _short(".".join(map(str, fault.path)), _LONGEST_PLACE)
    for text in _texts(fault):
        yield f"{where}: {text}" if where else text


def _texts(fault: Fault) -> Iterator[str]:
    properties = fault.schema.get("properties") if is_object(fault.schema) else None
    known = properties if is_object(properties) else {}
    if fault.keyword == "required" and is_object(fault.value) and is_array(fault.schema.get("required")):
        missing = [name for name in fault.schema["required"] if name not in fault.value]
        for name in missing[:_MOST_FAULTS]:
            yield _short(f"{name!r} is a required property{_described(known.get(name))}", _LONGEST_FAULT)
    elif fault.keyword == "additionalProperties" and is_object(fault.value):
        close = _close([name for name in fault.value if name not in known], list(known))
        yield _short(fault.message, _LONGEST_FAULT) + (f"; did you mean {', '.join(close)}?" if close else "")
    else:
        yield _short(fault.message, _LONGEST_FAULT)


def _described(schema: Any) -> str:
    description = schema.get("description") if is_object(schema) else None
    if not isinstance(description, str) or not description.strip():
        return ""
    return f" ({_short(' '.join(description[: 4 * _LONGEST_DESCRIPTION].split()), _LONGEST_DESCRIPTION)})"


def _close(unknown: Sequence[str], known: Sequence[str]) -> list[str]:
    """Return the parameters whose names resemble the unknown ones most."""
    names = [name for name in known[:1_000] if len(name) <= _LONGEST_NAME]
    asked = [name for name in unknown[:_MOST_FAULTS] if len(name) <= _LONGEST_NAME]
    close = [each for name in asked for each in most_alike(name, names, least=_ALIKE, limit=1)]
    return list(dict.fromkeys(close))[:_MOST_CLOSE]


def _short(text: str, longest: int) -> str:
    return text if len(text) <= longest else text[: longest - 1] + "…"
