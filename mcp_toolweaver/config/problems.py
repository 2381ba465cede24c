"""What is wrong with a configuration, said so that its owner can mend it.

Reading goes on after a problem, so that one mistake never hides the next one and never
keeps the healthy servers from starting. A problem names keys and variables, never values:
values may be secrets.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake and its remedy."""

    file: str
    """The file as the owner named it, or ``environment``."""
    key: str
    """Where in the file: ``mcpServers.github.args[1]``; empty for the file as a whole."""
    message: str
    """What is wrong; reads on from the key: ``must be a list``."""
    fix: str
    """What to do about it."""
    line: int | None = field(default=None, compare=False)
    """Where the key stands in the file, as far as that is known."""

    def __str__(self) -> str:
        """Return one printable line: ``file: key (line 3): message; fix``."""
        key = f"{self.key} (line {self.line})" if self.key and self.line else self.key
        place = [part for part in (self.file, key) if part]
        return _printable(": ".join([*place, self.remedy]))

    @property
    def remedy(self) -> str:
        """The message and the fix without the place."""
        return f"{self.message}; {self.fix}"


class Problems:
    """Collects the problems of one file, or of one key in it."""

    def __init__(self, file: str, key: str = "", outer: Sequence[list[Problem]] = ()) -> None:
        """Start with no problems.

        Args:
            file: What the problems' ``file`` shall be.
            key: The key whose problems these are; empty for the whole file.
            outer: Lists that take every problem too; `within` and `elsewhere` fill this in.
        """
        self._file = file
        self._key = key
        self._found: list[Problem] = []
        self._lists = (*outer, self._found)

    @property
    def found(self) -> Sequence[Problem]:
        """The problems at this key and below it, in the order in which they were added."""
        return tuple(self._found)

    @property
    def key(self) -> str:
        """The key whose problems these are; empty for the whole file."""
        return self._key

    @property
    def summary(self) -> str:
        """All that was found here in one line, with keys below this one; empty if nothing was."""
        return _printable(" | ".join(self._in_short(problem) for problem in self._found))

    def within(self, key: str) -> Problems:
        """Return the collector of a key below this one; what it collects is collected here too."""
        return Problems(self._file, self._path(key), self._lists)

    def elsewhere(self, file: str) -> Problems:
        """Return the collector of another file; what it collects is collected here too."""
        return Problems(file, outer=self._lists)

    def add(self, key: str, message: str, fix: str, *, line: int | None = None) -> None:
        """Add a problem of a key below this one, or of this key itself where ``key`` is empty."""
        problem = Problem(self._file, self._path(key), message, fix, line)
        for problems in self._lists:
            problems.append(problem)

    def _in_short(self, problem: Problem) -> str:
        below = problem.key.removeprefix(self._key).removeprefix(".")
        return f"{below}: {problem.remedy}" if below else problem.remedy

    def _path(self, key: str) -> str:
        separator = "." if self._key and key and not key.startswith("[") else ""
        return f"{self._key}{separator}{key}"


def _printable(text: str) -> str:
    return "".join(char if char.isprintable() else ascii(char)[1:-1] for char in text)
