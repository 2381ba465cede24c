"""A result that was too long for a model, and how the rest of it is read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

READ_RESULT = "read_result"
"""The tool that reads on."""


@dataclass(frozen=True, slots=True)
class ResultPart:
    """A part of the text of a kept result; places are counted in characters from its beginning."""

    text: str
    offset: int
    total: int
    """Characters of the whole text."""

    @property
    def next_offset(self) -> int:
        """Where the part that follows begins."""
        return self.offset + len(self.text)

    @property
    def is_last(self) -> bool:
        """Whether nothing follows."""
        return self.next_offset >= self.total


class ResultReader(Protocol):
    """Where results are read on."""

    def read(self, key: str, offset: int, limit: int | None) -> ResultPart:
        """Return what follows ``offset``: at most ``limit`` characters, and no more than a model should get at once.

        Raises:
            InvalidRequest: nothing is kept under the key for this caller.
        """
        ...
