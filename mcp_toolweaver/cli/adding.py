"""``toolweaver add`` and ``toolweaver remove``: a server of the registry in our configuration, and out of it."""

from __future__ import annotations

import difflib
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.markup import escape
from rich.prompt import Confirm

from mcp_toolweaver.cli.configuring import default_configuration
from mcp_toolweaver.cli.printing import out, print_json
from mcp_toolweaver.cli.registry_commands import command_of, named
from mcp_toolweaver.core.errors import ConfigurationError
from mcp_toolweaver.host_files.editing import Change, changed, servers_in
from mcp_toolweaver.host_files.hosts import HOSTS, syntax_of
from mcp_toolweaver.host_files.parsing import Unreadable, parsed
from mcp_toolweaver.host_files.reading import text_of
from mcp_toolweaver.host_files.writing import write_whole
from mcp_toolweaver.registry.foreign import NotRunnable
from mcp_toolweaver.registry.launching import Launch, chosen

_SECTION = ("mcpServers",)


@dataclass(frozen=True, slots=True)
class Wishes:
    """What is to be added or removed, and where."""

    name: str
    to: Path | None = None
    alias: str | None = None
    """What it is called here."""
    way: str | None = None
    """``npm``, ``pypi``, ``oci`` or ``remote``."""
    source: str | None = None
    given: Sequence[str] = ()
    """``NAME=VALUE``, written down as it is."""
    risky: bool = False
    """Whether what is risky is wanted."""
    yes: bool = False
    dry_run: bool = False
    as_json: bool = False


@dataclass(frozen=True, slots=True)
class _Edit:
    target: Path
    before: str
    after: str


def add(config: Path | None, wishes: Wishes) -> int:
    """Add a server of the registry; return the exit status (1: there is none, or it was not wanted, 2: wrong usage)."""
    entry = named(config, wishes.name, wishes.source)
    if entry is None:
        return 1
    try:
        launch = _wanted(chosen(entry, wishes.way), wishes)
        name = wishes.alias or entry.short_name
        values = _with_given(launch, wishes.given)
        edit = _edited(wishes.to, name, values)
        if not wishes.as_json:
            _show(name, launch, values, edit)
        is_done = not wishes.dry_run and _agreed(wishes, edit)
    except (ConfigurationError, NotRunnable, Unreadable, OSError) as error:
        return _failed(error)
    if wishes.as_json:
        needs = [need.name for need in launch.needs]
        print_json({"name": name, "file": str(edit.target), "added": is_done, "configuration": values, "needs": needs})
    else:
        _tell(edit, launch, is_done=is_done)
    return 0 if is_done or wishes.dry_run else 1


def remove(wishes: Wishes) -> int:
    """Remove a server from our configuration; return the exit status (1: it was not wanted, 2: wrong usage)."""
    try:
        edit = _edited(wishes.to, wishes.name, None)
        if not wishes.as_json:
            _print_diff(edit)
        is_done = not wishes.dry_run and _agreed(wishes, edit)
    except (ConfigurationError, Unreadable, OSError) as error:
        return _failed(error)
    if wishes.as_json:
        print_json({"name": wishes.name, "file": str(edit.target), "removed": is_done})
    else:
        out.print("done" if is_done else "nothing was changed")
    return 0 if is_done or wishes.dry_run else 1


def _edited(to: Path | None, name: str, values: dict[str, Any] | None) -> _Edit:
    """Return our configuration with a server, or without it.

    Raises:
        ConfigurationError: the name is taken, or there is none to be removed.
        Unreadable: the configuration is not what it should be.
    """
    target = to or default_configuration()
    syntax = syntax_of(target, HOSTS[0])
    try:
        before = text_of(target) if target.exists() else ""
        there = servers_in(parsed(before, syntax)[0], _SECTION)
        if values is not None and name in there:
            raise ConfigurationError(f"{target} has a server {name!r} already; call this one otherwise with --as")
        if values is None and name not in there:
            known = f"; it has {', '.join(there)}" if there else ""
            raise ConfigurationError(f"{target} has no server {name!r} among its mcpServers{known}")
        change = Change(_SECTION, () if values else (name,), {name: values} if values else {})
        return _Edit(target, before, changed(before, syntax, change))
    except Unreadable as error:
        raise Unreadable(f"{target}: {error}") from error


def _wanted(launch: Launch, wishes: Wishes) -> Launch:
    if launch.risks and not wishes.risky:
        raise ConfigurationError(f"{'; '.join(launch.risks)}; say --allow-risky if you want that")
    return launch


def _with_given(launch: Launch, given: Sequence[str]) -> dict[str, Any]:
    values = dict(launch.values)
    for each in given:
        name, separator, value = each.partition("=")
        if not separator or not name:
            raise ConfigurationError(f"--env takes NAME=VALUE, not {name!r}")
        values["env"] = {**values.get("env", {}), name: value}
    return values


def _agreed(wishes: Wishes, edit: _Edit) -> bool:
    """Write the change, if it is wanted."""
    if not wishes.yes:
        if wishes.as_json or not sys.stdin.isatty():
            raise ConfigurationError("nobody is here to be asked; say --yes to write it, or --dry-run to only see")
        if not Confirm.ask("write it?", console=out, default=False):
            return False
    write_whole(edit.target, edit.after.encode())
    return True


def _show(name: str, launch: Launch, values: dict[str, Any], edit: _Edit) -> None:
    """Print what would be run, with what, and the change of the file; nothing of it is run now."""
    out.print(f"[bold]{escape(name)}[/] would be started as: {escape(command_of(values))}", soft_wrap=True)
    for key in ("env", "headers"):
        for variable, value in values.get(key, {}).items():
            shown = value if "${" in value else "***" if len(value) > 3 else value  # noqa: PLR2004
            out.print(f"    {escape(f'{variable}={shown}')}", soft_wrap=True, highlight=False)
    for risk in launch.risks:
        out.print(f"    [red]risk:[/] {escape(risk)}", soft_wrap=True, highlight=False)
    _print_diff(edit)


def _print_diff(edit: _Edit) -> None:
    before, after = edit.before.splitlines(), edit.after.splitlines()
    for line in difflib.unified_diff(before, after, str(edit.target), str(edit.target), lineterm="", n=1):
        if line.startswith(("+", "-", "@")) and "env" not in line:
            out.print(escape(line), soft_wrap=True, highlight=False)


def _tell(edit: _Edit, launch: Launch, *, is_done: bool) -> None:
    if not is_done:
        out.print("nothing was changed")
        return
    out.print(f"written to {escape(str(edit.target))}", soft_wrap=True, highlight=False)
    for need in launch.needs:
        secret = " (secret)" if need.isSecret else ""
        out.print(escape(f"  export {need.name}=...{secret}: {' '.join(need.description.split())}"), soft_wrap=True)
    out.print("next: `toolweaver list` starts it")


def _failed(error: Exception) -> int:
    sys.stderr.write(f"toolweaver: {error}; nothing was changed\n")
    return 2
