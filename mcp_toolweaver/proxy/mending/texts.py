"""What a text says, where the schema asks for something other than text."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator
from typing import Any

from mcp_toolweaver.core.json_values import is_array, is_object
from mcp_toolweaver.proxy.validation.effort import is_within

_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]{0,29})(?:\.[0-9]{1,30})?(?:[eE][+-]?[0-9]{1,3})?")
_LONGEST_NUMBER = 80
_LONGEST_JSON = 1_000_000
_MOST_PARTS = 20_000
_TRUTHS = {"true": True, "false": False}
_JSON = ("{", "[")


def said(text: str, wanted: Collection[str]) -> Iterator[Any]:
    """Yield what the text says as a value of one of the wanted JSON types, other than text."""
    short = text[:_LONGEST_NUMBER].strip()
    if not {"integer", "number"}.isdisjoint(wanted) and len(text) <= _LONGEST_NUMBER and _NUMBER.fullmatch(short):
        yield _number(short)
    if "boolean" in wanted and short.casefold() in _TRUTHS and len(text) <= _LONGEST_NUMBER:
        yield _TRUTHS[short.casefold()]
    if "null" in wanted and text == "null":
        yield None
    if not {"object", "array"}.isdisjoint(wanted):
        yield from decoded(text)


def decoded(text: str) -> Iterator[Any]:
    """Yield the JSON object or array that the text is; nothing if it is none."""
    if not looks_like_json(text) or len(text) > _LONGEST_JSON:
        return
    try:
        value = json.loads(text, parse_constant=_refused)
    except (ValueError, RecursionError):
        return
    if (is_object(value) or is_array(value)) and is_within(value, most=_MOST_PARTS):
        yield value


def looks_like_json(text: str) -> bool:
    """Whether the text begins as a JSON object or array does."""
    return text.lstrip()[:1] in _JSON


def is_enumeration(text: str) -> bool:
    """Whether the text may be several, so that one element is not all that it can mean."""
    return re.search(r"[,;\n]", text) is not None or looks_like_json(text)


def _number(text: str) -> int | float:
    try:
        return int(text)
    except ValueError:
        number = float(text)
        return int(number) if number.is_integer() and abs(number) < 2**53 else number


def _refused(name: str) -> Any:
    raise ValueError(name)
