"""Changes one member of a JSON text, with comments or without, and leaves every other character as it is."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from mcp_toolweaver.text.jsonc import plain_json, without_comments

_INDENT = "  "


@dataclass(frozen=True, slots=True)
class Member:
    """One member of an object, as places in the text."""

    key: str
    start: int
    """Of the key's first quote."""
    value: int
    """Of the first character of the value."""
    end: int
    """Just after the last character of the value."""


def value_of(text: str, path: Sequence[str]) -> str | None:
    """Return the value at a path as it is written; None if there is none.

    Raises:
        ValueError: the text is not JSON, or something other than an object lies on the path.
    """
    found = _find(plain_json(text), path)
    return None if found is None else text[found.value : found.end]


def members_of(text: str, path: Sequence[str]) -> dict[str, str]:
    """Return the values in the object at a path as they are written; nothing if there is no object.

    Raises:
        ValueError: see `value_of`.
    """
    plain = plain_json(text)
    start = _object_at(plain, path)
    return {} if start is None else {each.key: text[each.value : each.end] for each in _members(plain, start)}


def with_member(text: str, path: Sequence[str], value: Any) -> str:
    """Return the text with a JSON value at a path, in place of what was there or as a new member.

    A new one, and objects that are missing on the way to it, come first where they are put.

    Raises:
        ValueError: see `value_of`.
    """
    plain, newline = plain_json(text), "\r\n" if "\r\n" in text else "\n"
    found = _find(plain, path)
    if found is not None:
        written = _written(value, _indent_before(text, found.start), newline)
        return text[: found.value] + written + text[found.end :]
    *outer, key = path
    start = _object_at(plain, outer)
    if start is None:
        return with_member(text, outer, {key: value})
    return _inserted(text, start, _members(plain, start), key, value, newline=newline)


def without_member(text: str, path: Sequence[str]) -> str:
    """Return the text without the member at a path, as it is if there is none.

    Raises:
        ValueError: see `value_of`.
    """
    plain = plain_json(text)
    found = _find(plain, path)
    if found is None:
        return text
    start, end = found.start, found.end
    bare = without_comments(text)
    following = _blanks(bare, end)
    if bare[following : following + 1] == ",":
        end = following + 1
        start = start if _has_text_before(text, start) else _line_start(text, start)
    else:
        start = _comma_before(plain, text, start)
    return text[:start] + text[end:]


def _inserted(text: str, start: int, members: Sequence[Member], key: str, value: Any, *, newline: str) -> str:
    """Return the text with a new first member in the object that begins at ``start``."""
    outer = _indent_before(text, start)
    is_apart = bool(members) and not _has_text_before(text, members[0].start)
    indent = _indent_before(text, members[0].start) if is_apart else outer + _INDENT
    written = f"{json.dumps(key, ensure_ascii=False)}: {_written(value, indent, newline)}"
    if not members:
        end = "" if _breaks(text, start) else newline + outer
        return f"{text[: start + 1]}{newline}{indent}{written}{end}{text[start + 1 :].lstrip(' ')}"
    return f"{text[: start + 1]}{newline}{indent}{written},{_rest(text, start + 1, newline, indent)}"


def _rest(text: str, at: int, newline: str, indent: str) -> str:
    """Return what follows a new first member: on a line of its own, also where the object was on one line."""
    rest = text[at:]
    return rest if rest.lstrip(" \t").startswith(("\r", "\n")) else f"{newline}{indent}{rest.lstrip(' ')}"


def _breaks(text: str, start: int) -> bool:
    """Whether the line ends where the object begins."""
    return text[start + 1 :].lstrip(" \t").startswith(("\r", "\n"))


def _written(value: Any, indent: str, newline: str) -> str:
    lines = json.dumps(value, indent=len(_INDENT), ensure_ascii=False).split("\n")
    return f"{newline}{indent}".join(lines)


def _find(plain: str, path: Sequence[str]) -> Member | None:
    """Return the last member at a path: of several with one key, it is the one that counts."""
    start = _object_at(plain, path[:-1])
    found = [] if start is None else [each for each in _members(plain, start) if each.key == path[-1]]
    return found[-1] if found else None


def _object_at(plain: str, path: Sequence[str]) -> int | None:
    """Return where the object at a path begins; None if there is nothing."""
    if path:
        found = _find(plain, path)
        at = None if found is None else found.value
    else:
        at = _blanks(plain, 0)
    if at is not None and plain[at : at + 1] != "{":
        raise ValueError(f"{'.'.join(path) or 'the top'} is not an object")
    return at


def _members(plain: str, start: int) -> list[Member]:
    """Return the members of the object that begins at ``start``."""
    decoder, members = json.JSONDecoder(), list[Member]()
    at = _blanks(plain, start + 1)
    while plain[at : at + 1] == '"':
        key, colon = decoder.raw_decode(plain, at)
        colon = _blanks(plain, colon)
        if plain[colon : colon + 1] != ":":
            raise ValueError(f"no colon after {key!r}")
        value = _blanks(plain, colon + 1)
        _, end = decoder.raw_decode(plain, value)
        members.append(Member(key, at, value, end))
        at = _blanks(plain, end)
        if plain[at : at + 1] == ",":
            at = _blanks(plain, at + 1)
    if plain[at : at + 1] != "}":
        raise ValueError("an object does not end")
    return members


def _blanks(plain: str, at: int) -> int:
    while at < len(plain) and plain[at] in " \t\r\n\ufeff":
        at += 1
    return at


def _comma_before(plain: str, text: str, start: int) -> int:
    """Return where to cut before a last member: at the comma that comes before it, if there is one."""
    at = start - 1
    while at >= 0 and plain[at] in " \t\r\n":
        at -= 1
    if at >= 0 and plain[at] == ",":
        return at
    return start if _has_text_before(text, start) else _line_start(text, start)


def _indent_before(text: str, at: int) -> str:
    """Return the blanks that the line of a place begins with."""
    line = text[text.rfind("\n", 0, at) + 1 : at]
    return line[: len(line) - len(line.lstrip(" \t"))]


def _has_text_before(text: str, at: int) -> bool:
    return bool(text[text.rfind("\n", 0, at) + 1 : at].strip())


def _line_start(text: str, at: int) -> int:
    """Return where the line break before a place begins."""
    line = text.rfind("\n", 0, at)
    return at if line < 0 else line - (text[line - 1 : line] == "\r")
