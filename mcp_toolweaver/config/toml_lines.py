"""In which line of a TOML file each key stands; the parser of the standard library does not say."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from typing import TypeAlias

Steps: TypeAlias = tuple[str | int, ...]
"""From the top of the file to a value: keys of objects, positions in lists."""

_TOKEN = re.compile(
    r"""\#[^\n]*|\"{3}(?:[^\\]|\\.)*?\"{3,5}|'{3}.*?'{3,5}|"(?:[^"\\\n]|\\.)*"|'[^'\n]*'|[\[\]{}=,.\n]|[^\s\[\]{}=,.#"']+""",
    re.DOTALL,
)


def toml_places(text: str) -> Iterator[tuple[Steps, int]]:
    """Yield the way to each value of a TOML text, from the top, with the line that it or its key stands in.

    What is only implied, as ``a`` is by ``[a.b]``, stands where that is first. The text must be valid; of one that is
    not, what is yielded may be wrong.
    """
    return _Reader(text).read()


class _Reader:
    """Goes through the tokens of a text."""

    def __init__(self, text: str) -> None:
        self._tokens = list(_tokens(text))
        self._at = 0
        self._lengths: dict[Steps, int] = {}
        """How many tables there are so far in each array of tables."""
        self._seen = set[Steps]()

    def read(self) -> Iterator[tuple[Steps, int]]:
        inside: Steps = ()
        while self._at < len(self._tokens):
            sign, line = self._tokens[self._at]
            if sign == "[":
                inside = self._header()
                yield from self._implied(inside, line)
                yield inside, line
            elif sign == "\n":
                self._at += 1
            else:
                yield from self._member(inside)

    def _header(self) -> Steps:
        """Read ``[a.b]`` or ``[[a.b]]``."""
        is_array = self._sign(1) == "["
        self._at += 2 if is_array else 1
        *outer, last = self._keys("]") or [""]
        inside: Steps = ()
        for key in outer:
            inside = self._in_last((*inside, key))
        inside = (*inside, last)
        if is_array:
            self._lengths[inside] = self._lengths.get(inside, 0) + 1
            inside = self._in_last(inside)
        while self._sign() not in {"\n", ""}:
            self._at += 1
        return inside

    def _in_last(self, steps: Steps) -> Steps:
        """Return the way to the last table of an array of tables; what is none is its own."""
        return (*steps, self._lengths[steps] - 1) if steps in self._lengths else steps

    def _member(self, inside: Steps) -> Iterator[tuple[Steps, int]]:
        """Read ``key = value``."""
        line = self._tokens[self._at][1]
        steps = (*inside, *self._keys("="))
        self._at += 1
        yield from self._implied(steps, line)
        yield steps, line
        yield from self._value(steps)

    def _implied(self, steps: Steps, line: int) -> Iterator[tuple[Steps, int]]:
        """Yield what holds a value, where it has not been yielded yet."""
        for length in range(1, len(steps)):
            if steps[:length] not in self._seen:
                self._seen.add(steps[:length])
                yield steps[:length], line
        self._seen.add(steps)

    def _value(self, steps: Steps) -> Iterator[tuple[Steps, int]]:
        opening = self._sign()
        if opening not in {"[", "{"}:
            while self._sign() not in {",", "]", "}", "\n", ""}:
                self._at += 1
            return
        self._at += 1
        number = 0
        while (sign := self._sign()) not in {"]", "}", ""}:
            if sign in {"\n", ","}:
                self._at += 1
            elif opening == "{":
                yield from self._member(steps)
            else:
                yield (*steps, number), self._tokens[self._at][1]
                yield from self._value((*steps, number))
                number += 1
        self._at += 1

    def _keys(self, end: str) -> list[str]:
        """Read a key with dots up to a sign."""
        keys = list[str]()
        while (sign := self._sign()) not in {end, "\n", ""}:
            if sign != ".":
                keys.append(_unquoted(sign))
            self._at += 1
        return keys

    def _sign(self, ahead: int = 0) -> str:
        """Return a token; an empty one at the end."""
        at = self._at + ahead
        return self._tokens[at][0] if at < len(self._tokens) else ""


def _tokens(text: str) -> Iterator[tuple[str, int]]:
    line, scanned = 1, 0
    for token in _TOKEN.finditer(text):
        line += text.count("\n", scanned, token.start())
        scanned = token.start()
        if not token.group().startswith("#"):
            yield token.group(), line


def _unquoted(token: str) -> str:
    if token[0] not in "\"'":
        return token
    try:
        return str(tomllib.loads(f"key = {token}")["key"])
    except ValueError:
        return token[1:-1]
