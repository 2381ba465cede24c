"""Where the members of an object stand in a JSON text, and exchanging some without touching the rest.

Positions are characters of the text as it was written, comments and trailing commas included.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from mcp_toolweaver.text.jsonc import plain_json, without_comments

_DECODER = json.JSONDecoder(strict=False)
_SPACE = re.compile(r"[ \t\r\n]*")
_COMMENT_REST = re.compile(r"[ \t]*(?://[^\r\n]*|/\*[^\r\n]*?\*/[ \t]*)(?=\r?\n)")
_BLANK_REST = re.compile(r"[ \t]*(?:\r?\n|\Z)")


@dataclass(frozen=True, slots=True)
class Member:
    """One member of an object: the span of its key and that of its value."""

    key: str
    start: int
    value: int
    end: int


def members(text: str, path: Sequence[str] = ()) -> list[Member] | None:
    """Return the members of the object at ``path``, twins included; None where there is no object.

    Args:
        text: JSON, with comments or without.
        path: The keys that lead there; the last of twins counts, as in a parser.

    Raises:
        json.JSONDecodeError: the text is not JSON.
    """
    plain = plain_json(text)
    start = _object_at(plain, path)
    return None if start is None else _members(plain, start)


def object_span(text: str, path: Sequence[str] = ()) -> tuple[int, int] | None:
    """Return where the object at ``path`` begins and ends; None where there is no object."""
    plain = plain_json(text)
    start = _object_at(plain, path)
    return None if start is None else (start, _DECODER.raw_decode(plain, start)[1])


def exchanged(text: str, path: Sequence[str], out: Collection[str], blocks: Sequence[str]) -> str:
    """Return the text with the members ``out`` of the object at ``path`` removed, and ``blocks`` in their place.

    Where none is removed, the blocks follow the last member. A block is a member as text: ``"name": value``.

    Raises:
        KeyError: there is no object at the path.
    """
    found = members(text, path)
    if found is None:
        raise KeyError(".".join(path))
    gone = [member for member in found if member.key in out]
    if blocks and not gone:
        return _appended(text, path, found, blocks)
    return _replaced(text, found, gone, blocks)


def _replaced(text: str, found: Sequence[Member], gone: Sequence[Member], blocks: Sequence[str]) -> str:
    """Put the blocks where the first removed member was, and cut the others with one comma each."""
    bare = without_comments(text)
    cuts: list[tuple[int, int, str]] = []
    rest = list(gone)
    if blocks and gone:
        first = rest.pop(0)
        cuts.append((first.start, first.end, _joined(text, first.start, blocks)))
    staying = [member for member in found if member not in rest]
    for member in rest:
        cuts += _without_member(text, bare, member)
    if rest and staying and found[-1] in rest and _comma_after(bare, found[-1].end) is None:
        comma = _comma_after(bare, staying[-1].end)
        if comma is not None:
            cuts.append((comma, comma + 1, ""))
    return _cut(text, cuts)


def _without_member(text: str, bare: str, member: Member) -> list[tuple[int, int, str]]:
    """Return the cuts that take out a member and the comma behind it, but no comment between the two."""
    comma = _comma_after(bare, member.end)
    if comma is None:
        return [(*_with_line(text, member.start, member.end), "")]
    if text[member.end : comma].strip(" \t"):
        return [(member.start, member.end, ""), (comma, comma + 1, "")]
    return [(*_with_line(text, member.start, comma + 1), "")]


def _cut(text: str, cuts: Sequence[tuple[int, int, str]]) -> str:
    """Return the text with spans replaced; where two meet, spaces may be in both."""
    parts: list[str] = []
    place = 0
    for start, end, new in sorted(cuts):
        parts += [text[place : max(start, place)], new]
        place = max(end, place)
    return "".join([*parts, text[place:]])


def _appended(text: str, path: Sequence[str], found: Sequence[Member], blocks: Sequence[str]) -> str:
    if found:
        return _after(text, found[-1], blocks)
    start, end = object_span(text, path) or (0, 0)
    if "\n" not in text.strip():
        return f"{text[: start + 1]}{', '.join(blocks)}{text[end - 1 :]}"
    newline = "\r\n" if "\r\n" in text else "\n"
    outer = _indent(text, start)
    inner = outer + indent_unit(text)
    body = f",{newline}{inner}".join(blocks)
    kept = text[start + 1 : end - 1].rstrip()  # comments in an object without members
    return f"{text[: start + 1]}{kept}{newline}{inner}{body}{newline}{outer}{text[end - 1 :]}"


def _after(text: str, last: Member, blocks: Sequence[str]) -> str:
    """Put the blocks behind the last member, and behind what a comment on its line says of it."""
    trailing = _comma_after(without_comments(text), last.end)
    place = last.end if trailing is None else trailing + 1
    between, missing = _between(text, last.start), "," if trailing is None else ""
    rest = _COMMENT_REST.match(text, place) if "\n" in between else None
    place = rest.end() if rest else place
    new = f"{between}{_joined(text, last.start, blocks)}{'' if trailing is None else ','}"
    return f"{text[: last.end]}{missing}{text[last.end : place]}{new}{text[place:]}"


def indent_unit(text: str) -> str:
    """Return by how much the text indents one level; two spaces where it does not say."""
    found = re.search(r"[{\[][ \t]*\r?\n([ \t]+)\S", without_comments(text))
    return found[1] if found and _indent(text, found.start()) == "" else "  "


def _joined(text: str, place: int, blocks: Sequence[str]) -> str:
    return f",{_between(text, place)}".join(blocks)


def _between(text: str, place: int) -> str:
    """Return what stands between two members of the object in which a member begins at ``place``."""
    line = text.rfind("\n", 0, place) + 1
    if text[line:place].strip(" \t"):
        return " "
    return ("\r\n" if "\r\n" in text else "\n") + text[line:place]


def _indent(text: str, place: int) -> str:
    line = text.rfind("\n", 0, place) + 1
    found = re.compile(r"[ \t]*").match(text, line)
    return found[0] if found else ""


def _comma_after(bare: str, place: int) -> int | None:
    comma = _skip(bare, place)
    return comma if bare[comma : comma + 1] == "," else None


def _with_line(text: str, start: int, end: int) -> tuple[int, int]:
    """Widen a span to whole lines where nothing else stands on them, else over the spaces beside it."""
    line = text.rfind("\n", 0, start) + 1
    rest = _BLANK_REST.match(text, end)
    if text[line:start].strip(" \t"):
        return len(text[:start].rstrip(" \t")), end
    return (start, len(text) - len(text[end:].lstrip(" \t"))) if rest is None else (line, rest.end())


def _object_at(plain: str, path: Sequence[str]) -> int | None:
    start = _skip(plain, 0)
    for key in path:
        inside = _members(plain, start) if plain[start : start + 1] == "{" else []
        start = next((member.value for member in reversed(inside) if member.key == key), len(plain))
    return start if plain[start : start + 1] == "{" else None


def _members(plain: str, start: int) -> list[Member]:
    found: list[Member] = []
    place = _skip(plain, start + 1)
    while plain[place : place + 1] == '"':
        key, after = _DECODER.raw_decode(plain, place)
        value = _skip(plain, _skip(plain, after) + 1)
        _, end = _DECODER.raw_decode(plain, value)
        found.append(Member(key, place, value, end))
        place = _skip(plain, end)
        place = _skip(plain, place + 1) if plain[place : place + 1] == "," else len(plain)
    return found


def _skip(plain: str, place: int) -> int:
    found = _SPACE.match(plain, place)
    return found.end() if found else place
