"""How much work may go into one check, counted in steps and not in seconds, so that it is the same each time."""

from __future__ import annotations

from typing import Any

from mcp_toolweaver.core.json_values import is_array, is_object


class Exhausted(Exception):
    """The steps are used up; what was to be decided stays undecided."""


class Effort:
    """Steps that are left, and how often something had to be left undecided on the way."""

    def __init__(self) -> None:
        self._left = 0
        self.lookup = 0
        """Steps that it takes to find what a reference means that is not the way to it."""
        self.undecided = 0
        """How often a part of a schema had no say since the program started; a difference is what counts."""

    def begin(self, steps: int, *, lookup: int) -> None:
        """Allow so many steps from now on; one takes about 3 µs."""
        self._left = steps
        self.lookup = lookup

    def spend(self, steps: int) -> None:
        """Take steps.

        Raises:
            Exhausted: there are not so many left.
        """
        self._left -= steps
        if self._left < 0:
            raise Exhausted


def is_within(value: Any, *, most: int) -> bool:
    """Whether a JSON value has at most so many parts, each element and each key being one; reads no more than that."""
    waiting, parts = [value], 1
    while waiting:
        part = waiting.pop()
        if is_object(part) or is_array(part):
            parts += len(part)
            if parts > most:
                return False
            waiting.extend(part.values() if is_object(part) else part)
    return True


def depth_of(value: Any, *, most: int) -> int:
    """Return how many containers lie in one another, counted up to ``most``. Meant for values of bounded size."""
    level, depth = [value], 0
    while depth < most:
        inside: list[Any] = []
        nested = False
        for part in level:
            if is_object(part) or is_array(part):
                nested = True
                inside.extend(part.values() if is_object(part) else part)
        if not nested:
            break
        level, depth = inside, depth + 1
    return depth
