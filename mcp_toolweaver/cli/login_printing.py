"""How we stand with remote servers, as a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.markup import escape
from rich.table import Table

from mcp_toolweaver.cli.printing import out


def print_logins(rows: Sequence[Mapping[str, Any]]) -> None:
    """Print a row for each remote server."""
    if not rows:
        out.print("no remote server is configured, so nothing needs a login")
        return
    table = Table("server", "login", "through", "token ends", "what to do")
    for row in rows:
        table.add_row(
            escape(row["server"]),
            "yes" if row["logged_in"] else "no",
            escape(row.get("issuer") or ""),
            _end(row),
            escape(_next(row)),
        )
    out.print(table)


def _end(row: Mapping[str, Any]) -> str:
    if not row["logged_in"]:
        return ""
    ends = row["expires"] or "not said"
    return f"{ends}, renewed before" if row["renews"] else ends


def _next(row: Mapping[str, Any]) -> str:
    if row["needs_login"] is None:
        return "it does not answer"
    return f"toolweaver login {row['server']}" if row["needs_login"] else ""
