"""What people see of a process that serves."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from rich.markup import escape
from rich.table import Table

from mcp_toolweaver.cli.index_printing import readable_size
from mcp_toolweaver.cli.printing import out
from mcp_toolweaver.telemetry.report import CacheState, Report
from mcp_toolweaver.telemetry.timeline import Moment, State

_STYLES = {State.DONE: "green", State.WAITS: "yellow", State.FAILED: "red"}
_MINUTE = 60
_HOUR = 60 * _MINUTE
_DAY = 24 * _HOUR


def print_report(report: Report) -> None:
    """Print the report as a table of two columns."""
    table = Table(show_header=False)
    for name, value in _rows(report):
        table.add_row(name, value)
    out.print(table)


def _rows(report: Report) -> Iterator[tuple[str, str]]:
    yield "process", f"{report.pid}, mcp-toolweaver {escape(report.version)}"
    yield "since", _since(report.since)
    yield "configuration", escape(report.configuration) or "none"
    yield "ready", "[green]yes[/]" if report.is_ready else "[yellow]not yet[/]"
    yield "tools", f"{report.tools:,}, {report.embedded:,} of them searchable by meaning"
    yield "index", escape(report.engine)
    yield "cache", _cache(report.cache)
    for moment in report.steps:
        yield f"  {moment.step}", _step(moment)
    for sentence in report.degraded:
        yield "degraded", f"[yellow]{escape(sentence)}[/]"


def _cache(cache: CacheState) -> str:
    held = f"{cache.entries:,} values in memory ({readable_size(cache.bytes)})"
    return f"{held}; redis: {escape(cache.redis)}" if cache.redis else held


def _step(moment: Moment) -> str:
    seconds = "" if moment.seconds is None else f"{moment.seconds:.2f} s"
    state = "" if moment.state is State.DONE and seconds else f"[{_STYLES[moment.state]}]{moment.state}[/]"
    return "  ".join(filter(None, [seconds, state, escape(moment.reason)]))


def _since(since: str) -> str:
    start = datetime.fromisoformat(since)
    return f"{start.astimezone():%Y-%m-%d %H:%M:%S}, {span((datetime.now(UTC) - start).total_seconds())} ago"


def span(seconds: float) -> str:
    """Return a time as people say it: 40 s, 12 min, 5 h, 3 days."""
    for unit, size, most in (("s", 1, 2 * _MINUTE), ("min", _MINUTE, 2 * _HOUR), ("h", _HOUR, 2 * _DAY)):
        if seconds < most:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds / _DAY:.0f} days"
