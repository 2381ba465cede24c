"""``toolweaver import``: the servers of hosts, as one configuration of ours."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from mcp_toolweaver.cli.configuring import default_configuration
from mcp_toolweaver.cli.import_printing import print_import
from mcp_toolweaver.cli.printing import print_json
from mcp_toolweaver.config import load
from mcp_toolweaver.config.codex import CODEX_KEYS
from mcp_toolweaver.config.server_options import UNDERSTOOD
from mcp_toolweaver.core.errors import ConfigurationError
from mcp_toolweaver.host_files.hosts import BY_NAME, HOSTS, Host, Machine, syntax_of
from mcp_toolweaver.host_files.merging import Merged, merged
from mcp_toolweaver.host_files.parsing import Unreadable, parsed
from mcp_toolweaver.host_files.reading import Found, Reading, host_of, read_file, text_of
from mcp_toolweaver.host_files.writing import with_servers, write_whole

_KEPT = UNDERSTOOD | CODEX_KEYS | {"disabled", "enabled"}
_NOISE = {"name", "description", "bundled", "trust", "autoApprove", "alwaysAllow", "gallery", "id", "version"}
"""What hosts say of servers that changes nothing about how they are run."""
_SECTIONS = ("mcpServers", "servers", "mcp_servers")


@dataclass(frozen=True, slots=True)
class Wishes:
    """What is to be imported, and where to."""

    sources: Sequence[str] = ()
    """Names of hosts, or files; every host that is here, if there is none."""
    to: Path | None = None
    project: Path = field(default_factory=Path.cwd)
    dry_run: bool = False
    without: Sequence[str] = ()
    """Names of servers that are left where they are."""


@dataclass(frozen=True, slots=True)
class Import:
    """What an import comes to."""

    target: Path
    readings: tuple[Reading, ...]
    servers: tuple[Merged, ...]
    """Those that are new."""
    there: tuple[Found, ...]
    """Those that our configuration has already."""
    text: str
    """Of the target, as it is to be."""
    is_changed: bool

    def to_json(self) -> dict[str, Any]:
        """Return it as a JSON object; values of environments and headers are not in it."""
        return {
            "file": str(self.target),
            "changed": self.is_changed,
            "read": [_reading_json(reading) for reading in self.readings],
            "servers": [_server_json(server) for server in self.servers],
            "already_there": [{"name": each.name, "host": each.host.name} for each in self.there],
        }


def run(wishes: Wishes, *, as_json: bool) -> int:
    """Import and print what came of it; return the exit status (1: a file could not be read, 2: wrong usage)."""
    machine = this_machine(wishes.project)
    try:
        planned = plan(wishes, machine)
        if planned.is_changed and not wishes.dry_run:
            write_whole(planned.target, planned.text.encode())
    except (ConfigurationError, Unreadable) as error:
        sys.stderr.write(f"toolweaver: {error}\n")
        return 2
    except OSError as error:
        sys.stderr.write(f"toolweaver: {wishes.to or default_configuration()}: cannot be written: {error.strerror}\n")
        return 2
    problems = () if wishes.dry_run or not planned.is_changed else tuple(map(str, load(planned.target).problems))
    if as_json:
        print_json({**planned.to_json(), "problems": list(problems), "dry_run": wishes.dry_run})
    else:
        print_import(planned, problems, is_dry=wishes.dry_run)
    return 1 if any(reading.problems for reading in planned.readings) else 0


def this_machine(project: Path) -> Machine:
    """Return where files may lie here."""
    return Machine(Path.home(), os.environ, project.absolute())


def plan(wishes: Wishes, machine: Machine) -> Import:
    """Return what is to be written where, without writing it.

    Raises:
        ConfigurationError: a source is neither a host nor a file.
        Unreadable: our own configuration is not what it should be.
    """
    target = wishes.to or default_configuration()
    readings = tuple(read_file(host, file) for host, file in _files(wishes.sources, machine) if file != target)
    try:
        text = text_of(target) if target.exists() else ""
        document, _doubles = parsed(text, syntax_of(target, HOSTS[0]))
    except Unreadable as error:
        raise Unreadable(f"{target}: {error}; correct it there first") from error
    found = [
        _placed(each, machine) for reading in readings for each in reading.found if each.name not in wishes.without
    ]
    servers, there = merged(found, _servers_in(document))
    whole = with_servers(text, servers, is_toml=target.suffix.lower() == ".toml") if servers else text
    return Import(target, readings, tuple(servers), tuple(there), whole, is_changed=whole != text)


def _files(sources: Sequence[str], machine: Machine) -> list[tuple[Host, Path]]:
    if not sources:
        return [(host, file) for host in HOSTS for file in machine.files(host)]
    return [pair for source in sources for pair in _files_of(source, machine)]


def _files_of(source: str, machine: Machine) -> list[tuple[Host, Path]]:
    host = BY_NAME.get(source.casefold())
    if host is not None:
        files = [(host, file) for file in machine.files(host)]
        if files:
            return files
        places = ", ".join(map(str, [*machine.user_files(host), *machine.project_files(host)]))
        raise ConfigurationError(f"{host.title} has no configuration here; looked at {places}; name its file instead")
    name, _, rest = source.partition("=")
    file = Path(rest if name in BY_NAME and rest else source).expanduser()
    if not file.is_file():
        known = ", ".join(BY_NAME)
        raise ConfigurationError(f"{source!r} is neither a host nor a file; hosts: {known}; or write HOST=FILE")
    return [(BY_NAME[name] if name in BY_NAME and rest else host_of(file, machine), file)]


def _placed(found: Found, machine: Machine) -> Found:
    """Return a server without what we do not understand, and with the folder of its project written out."""
    kept = {key: value for key, value in found.values.items() if key in _KEPT}
    is_of_project = machine.project in found.file.absolute().parents and found.file.absolute().parent != machine.home
    folder = str(machine.project) if is_of_project else None
    ignored = tuple(key for key in found.values if key not in _KEPT | _NOISE)
    return replace(found, values=_with_folder(kept, folder) if folder else kept, ignored=ignored)


def _with_folder(value: Any, folder: str) -> Any:
    if isinstance(value, str):
        return value.replace("${workspaceFolder}", folder)
    if isinstance(value, Mapping):
        return {key: _with_folder(item, folder) for key, item in value.items()}
    return [_with_folder(item, folder) for item in value] if isinstance(value, list) else value


def _servers_in(document: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """Return the servers that our configuration has, as they are written."""
    sections = (document.get(key) for key in _SECTIONS)
    return {
        name: entry if isinstance(entry, Mapping) else {}
        for section in sections
        if isinstance(section, Mapping)
        for name, entry in section.items()
    }


def _reading_json(reading: Reading) -> dict[str, Any]:
    return {
        "host": reading.host.name,
        "file": str(reading.file),
        "servers": [each.name for each in reading.found],
        "left_out": [*reading.others, *(each.name for each in reading.found if each.is_ours)],
        "problems": list(reading.problems),
    }


def _server_json(server: Merged) -> dict[str, Any]:
    return {
        "name": server.name,
        "from": [{"host": each.host.name, "name": each.name, "file": str(each.file)} for each in server.found],
        "runs": server.runs,
        "written_outright": list(server.literals),
        "not_taken_over": list(server.ignored),
        "renamed": server.was_renamed,
    }
