"""``toolweaver registry search`` and ``show``."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.markup import escape

from mcp_toolweaver.cli.configuring import configuration
from mcp_toolweaver.cli.exit_codes import ExitCode
from mcp_toolweaver.cli.printing import err, out, print_json
from mcp_toolweaver.core.errors import Unavailable
from mcp_toolweaver.core.scrub import scrub
from mcp_toolweaver.registry.entry import Entry
from mcp_toolweaver.registry.launching import Launch, launches
from mcp_toolweaver.registry.ranking import newest, ranked, searches
from mcp_toolweaver.registry.reading import read_entries, shown

_SHOWN = 5
"""Problems; of more the number is told."""


def search(config: Path | None, words: str, source: str | None, limit: int, *, as_json: bool) -> int:
    """Print the servers that are meant; return the exit status (1: none, or the registry is away)."""
    found = _found(config, searches(words), source)
    if found is None:
        return ExitCode.FOUND_WANTING
    best = ranked(found, words, limit)
    if as_json:
        print_json({"servers": [to_json(entry) for entry in best]})
    for entry in () if as_json else best:
        _print_short(entry)
        _print_ways(entry)
    if not best and not as_json:
        out.print(f"none of {len(found):,} servers is about that", highlight=False)
    return ExitCode.OK if best else ExitCode.FOUND_WANTING


def show(config: Path | None, name: str, source: str | None, *, as_json: bool) -> int:
    """Print one server and each way to run it; return the exit status (1: there is none)."""
    entry = named(config, name, source)
    if entry is None:
        return ExitCode.FOUND_WANTING
    if as_json:
        print_json(to_json(entry))
        return ExitCode.OK
    _print_short(entry)
    for each in launches(entry):
        if isinstance(each, Launch):
            _print_launch(each)
        else:
            out.print(f"    [yellow]not this way:[/] {escape(str(each))}", soft_wrap=True, highlight=False)
    out.print(f"next: toolweaver add {escape(entry.name)}", soft_wrap=True, highlight=False)
    return ExitCode.OK


def named(config: Path | None, name: str, source: str | None) -> Entry | None:
    """Return the server of a name, whole or without whom it is from; None, which was said, if there is not just one."""
    found = _found(config, [name.rpartition("/")[2]], source)
    if found is None:
        return None
    wanted = name.casefold()
    exact = [entry for entry in found if entry.name.casefold() == wanted]
    close = exact or [entry for entry in found if entry.name.casefold().rpartition("/")[2] == wanted]
    if len(close) == 1:
        return close[0]
    if close:
        sys.stderr.write(f"toolweaver: {name!r} is the name of several: {', '.join(each.name for each in close)}\n")
        return None
    likely = ", ".join(each.name for each in ranked(found, name, 3))
    hint = f"; did you mean {likely}?" if likely else "; `toolweaver registry search WORDS` finds others"
    sys.stderr.write(f"toolweaver: the registry has no server {name!r}{hint}\n")
    return None


def to_json(entry: Entry) -> dict[str, Any]:
    """Return a server, and each way to run it, as a JSON object."""
    ways = list(launches(entry))
    return {
        **entry.model_dump(include={"name", "title", "description", "version", "status"}),
        "ways": [
            {"way": each.way, "configuration": each.values, "needs": _needs_json(each), "risks": list(each.risks)}
            for each in ways
            if isinstance(each, Launch)
        ],
        "not_runnable": [str(each) for each in ways if not isinstance(each, Launch)],
    }


def _needs_json(launch: Launch) -> list[dict[str, Any]]:
    return [each.model_dump(include={"name", "description", "isSecret", "choices"}) for each in launch.needs]


def _found(config: Path | None, asked_for: Sequence[str], source: str | None) -> list[Entry] | None:
    chosen = source or configuration(config, log_level="error").settings.registry.source
    try:
        with err.status(f"asking {escape(shown(chosen))}"):
            read = read_entries(chosen, asked_for)
    except Unavailable as away:
        sys.stderr.write(f"toolweaver: {away}\n")
        return None
    for problem in read.problems[:_SHOWN]:
        sys.stderr.write(f"toolweaver: {scrub(problem)}\n")
    if len(read.problems) > _SHOWN:
        sys.stderr.write(f"toolweaver: and {len(read.problems) - _SHOWN} more\n")
    return newest(read.entries)


def _print_short(entry: Entry) -> None:
    mark = f" [yellow]{escape(entry.status)}[/]" if entry.status != "active" else ""
    title = f"  {escape(entry.title)}" if entry.title else ""
    out.print(f"[bold]{escape(entry.name)}[/] {escape(entry.version)}{mark}{title}", soft_wrap=True, highlight=False)
    if entry.description:
        out.print(f"    {escape(' '.join(entry.description.split()))}", soft_wrap=True, highlight=False)


def _print_ways(entry: Entry) -> None:
    """Print how a server could be run, one line a way, or why it cannot."""
    ways = list(launches(entry))
    usable = [each for each in ways if isinstance(each, Launch)]
    for each in usable:
        risky = " [red](risky)[/]" if each.risks else ""
        out.print(f"    {each.way}: {escape(command_of(each.values))}{risky}", soft_wrap=True, highlight=False)
    if not usable:
        why = str(ways[0]) if ways else "it says no way that we know"
        out.print(f"    [yellow]cannot be run:[/] {escape(why)}", soft_wrap=True, highlight=False)
    if secrets := sorted({need.name for each in usable for need in each.needs if need.isSecret}):
        out.print(f"    needs {escape(', '.join(secrets))}", soft_wrap=True, highlight=False)


def _print_launch(launch: Launch) -> None:
    out.print(f"    [bold]{launch.way}[/]: {escape(command_of(launch.values))}", soft_wrap=True, highlight=False)
    for need in launch.needs:
        secret = " (secret)" if need.isSecret else ""
        about = " ".join(need.description.split())
        told = f"      {need.name}{secret}{f': {about}' if about else ''}"
        out.print(escape(told), soft_wrap=True, highlight=False)
    for risk in launch.risks:
        out.print(f"      [red]risk:[/] {escape(risk)}", soft_wrap=True, highlight=False)


def command_of(values: Any) -> str:
    """Return what an entry of ``mcpServers`` runs, or where it is."""
    if "url" in values:
        return str(values["url"])
    arguments: Sequence[str] = values.get("args", [])
    return " ".join([str(values["command"]), *(repr(each) if " " in each else each for each in arguments)])
