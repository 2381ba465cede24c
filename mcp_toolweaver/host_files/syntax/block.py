"""What every syntax can do with the list of servers in a text."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, Protocol

Section = tuple[str, ...]
"""The keys that lead to a list of servers: ``("mcp", "servers")``."""


class Malformed(Exception):
    """The text is not what its syntax wants, or not laid out so that it can be edited."""

    def __init__(self, message: str, line: int | None = None, key: str = "") -> None:
        """Say what is wrong, and where."""
        super().__init__(message)
        self.line = line
        self.key = key


class Syntax(Protocol):
    """A way to write objects down, and to change them in place."""

    @property
    def counting_twin(self) -> str:
        """Which of two keys of one name counts: ``first`` or ``last``."""
        ...

    def parsed(self, text: str) -> Any:
        """Return what the text says: objects, lists and scalars.

        Raises:
            Malformed: it is not of this syntax.
        """
        ...

    def lines(self, text: str, section: Section) -> dict[str, int]:
        """Return the line, from 1, at which each server of the list begins; empty where there is no such list."""
        ...

    def twins(self, text: str, section: Section) -> list[tuple[str, int]]:
        """Return the servers that are in the list for the second time, with the line of each."""
        ...

    def blocks(self, text: str, section: Section) -> dict[str, str]:
        """Return each server of the list as it is written, with its name."""
        ...

    def block(self, text: str, section: Section, name: str, entry: Mapping[str, Any]) -> str:
        """Return a new server as it would be written in this text."""
        ...

    def exchanged(self, text: str, section: Section, out: Collection[str], blocks: Mapping[str, str]) -> str:
        """Return the text with the servers ``out`` removed from the list, and ``blocks`` by name in their place.

        Every character outside of them stays. The list is made where there is none.

        Raises:
            Malformed: the list is written so that one server cannot be told from the others.
        """
        ...


def newline_of(text: str) -> str:
    """Return the line ending that the text uses, or most of it."""
    return "\r\n" if text.count("\r\n") * 2 > text.count("\n") else "\n"


def line_at(text: str, offset: int) -> int:
    """Return the line of a character, from 1."""
    return text.count("\n", 0, offset) + 1
