"""What the model is told before it searches: which servers are behind the search.

A model that does not know what is behind the search does not search. Hosts cut these texts
at 2 KB, so the most important comes first.
"""

from __future__ import annotations

from collections.abc import Sequence

from mcp_toolweaver.core.status import SourceStatus
from mcp_toolweaver.core.tools import Snapshot

_LARGEST_INSTRUCTIONS = 1_900
_LARGEST_DESCRIPTION = 1_200


def instructions(snapshot: Snapshot, statuses: Sequence[SourceStatus]) -> str:
    """Return the server instructions, at most 1,900 bytes."""
    opening = (
        f"{_capital(_count(snapshot, statuses))} are available here through three tools. "
        "search_tools finds the right ones from a description of what you want to do; call_tool calls one of them; "
        "get_tool_details shows their full schemas. "
        "Always search before you say that something cannot be done or do it by other means."
    )
    return _with_servers(opening, snapshot, statuses, _LARGEST_INSTRUCTIONS)


def search_description(snapshot: Snapshot, statuses: Sequence[SourceStatus]) -> str:
    """Return the description of ``search_tools``, at most 1,200 bytes."""
    opening = (
        f"Find the right tool among {_count(snapshot, statuses)} by what you want to do. "
        "Use it whenever a task touches one of the systems below, or any outside system; then call what it found "
        "with call_tool."
    )
    return _with_servers(opening, snapshot, statuses, _LARGEST_DESCRIPTION)


def _count(snapshot: Snapshot, statuses: Sequence[SourceStatus]) -> str:
    """Return how many tools there are; before the first listing there are only servers to count."""
    servers = len(snapshot.by_server) or len(statuses)
    tools = f"{len(snapshot):,}" if snapshot.tools or not servers else "the"
    return f"{tools} tools of {servers} server{'' if servers == 1 else 's'}"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _with_servers(opening: str, snapshot: Snapshot, statuses: Sequence[SourceStatus], largest: int) -> str:
    sizes = sorted(
        ((len(tools), name) for name, tools in snapshot.by_server.items()), key=lambda pair: (-pair[0], pair[1])
    )
    servers = [f"{name} ({size})" for size, name in sizes]
    unlisted = [status.name for status in statuses if not status.tools and status.name not in snapshot.by_server]
    domains = sorted({tool.domain for tool in snapshot.tools.values()} - set(snapshot.by_server))
    text = opening
    for label, names in (("Servers", servers + unlisted), ("Domains", domains)):
        if names:
            text += f"\n{_fitted(label, names, largest - len(text.encode()) - 1)}"
    return text.rstrip()


def _fitted(label: str, names: list[str], room: int) -> str:
    """Return ``label: a, b, c`` in at most ``room`` bytes, the last names left out and counted."""
    for shown in range(len(names), 0, -1):
        rest = f", and {len(names) - shown} more" if shown < len(names) else ""
        line = f"{label}: {', '.join(names[:shown])}{rest}."
        if len(line.encode()) <= room:
            return line
    return ""
