"""Prints what was imported."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.markup import escape
from rich.table import Table

from mcp_toolweaver.cli.printing import out
from mcp_toolweaver.core.scrub import scrub
from mcp_toolweaver.host_files.merging import Merged

if TYPE_CHECKING:
    from mcp_toolweaver.cli.importing import Import


def print_import(planned: Import, problems: Sequence[str], *, is_dry: bool) -> None:
    """Print which files were read, which servers are new, and what to do next."""
    if not planned.readings:
        out.print("no host has a configuration here; name a file with --from FILE")
        return
    for reading in planned.readings:
        ours = sum(each.is_ours for each in reading.found)
        more = f", {ours} of them Toolweaver itself" if ours else ""
        others = f"; left alone: {', '.join(reading.others)}" if reading.others else ""
        _line(
            f"[bold]{reading.host.title}[/]: {_shown(f'{len(reading.found)} servers{more} in {reading.file}{others}')}"
        )
        for problem in reading.problems:
            _line(f"  [yellow]problem:[/] {_shown(problem)}")
    if planned.servers:
        out.print(_table(planned))
    if planned.there:
        _line(f"there already: {_shown(', '.join(sorted({each.name for each in planned.there})))}")
    _print_end(planned, problems, is_dry=is_dry)


def _table(planned: Import) -> Table:
    table = Table("server", "from", "runs", "note")
    for server in planned.servers:
        hosts = ", ".join(dict.fromkeys(each.host.title for each in server.found))
        table.add_row(*map(_shown, (server.name, hosts, server.runs, "; ".join(_notes(server)))))
    return table


def _notes(server: Merged) -> list[str]:
    notes: list[str] = []
    if server.was_renamed:
        notes.append(f"was {server.found[0].name}, which another server is called")
    if len(server.found) > 1:
        notes.append(f"{len(server.found)} entries that run the same")
    if server.values.get("disabled") is True or server.values.get("enabled") is False:
        notes.append("switched off")
    if server.ignored:
        notes.append(f"not taken over: {', '.join(server.ignored)}")
    if server.literals:
        notes.append(f"written outright: {', '.join(server.literals)}")
    return notes


def _print_end(planned: Import, problems: Sequence[str], *, is_dry: bool) -> None:
    if not planned.is_changed:
        _line(f"nothing new for {_shown(str(planned.target))}")
        return
    verb = "would be written to" if is_dry else "written to"
    _line(f"{len(planned.servers)} servers {verb} {_shown(str(planned.target))}")
    if any(server.literals for server in planned.servers):
        _line("what is written outright may be secret: put it into the environment, and write ${NAME} instead")
    for problem in problems:
        _line(f"  [yellow]to do:[/] {_shown(problem)}")
    if not is_dry:
        out.print("next: `toolweaver list` starts them; `toolweaver connect HOST` puts Toolweaver into a host")


def _line(text: str) -> None:
    out.print(text, soft_wrap=True, highlight=False)


def _shown(text: str) -> str:
    return escape(" ".join(scrub(text).split()))
