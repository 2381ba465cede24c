"""What a source listed, when, and what was wrong with it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from mcp_toolweaver.catalog.domains import with_domains
from mcp_toolweaver.catalog.reasons import one_line
from mcp_toolweaver.core.tools import Tool

_MOST_PROBLEMS = 100
_LONGEST_PROBLEM = 300


@dataclass(frozen=True, slots=True)
class Listing:
    """One listing of a source."""

    tools: tuple[Tool, ...] = ()
    made_at: float = 0.0
    """Seconds since the epoch; 0 for a listing of which nobody noted it, which is old."""
    problems: tuple[str, ...] = ()
    """What was left out or repaired, and why."""

    def age(self, now: float) -> float:
        """Return how old it is in seconds; one that was made in the future is as old as can be."""
        return now - self.made_at if self.made_at <= now else float("inf")

    @classmethod
    def of(cls, tools: Sequence[Tool], made_at: float = 0.0, problems: Sequence[str] = ()) -> Listing:
        """Return a listing of these tools."""
        return cls(tuple(tools), made_at, tuple(problems))

    def within(self, domain: str | None) -> Listing:
        """Return the same with each tool in its domain, which ``domain`` is if the owner chose one."""
        return Listing(with_domains(self.tools, domain), self.made_at, self.problems)


def taken(tools: Sequence[Any], problems: Any, made_at: float) -> Listing:
    """Return what a plugin listed.

    Raises:
        TypeError: it listed something that is not a tool.
    """
    if not all(isinstance(tool, Tool) for tool in tools):
        raise TypeError("it listed something that is not a Tool")
    return Listing(tuple(tools), made_at, tuple(_bounded(problems)))


def _bounded(problems: Any) -> Iterator[str]:
    told: list[Any] = list(problems) if isinstance(problems, list | tuple) else []  # pyright: ignore[reportUnknownArgumentType]
    for problem in told[:_MOST_PROBLEMS]:
        yield one_line(str(problem), longest=_LONGEST_PROBLEM)
    if len(told) > _MOST_PROBLEMS:
        yield f"and {len(told) - _MOST_PROBLEMS} more"
