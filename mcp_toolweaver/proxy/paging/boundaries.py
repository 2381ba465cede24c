"""Where a text may be cut so that both halves make sense."""

from __future__ import annotations

import re
import unicodedata

_WINDOW = 0.2
"""The share of a part that may be given up for a better place."""
_LONGEST_WINDOW = 8_000
_PLACES = (
    re.compile(r"\n[ \t\r]*\n"),
    re.compile(r"\n"),
    re.compile(r"[}\]],"),
    re.compile(r"[.!?…](?=[ \t])|[\u3002\uff01\uff1f]"),
    re.compile(r",|;|[ \t]"),
)
"""The end of a paragraph, of a line, of an element of JSON, of a sentence, and of a word, the best one first."""
_ESCAPE = re.compile(r"\\+(?:u[0-9a-fA-F]{0,3})?$")
_JOINERS = "\u200c\u200d\ufe0e\ufe0f"
_MOST_JOINED = 32


def boundary(text: str, start: int, end: int) -> int:
    """Return the best place to cut at or before ``end``, and after ``start``."""
    if end >= len(text):
        return len(text)
    window = max(start, end - min(_LONGEST_WINDOW, int((end - start) * _WINDOW)))
    for place in _PLACES:
        last = None
        for last in place.finditer(text, window, end):  # noqa: B007  only the last one is of interest
            pass
        if last is not None and last.end() > start:
            return last.end()
    return max(_whole_character(text, start, end), start + 1)


def _whole_character(text: str, start: int, end: int) -> int:
    """Return a place that cuts no escape of JSON, and nothing that is seen as one character."""
    escape = _ESCAPE.search(text, max(start, end - 6), end)
    if escape is not None and not _is_even(escape.group()):
        end = escape.start()
    for _step in range(_MOST_JOINED):
        if end <= start or not _is_joined(text[end - 1], text[end]):
            break
        end -= 1
    return end


def _is_even(escape: str) -> bool:
    """Whether the backslashes are pairs, each of which is a backslash itself."""
    return escape.endswith("\\") and len(escape) % 2 == 0


def _is_joined(before: str, after: str) -> bool:
    return (
        unicodedata.combining(after) > 0
        or after in _JOINERS
        or before == "\u200d"
        or (before == "\r" and after == "\n")
        or ("\ud800" <= before <= "\udbff" and "\udc00" <= after <= "\udfff")
        or "\U0001f3fb" <= after <= "\U0001f3ff"
    )
