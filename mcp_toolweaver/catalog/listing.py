"""What a source listed, when, and what was wrong with it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from mcp_toolweaver.catalog.domains import with_domains
from mcp_toolweaver.catalog.reasons import one_line
from mcp_toolweaver.core.interfaces import CatalogSource
from mcp_toolweaver.core.offers import NO_OFFERS, Offers
from mcp_toolweaver.core.policy import SourcePolicy
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
    offers: Offers = NO_OFFERS
    """What it offers beside its tools."""

    def age(self, now: float) -> float:
        """Return how old it is in seconds; one that was made in the future is as old as can be."""
        return now - self.made_at if self.made_at <= now else float("inf")

    @classmethod
    def of(
        cls, tools: Sequence[Tool], made_at: float = 0.0, problems: Sequence[str] = (), offers: Offers = NO_OFFERS
    ) -> Listing:
        """Return a listing of these tools."""
        return cls(tuple(tools), made_at, tuple(problems), offers)

    def within(self, domain: str | None, policy: SourcePolicy) -> Listing:
        """Return the same as its owner wants its tools: each in its domain, and called as chosen."""
        tools = with_domains(self.tools, domain)
        if policy.prefix is not None:
            tools = tuple(replace(tool, prefix=policy.prefix) for tool in tools)
        return replace(self, tools=tools)

    def offered(self, policy: SourcePolicy) -> Offers:
        """Return of what it offers what its owner wants offered; all of it is kept, as others may want the rest."""
        resources, templates = (self.offers.resources, self.offers.templates) if policy.resources else ((), ())
        return Offers(resources, templates, self.offers.prompts if policy.prompts else ())


def taken(tools: Sequence[Any], offers: Offers, problems: Any, made_at: float) -> Listing:
    """Return what a plugin listed.

    Raises:
        TypeError: it listed something that is not a tool.
    """
    if not all(isinstance(tool, Tool) for tool in tools):
        raise TypeError("it listed something that is not a Tool")
    return Listing(tuple(tools), made_at, tuple(_bounded(problems)), offers)


async def offers_of(source: CatalogSource) -> Offers:
    """Return what a source offers beside its tools; only MCP servers do.

    Raises:
        Unavailable: it went away.
    """
    lister = getattr(source, "list_offers", None)
    offers = await lister() if lister is not None else NO_OFFERS
    return offers if isinstance(offers, Offers) else NO_OFFERS


def _bounded(problems: Any) -> Iterator[str]:
    told: list[Any] = list(problems) if isinstance(problems, list | tuple) else []  # pyright: ignore[reportUnknownArgumentType]
    for problem in told[:_MOST_PROBLEMS]:
        yield one_line(str(problem), longest=_LONGEST_PROBLEM)
    if len(told) > _MOST_PROBLEMS:
        yield f"and {len(told) - _MOST_PROBLEMS} more"
