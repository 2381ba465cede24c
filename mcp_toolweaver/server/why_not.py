"""Why a search found nothing, or nothing sure, as a typed reason with the next thing to do."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from mcp_toolweaver.core.interfaces import CatalogView
from mcp_toolweaver.core.query import SearchResult
from mcp_toolweaver.core.status import SourceState, SourceStatus
from mcp_toolweaver.core.tools import Tool
from mcp_toolweaver.server.away import is_meant

Reason: TypeAlias = Literal[
    "nothing_fits", "server_offline", "needs_login", "outside_profile", "warming_up", "quarantined", "did_you_mean"
]
"""``quarantined`` is for tools that were set aside; nothing sets any aside yet."""

_MOST_NAMES = 3
_LONGEST_NAME = 60


@dataclass(frozen=True, slots=True)
class WhyNot:
    """The reason, what it means here, and what to do next."""

    reason: Reason
    message: str
    next: str
    tools: tuple[str, ...] = ()
    """Names of tools that may be what was wanted."""
    nearest: tuple[str, ...] = ()
    """The nearest domains."""

    def to_json(self) -> dict[str, Any]:
        """Return it as the reply carries it; what is empty is left out."""
        lists = {"tools": list(self.tools), "nearest": list(self.nearest)}
        said = {"reason": self.reason, "message": self.message, "next": self.next}
        return {**said, **{key: names for key, names in lists.items() if names}}


@dataclass(frozen=True, slots=True)
class Case:
    """A search that is to be explained."""

    question: str
    result: SearchResult
    catalog: CatalogView
    domain: str | None = None
    is_beyond: bool = False
    """Whether the domain that the search was kept to has nothing good, so that the result is that of all domains."""


def explain(case: Case) -> WhyNot | None:
    """Return why nothing was found; for an unsure answer only what may be behind it; None for a sure one.

    An answer from beyond the domain always has a reason.
    """
    if case.result.confidence == "high" and not case.is_beyond:
        return None
    found_nothing = case.result.confidence == "none"
    for check in (*_ALWAYS, *(_IF_NONE if found_nothing else ())):
        why = check(case)
        if why is not None:
            return why
    return None


def _misspelt(case: Case) -> WhyNot | None:
    if not case.result.similar:
        return None
    names = _names(case.result.similar)
    return WhyNot("did_you_mean", "No tool has that name.", "If one of these is meant, call it.", tools=names)


def _meant_and_away(case: Case) -> WhyNot | None:
    failed = [status for status in case.catalog.statuses if status.state is SourceState.FAILED]
    question = f"{case.question} {case.domain or ''}"
    meant = [status for status in failed if is_meant(status, question)]
    if not meant and not case.catalog.snapshot.tools:
        meant = failed
    return _away(meant[0]) if meant else None


def _away(status: SourceStatus) -> WhyNot:
    name = status.name[:_LONGEST_NAME]
    if status.needs_login:
        message = f"Server {name} refuses us until somebody signs in."
        command = re.search(r"`toolweaver login [^`]+`", status.reason)
        how = f"run {command[0]}" if command else f"give Toolweaver a login for {name}"
        return WhyNot("needs_login", message, f"Ask the user to {how}.")
    message = f"Server {name}, which may be meant, is not available."
    return WhyNot("server_offline", message, "Tell the user (degraded says what is wrong), or try another server.")


def _elsewhere(case: Case) -> WhyNot | None:
    if case.domain is None or not case.is_beyond:
        return None
    message = f"Nothing good in {case.domain[:_LONGEST_NAME]}: these are from all domains."
    following = f"If it must be {case.domain[:_LONGEST_NAME]}, search there in other words."
    return WhyNot("outside_profile", message, following)


def _warming(case: Case) -> WhyNot | None:
    starting = [
        status.name[:_LONGEST_NAME]
        for status in case.catalog.statuses
        if status.state is SourceState.CONNECTING and not status.tools
    ]
    again = "Search again in a few seconds."
    if starting:
        return WhyNot("warming_up", f"Still starting: {', '.join(starting[:_MOST_NAMES])}.", again)
    if case.result.is_warming:
        message = "Only words were compared with some tools or all; search by meaning is still getting ready."
        return WhyNot("warming_up", message, again)
    return None


def _nothing(case: Case) -> WhyNot:
    tools = len(case.catalog.snapshot)
    where = f" in {case.domain[:_LONGEST_NAME]}" if case.domain else ""
    message = f"None of {tools:,} tools does this{where}." if tools else "There are no tools."
    following = "Name the action and the system in other words, or go on without a tool."
    return WhyNot("nothing_fits", message, following, nearest=case.result.nearest[:_MOST_NAMES])


def _names(tools: Sequence[Tool]) -> tuple[str, ...]:
    return tuple(tool.callable_name for tool in tools[:_MOST_NAMES])


_Check: TypeAlias = Callable[[Case], WhyNot | None]
_ALWAYS: tuple[_Check, ...] = (_misspelt, _meant_and_away, _elsewhere)
_IF_NONE: tuple[_Check, ...] = (_warming, _nothing)
