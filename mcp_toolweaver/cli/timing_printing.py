"""How long each source took, beside all of them together: they are opened side by side."""

from __future__ import annotations

from collections.abc import Sequence

from rich.markup import escape
from rich.table import Table

from mcp_toolweaver.cli.printing import out
from mcp_toolweaver.core.status import SourceStatus, Timing

_WIDTH = 30
"""Characters of the longest bar."""


def print_timing(statuses: Sequence[SourceStatus], took: float) -> None:
    """Print what each source took, the slowest first, and what all of them took."""
    timed = sorted(
        ((status, status.timing) for status in statuses if status.timing is not None), key=lambda pair: -_end(pair[1])
    )
    table = Table("server", "queued", "connecting", "listing", "seconds", title_justify="left")
    longest = max((_end(timing) for _status, timing in timed), default=0.0)
    for status, timing in timed:
        seconds = (timing.queued, timing.connecting, timing.listing)
        table.add_row(escape(status.name), *(f"{each:.2f}" for each in seconds), _bar(timing, longest))
    out.print(table)
    out.print(f"{len(timed)} of {len(statuses)} in {took:.2f} s; the slowest took {longest:.2f} s")


def _end(timing: Timing) -> float:
    return timing.queued + timing.seconds


def _bar(timing: Timing, longest: float) -> str:
    """Return when it was opened as a bar: first the queue, then the connection, then the listing."""
    scale = _WIDTH / longest if longest else 0.0
    parts = (("·", timing.queued), ("━", timing.connecting), ("▪", timing.listing))
    return "".join(mark * round(seconds * scale) for mark, seconds in parts)
