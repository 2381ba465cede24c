"""What people see: tables on stdout, JSON where it was asked for."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from mcp_toolweaver.core.json_values import is_object
from mcp_toolweaver.core.scrub import scrub
from mcp_toolweaver.core.status import SourceState, SourceStatus
from mcp_toolweaver.core.tools import Tool
from mcp_toolweaver.text.summary import summarize

out = Console()
err = Console(stderr=True)

_STYLES = {
    SourceState.READY: "green",
    SourceState.IDLE: "cyan",
    SourceState.CONNECTING: "yellow",
    SourceState.FAILED: "red",
}


def print_json(value: Any) -> None:
    """Print a value as JSON, indented, on stdout."""
    print(json.dumps(value, ensure_ascii=False, indent=2, default=str))  # noqa: T201


def print_reply(query: str, reply: Mapping[str, Any]) -> None:
    """Print the reply of ``search_tools`` as a table."""
    table = Table(title=f"[bold]{escape(query)}[/]  (confidence: {reply['confidence']})", title_justify="left")
    table.add_column("#", justify="right")
    table.add_column("tool", style="cyan", overflow="fold")
    table.add_column("description")
    table.add_column("score", justify="right")
    for number, row in enumerate(reply["tools"], start=1):
        table.add_row(str(number), row["name"], escape(row["description"]), f"{row['score']:.4f}")
    out.print(table if reply["tools"] else f"{table.title}\n  no tool fits")
    if why := reply.get("why"):
        _print_why(why)
    for note in reply["degraded"]:
        out.print(f"  [yellow]note:[/] {escape(note)}")


def _print_why(why: Mapping[str, Any]) -> None:
    out.print(f"  [yellow]why:[/] {escape(why['message'])} {escape(why['next'])}", soft_wrap=True)
    for label in ("tools", "nearest"):
        if names := why.get(label):
            out.print(f"       {label}: {escape(', '.join(names))}", soft_wrap=True)


def print_statuses(statuses: Sequence[SourceStatus], tools: int) -> None:
    """Print the servers as a table."""
    table = Table("server", "kind", "state", "tools", "seconds", "reason", title=f"{tools} tools", title_justify="left")
    for status in statuses:
        seconds = "" if status.seconds is None else f"{status.seconds:.1f}"
        state = f"[{_STYLES[status.state]}]{status.state}[/]"
        table.add_row(escape(status.name), status.kind, state, str(status.tools), seconds, escape(status.reason))
    out.print(table)


def print_problems(statuses: Sequence[SourceStatus]) -> None:
    """Print what was left out of the servers' lists, or repaired, and why."""
    table = Table("server", "problem")
    for status in statuses:
        for problem in status.problems:
            table.add_row(escape(status.name), escape(problem))
    out.print(table if table.row_count else "no tool was left out")


def print_tools(tools: Sequence[Tool]) -> None:
    """Print tools as a table."""
    table = Table("tool", "domain", "description")
    for tool in tools:
        table.add_row(escape(tool.callable_name), escape(tool.domain), escape(summarize(tool.description, longest=120)))
    out.print(table)


def print_result(payload: Mapping[str, Any]) -> None:
    """Print the content of a call's result, text as it is and other blocks by their kind."""
    for block in payload.get("content", []):
        kind, text = (block.get("type"), block.get("text")) if is_object(block) else (None, None)
        out.print(scrub(text) if isinstance(text, str) else f"<{kind}>", markup=False, highlight=False)
