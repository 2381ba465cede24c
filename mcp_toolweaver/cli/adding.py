"""``toolweaver add`` and ``toolweaver remove``: a server of the registry in our configuration, and out of it."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.prompt import Confirm

from mcp_toolweaver.cli.add_printing import masked, print_diff, print_launch, print_outcome
from mcp_toolweaver.cli.config_edit import Edit, with_server, without_server
from mcp_toolweaver.cli.exit_codes import ExitCode
from mcp_toolweaver.cli.printing import out, print_json
from mcp_toolweaver.cli.registry_commands import named
from mcp_toolweaver.core.errors import ConfigurationError, InvalidRequest
from mcp_toolweaver.host_files.parsing import Unreadable
from mcp_toolweaver.registry.entry import Entry
from mcp_toolweaver.registry.foreign import NotRunnable
from mcp_toolweaver.registry.giving import check, pairs, with_values
from mcp_toolweaver.registry.launching import Launch, chosen


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


def add(config: Path | None, wishes: Wishes) -> int:
    """Add a server of the registry; return the exit status (1: there is none, or it was not wanted, 2: wrong usage)."""
    entry = named(config, wishes.name, wishes.source)
    if entry is None:
        return ExitCode.FOUND_WANTING
    try:
        return _added(entry, wishes)
    except (ConfigurationError, InvalidRequest, NotRunnable, Unreadable, OSError) as error:
        return _failed(error)


def remove(wishes: Wishes) -> int:
    """Remove a server from our configuration; return the exit status (1: it was not wanted, 2: wrong usage)."""
    try:
        edit = without_server(wishes.to, wishes.name)
        if not wishes.as_json:
            print_diff(edit)
        is_done = not wishes.dry_run and _agreed(wishes, edit)
    except (ConfigurationError, Unreadable, OSError) as error:
        return _failed(error)
    if wishes.as_json:
        print_json({"name": wishes.name, "file": str(edit.target), "removed": is_done})
    else:
        out.print("done" if is_done else "nothing was changed")
    return _status(wishes, is_done=is_done)


def _added(entry: Entry, wishes: Wishes) -> int:
    given = pairs(wishes.given)
    asking = _wanted(chosen(entry, wishes.way), wishes)
    check(asking, given)
    launch, shown = with_values(asking, given), with_values(asking, masked(given)).values
    name = entry.short_name if wishes.alias is None else wishes.alias
    edit = with_server(wishes.to, name, launch.values, shown)
    if not wishes.as_json:
        print_launch(name, entry, launch, shown)
        print_diff(edit)
    is_done = not wishes.dry_run and _agreed(wishes, edit)
    if wishes.as_json:
        needs = [need.name for need in launch.needs]
        print_json({"name": name, "file": str(edit.target), "added": is_done, "configuration": shown, "needs": needs})
    else:
        print_outcome(edit, launch, is_done=is_done)
    return _status(wishes, is_done=is_done)


def _wanted(launch: Launch, wishes: Wishes) -> Launch:
    if launch.risks and not wishes.risky:
        raise ConfigurationError(f"{'; '.join(launch.risks)}; say --allow-risky if you want that")
    return launch


def _agreed(wishes: Wishes, edit: Edit) -> bool:
    """Write the change, if it is wanted."""
    if not wishes.yes:
        if wishes.as_json or not sys.stdin.isatty():
            raise ConfigurationError("nobody is here to be asked; say --yes to write it, or --dry-run to only see")
        if not Confirm.ask("write it?", console=out, default=False):
            return False
    edit.write()
    return True


def _status(wishes: Wishes, *, is_done: bool) -> ExitCode:
    return ExitCode.OK if is_done or wishes.dry_run else ExitCode.FOUND_WANTING


def _failed(error: Exception) -> int:
    sys.stderr.write(f"toolweaver: {error}; nothing was changed\n")
    return ExitCode.WRONG_USAGE
