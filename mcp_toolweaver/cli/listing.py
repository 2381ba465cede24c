"""``toolweaver list``."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import anyio
from rich.markup import escape
from rich.table import Table

from mcp_toolweaver.app import open_app
from mcp_toolweaver.catalog.domains import DomainCount, count_domains
from mcp_toolweaver.cli.configuring import configuration, is_usable
from mcp_toolweaver.cli.printing import out, print_json, print_problems, print_statuses, print_tools
from mcp_toolweaver.cli.running import by_words_alone, eagerly, running
from mcp_toolweaver.cli.stdout_apart import stdout_apart
from mcp_toolweaver.cli.timing_printing import print_timing
from mcp_toolweaver.cli.within import looking_through
from mcp_toolweaver.config import Configuration
from mcp_toolweaver.core.errors import ConfigurationError
from mcp_toolweaver.core.status import SourceState, SourceStatus
from mcp_toolweaver.core.tools import Snapshot, Tool

_MOST_SERVERS = 6


@dataclass(frozen=True, slots=True)
class Wishes:
    """What is to be listed beside the servers."""

    server: str | None = None
    """The tools of this server."""
    profile: str | None = None
    """What is seen within this profile, of all of this."""
    tools: bool = False
    """The tools of all servers."""
    domains: bool = False
    """The domains; with a server, those of its tools."""
    problems: bool = False
    """What was left out of the lists, and why."""
    known: bool = False
    """What the last listings say; no server is started."""
    timing: bool = False
    """What each source took, the slowest first."""


@dataclass(frozen=True, slots=True)
class _Listing:
    statuses: tuple[SourceStatus, ...]
    total: int
    tools: Sequence[Tool] | None
    domains: Sequence[DomainCount] | None
    problems: bool
    took: float | None
    """Seconds until all of them were there, where that is wanted."""


def run(config: Path | None, wishes: Wishes, *, as_json: bool) -> int:
    """Print the servers, and what else is wanted; return the exit status (1: a server failed)."""
    loaded = configuration(config, log_level="warning")
    if not is_usable(loaded):
        return 2
    try:
        with looking_through(loaded.settings, wishes.profile), stdout_apart():
            started = time.perf_counter()
            snapshot, statuses = anyio.run(_known if wishes.known else _list, loaded)
            took = time.perf_counter() - started
    except ConfigurationError as error:
        sys.stderr.write(f"toolweaver: {error}\n")
        return 2
    server = wishes.server
    if server is not None and server not in snapshot.by_server and server not in {each.name for each in statuses}:
        sys.stderr.write(f"toolweaver: there is no server {server!r}; servers: {', '.join(snapshot.by_server)}\n")
        return 2
    listing = _listing(snapshot, statuses, wishes, took if wishes.timing else None)
    if as_json:
        print_json(_as_json(listing))
    else:
        _print(listing)
    return 1 if any(status.state is SourceState.FAILED for status in statuses) else 0


async def _list(loaded: Configuration) -> tuple[Snapshot, tuple[SourceStatus, ...]]:
    """Open every server: this is how one sees which work."""
    async with running(eagerly(loaded), index=False) as app:
        await app.catalog.refresh()
        return app.seen.snapshot, tuple(app.seen.statuses)


async def _known(loaded: Configuration) -> tuple[Snapshot, tuple[SourceStatus, ...]]:
    async with open_app(by_words_alone(loaded)) as app:
        return app.seen.snapshot, tuple(map(_as_known, app.seen.statuses))


def _as_known(status: SourceStatus) -> SourceStatus:
    """Return the status of a source that is not opened, as far as it is known."""
    is_listed = status.state is SourceState.IDLE or status.tools
    return replace(status, reason="" if is_listed else "it was never listed", state=SourceState.IDLE)


def _listing(snapshot: Snapshot, statuses: tuple[SourceStatus, ...], wishes: Wishes, took: float | None) -> _Listing:
    chosen = list(snapshot.tools.values()) if wishes.server is None else list(snapshot.by_server.get(wishes.server, ()))
    shows_tools = wishes.tools or (wishes.server is not None and not wishes.domains)
    return _Listing(
        statuses,
        len(snapshot),
        chosen if shows_tools else None,
        count_domains(chosen) if wishes.domains else None,
        wishes.problems,
        took,
    )


def _print(listing: _Listing) -> None:
    print_statuses(listing.statuses, listing.total)
    if listing.took is not None:
        print_timing(listing.statuses, listing.took)
    if listing.domains is not None:
        _print_domains(listing.domains)
    if listing.tools is not None:
        print_tools(listing.tools)
    if listing.problems:
        print_problems(listing.statuses)
    elif count := sum(len(status.problems) for status in listing.statuses):
        out.print(f"{count} problem{'' if count == 1 else 's'} in the lists; --problems shows them")


def _print_domains(domains: Sequence[DomainCount]) -> None:
    table = Table("domain", "tools", "servers", "detected by", title=f"{len(domains)} domains", title_justify="left")
    for each in domains:
        names = [f"{name} ({tools})" for name, tools in each.servers.items()]
        rest = f", and {len(names) - _MOST_SERVERS} more" if len(names) > _MOST_SERVERS else ""
        servers = ", ".join(names[:_MOST_SERVERS]) + rest
        table.add_row(escape(each.domain), str(each.tools), escape(servers), ", ".join(each.detected))
    out.print(table)


def _as_json(listing: _Listing) -> dict[str, Any]:
    found: dict[str, Any] = {
        "servers": [{**asdict(status), "seconds": status.seconds} for status in listing.statuses],
        "tool_count": listing.total,
    }
    if listing.took is not None:
        found["seconds"] = round(listing.took, 3)
    if listing.domains is not None:
        found["domains"] = [asdict(each) for each in listing.domains]
    if listing.tools is not None:
        found["tools"] = [
            {
                "name": tool.callable_name,
                "server": tool.id.server,
                "domain": tool.domain,
                "kind": tool.kind,
                **_definition(tool),
            }
            for tool in listing.tools
        ]
    return found


def _definition(tool: Tool) -> dict[str, Any]:
    return {"tool": tool.id.name, "description": tool.description, "inputSchema": tool.input_schema}
