"""``toolweaver list``."""

from __future__ import annotations

import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

import anyio

from mcp_toolweaver.cli.configuring import configuration, is_usable
from mcp_toolweaver.cli.printing import print_json, print_statuses, print_tools
from mcp_toolweaver.cli.running import running
from mcp_toolweaver.config import Configuration
from mcp_toolweaver.core.status import SourceState, SourceStatus
from mcp_toolweaver.core.tools import Snapshot, Tool


def run(config: Path | None, server: str | None, *, tools: bool, as_json: bool) -> int:
    """Print the servers, and tools if wanted; return the exit status (1: a server failed)."""
    loaded = configuration(config, log_level="warning")
    if not is_usable(loaded):
        return 2
    snapshot, statuses = anyio.run(_list, loaded)
    if server is not None and server not in snapshot.by_server and server not in {each.name for each in statuses}:
        sys.stderr.write(f"toolweaver: there is no server {server!r}; servers: {', '.join(snapshot.by_server)}\n")
        return 2
    shown = list(snapshot.by_server.get(server, ())) if server else list(snapshot.tools.values()) if tools else None
    if as_json:
        print_json(_as_json(statuses, len(snapshot), shown))
    else:
        _print(statuses, len(snapshot), shown)
    return 1 if any(status.state is SourceState.FAILED for status in statuses) else 0


async def _list(loaded: Configuration) -> tuple[Snapshot, tuple[SourceStatus, ...]]:
    async with running(loaded, index=False) as app:
        return await app.catalog.refresh(), app.catalog.statuses


def _print(statuses: tuple[SourceStatus, ...], total: int, shown: list[Tool] | None) -> None:
    print_statuses(statuses, total)
    if shown is not None:
        print_tools(shown)


def _as_json(statuses: tuple[SourceStatus, ...], total: int, shown: list[Tool] | None) -> dict[str, Any]:
    listing: dict[str, Any] = {"servers": [asdict(status) for status in statuses], "tool_count": total}
    if shown is not None:
        listing["tools"] = [
            {"name": tool.callable_name, "server": tool.id.server, "domain": tool.domain, **_definition(tool)}
            for tool in shown
        ]
    return listing


def _definition(tool: Tool) -> dict[str, Any]:
    return {"tool": tool.id.name, "description": tool.description, "inputSchema": tool.input_schema}
