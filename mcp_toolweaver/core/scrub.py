"""Removes characters that people do not see and models obey.

Zero-width, bidirectional and tag characters hide instructions in a description; control
characters and ANSI sequences garble terminals and logs.
"""

from __future__ import annotations

import math
import re
from typing import Any

from mcp_toolweaver.core.json_values import is_array, is_object

_ANSI = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b[@-_]")
_HIDDEN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f"  # control characters but tab, line feed, carriage return
    "\u00ad\u061c\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff"  # soft hyphen, zero-width, bidirectional
    "\ud800-\udfff"  # lone surrogates, which no encoder accepts
    "\U000e0000-\U000e007f\U000e0100-\U000e01ef]"  # tags, variation selectors that carry bytes
)
_DEEPEST = 64


def scrub(text: str) -> str:
    """Return the text without hidden characters; visible ones stay, though emoji and scripts lose their joiners."""
    return _HIDDEN.sub("", _ANSI.sub("", text))


def is_clean(text: str) -> bool:
    """Whether `scrub` would leave the text as it is."""
    return _HIDDEN.search(text) is None


def scrub_json(value: Any, depth: int = 0) -> Any:
    """Return a copy of a JSON value with every string in it scrubbed, keys included.

    Raises:
        ValueError: the value is nested more than 64 levels deep.
    """
    if depth > _DEEPEST:
        raise ValueError(f"nested more than {_DEEPEST} levels deep")
    if isinstance(value, str):
        return scrub(value)
    if is_object(value):
        return _scrub_object(value, depth)
    if is_array(value):
        return [scrub_json(item, depth + 1) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None  # JSON has no such number
    return value


def _scrub_object(value: dict[str, Any], depth: int) -> dict[str, Any]:
    """Scrub keys and values; a key that looks like another one after that never replaces it."""
    clean = {key: scrub(str(key)) for key in value}
    scrubbed: dict[str, Any] = {}
    for key in sorted(value, key=lambda key: clean[key] != key):
        scrubbed.setdefault(clean[key], scrub_json(value[key], depth + 1))
    return scrubbed
