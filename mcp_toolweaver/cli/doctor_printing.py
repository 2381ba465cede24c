"""The doctor's report, for people."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from rich.markup import escape
from rich.table import Table

from mcp_toolweaver.cli.doctor_rows import Row, State
from mcp_toolweaver.cli.printing import out
from mcp_toolweaver.core.scrub import scrub

_STYLES: dict[State, str] = {"ok": "green", "warning": "yellow", "problem": "red"}
_LONGEST_NAME = 30


def print_report(rows: Sequence[Row]) -> None:
    """Print a table, then what to do, in lines that can be copied."""
    out.print(_table(rows))
    wrong = [row for row in rows if row.state != "ok"]
    out.print(_summary(wrong))
    for row in wrong:
        out.print(f"  {_colored(row)} {_shown(row.name)}: {_shown(row.advice)}", soft_wrap=True, highlight=False)


def _table(rows: Sequence[Row]) -> Table:
    table = Table(show_header=False, box=None, pad_edge=False)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold", max_width=_LONGEST_NAME)
    table.add_column(overflow="fold")
    for section, group in groupby(rows, key=lambda row: row.section):
        table.add_row("", f"[bold]{section}[/]")
        for row in group:
            table.add_row(_colored(row), _shown(row.name), _shown(row.finding))
        table.add_row()
    return table


def _colored(row: Row) -> str:
    return f"[{_STYLES[row.state]}]{row.state}[/]"


def _summary(wrong: Sequence[Row]) -> str:
    if not wrong:
        return "[green]all is well[/]"
    counts = [(state, sum(row.state == state for row in wrong)) for state in ("problem", "warning")]
    said = [f"{count} {state}{'' if count == 1 else 's'}" for state, count in counts if count]
    return f"{' and '.join(said)}; what to do:"


def _shown(text: str) -> str:
    """Return a foreign text as it can be printed: on one line, nothing hidden in it, no markup."""
    return escape(" ".join(scrub(text).split()))
