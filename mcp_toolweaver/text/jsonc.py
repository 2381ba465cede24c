"""JSON as people write it: with comments and trailing commas, as VS Code and Cursor allow."""

from __future__ import annotations

import re

# Texts come first in both, so that nothing inside one is ever taken for something else.
_TEXT = r'"(?:[^"\\\r\n]|\\.)*"?'
_COMMENT = re.compile(rf"{_TEXT}|(?P<blank>//[^\r\n]*|/\*.*?\*/)", re.DOTALL)
# A comma that follows no value is an error in JSON with comments too, so it is left alone.
_TRAILING_COMMA = re.compile(rf"{_TEXT}|[\[{{,:]\s*,|(?P<blank>,)(?=\s*[\]}}])", re.DOTALL)
_ALL_BUT_NEWLINES = re.compile(r"[^\r\n]")


def plain_json(text: str) -> str:
    """Return the text with every comment and trailing comma overwritten by spaces.

    Length and lines stay, so the positions that a JSON parser reports are the positions
    in the file. What is neither comment nor trailing comma is returned as it is, be it
    valid JSON or not.
    """
    return _TRAILING_COMMA.sub(_blanked, without_comments(text))


def without_comments(text: str) -> str:
    """Return the text with every comment overwritten by spaces, and trailing commas as they are."""
    return _COMMENT.sub(_blanked, text)


def _blanked(match: re.Match[str]) -> str:
    whole = match.group()
    return whole if match.group("blank") is None else _ALL_BUT_NEWLINES.sub(" ", whole)
