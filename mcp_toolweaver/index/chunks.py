"""What is embedded next, and how much of it at once."""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping

from mcp_toolweaver.core.tools import Tool, ToolId

_FIRST = 64
_LEAST = 16
_MOST = 2048
_QUICK = 0.5
_SLOW = 2.0
"""Seconds. A chunk is as large as a device likes it, and small enough that progress shows and little is lost."""


class ChunkSize:
    """Follows how long chunks take."""

    def __init__(self) -> None:
        """Start where nothing is known."""
        self.size = _FIRST

    def note(self, tools: int, seconds: float) -> None:
        """Learn from a chunk of so many tools; one that was not full says nothing about larger ones."""
        if seconds < _QUICK and tools >= self.size:
            self.size = min(2 * self.size, _MOST)
        while seconds > _SLOW and self.size > _LEAST:
            self.size, seconds = max(self.size // 2, _LEAST), seconds / 2


class Waiting:
    """The tools that wait for a vector: what came last goes first, in random order among equals.

    So a tool that changes while a large catalog is embedded is searchable by meaning soon, and
    processes which share their vectors seldom embed the same ones.
    """

    def __init__(self) -> None:
        """Start with none."""
        self._groups: list[list[Tool]] = []
        self._known: set[str] = set()

    def __len__(self) -> int:
        return sum(map(len, self._groups))

    def add(self, tools: Iterable[Tool]) -> None:
        """Let tools wait, but for those that did already."""
        new = [tool for tool in tools if tool.digest not in self._known]
        random.shuffle(new)
        self._known |= {tool.digest for tool in new}
        self._groups.append(new)

    def take(self, most: int, current: Mapping[ToolId, Tool]) -> list[Tool]:
        """Return tools of one group that are still as they were; fewer than ``most`` at its end, none at the end."""
        taken: list[Tool] = []
        while self._groups and len(taken) < most:
            if not self._groups[-1]:
                self._groups.pop()
                if taken:
                    break
                continue
            tool = self._groups[-1].pop()
            if is_same(current.get(tool.id), tool):
                taken.append(tool)
            else:
                self._known.discard(tool.digest)  # it may come back
        return taken


def is_same(indexed: Tool | None, tool: Tool) -> bool:
    """Whether the index holds the tool, and as it is."""
    return indexed is not None and indexed.digest == tool.digest
