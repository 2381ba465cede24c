"""How numbers and foreign texts of an evaluation are written for people."""

from __future__ import annotations

from rich.markup import escape
from rich.table import Table

from mcp_toolweaver.core.scrub import scrub
from mcp_toolweaver.evaluation import Interval

_LONGEST = 160
LABELS = {"abstention": "said none, rightly", "false_abstention": "said none, wrongly"}


def shown(text: str) -> str:
    """Return a foreign text as it can be printed: on one line, nothing hidden in it, no markup."""
    return escape(" ".join(scrub(text).split()))


def shortened(text: str) -> str:
    """Return the beginning of a foreign text as it can be printed."""
    return shown(text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…")


def percent(share: float | None) -> str:
    """Return a share in percent; empty if there is none."""
    return "" if share is None else f"{100 * share:.1f}"


def points(difference: float) -> str:
    """Return a difference of shares in points, with its sign."""
    return f"{round(100 * difference, 1) + 0.0:+.1f}"


def chance(p: float) -> str:
    """Return the p of a test; a small one is not shown as zero, which it never is."""
    return "<0.001" if p < 0.001 else f"{p:.3f}"  # noqa: PLR2004  as far as three digits reach


def interval(limits: Interval | None) -> str:
    """Return both ends of an interval in percent; empty if there is none."""
    return "" if limits is None else f"{100 * limits.low:.1f} to {100 * limits.high:.1f}"


def fitting(table: Table) -> Table:
    """Let the first column of a table keep its words together."""
    table.columns[0].no_wrap = True
    return table
