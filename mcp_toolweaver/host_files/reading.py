"""The servers in the file of a host."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Any

from mcp_toolweaver.core.json_values import is_array, is_object
from mcp_toolweaver.host_files.hosts import HOSTS, Host, Machine, syntax_of
from mcp_toolweaver.host_files.parsing import Unreadable, at, parsed

_OUR_PROGRAMS = {"toolweaver", "mcp-toolweaver"}
_OUR_MODULES = {"mcp_toolweaver", "mcp-toolweaver"}
_LARGEST = 32 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Found:
    """One server, as a host's file has it."""

    name: str
    host: Host
    file: Path
    values: Mapping[str, Any]
    """In the words of ``mcpServers``; variables as they are written."""
    ignored: tuple[str, ...] = ()
    """What the host says of it that we have no word for."""

    @property
    def is_ours(self) -> bool:
        """Whether it starts Toolweaver itself."""
        program = PurePath(str(self.values.get("command", ""))).stem.casefold()
        args = self.values.get("args")
        return program in _OUR_PROGRAMS or any(arg in _OUR_MODULES for arg in (args if is_array(args) else ()))


@dataclass(frozen=True, slots=True)
class Reading:
    """What is in one file."""

    host: Host
    file: Path
    found: tuple[Found, ...] = ()
    others: tuple[str, ...] = ()
    """Entries that are nothing we could start or reach, such as what is built into the host."""
    problems: tuple[str, ...] = ()
    """What is wrong, with its line or key, and what to do."""


def read_file(host: Host, file: Path) -> Reading:
    """Read the servers of a file; never raises for what it finds."""
    try:
        document, doubles = parsed(text_of(file), syntax_of(file, host))
    except Unreadable as error:
        return Reading(host, file, problems=(f"{error}; correct it there, then import again",))
    return _read(host, file, document, doubles)


def text_of(file: Path) -> str:
    """Return the text of a file, with its line ends as they are.

    Raises:
        Unreadable: it cannot be read, is too large, or not UTF-8.
    """
    try:
        if file.stat().st_size > _LARGEST:
            raise Unreadable("larger than 32 MB, which no list of servers is")
        return file.read_bytes().decode("utf-8")
    except UnicodeDecodeError as error:
        raise Unreadable(f"not UTF-8 at byte {error.start + 1}") from error
    except OSError as error:
        raise Unreadable(f"cannot be read: {error.strerror}") from error


def host_of(file: Path, machine: Machine) -> Host:
    """Return the host whose file this is: by where it lies, what it is called, or else what is in it."""
    for host in HOSTS:
        if file.absolute() in {path.absolute() for path in (*machine.user_files(host), *machine.project_files(host))}:
            return host
    named = [host for host in HOSTS if any(_tail(each) == _tail(str(file)) for each in (*host.user, *host.project))]
    return named[0] if named else _by_content(file)


def _by_content(file: Path) -> Host:
    for host in HOSTS:
        try:
            document, _doubles = parsed(text_of(file), syntax_of(file, host))
        except Unreadable:
            continue
        if at(document, host.section) is not None:
            return host
    return HOSTS[0]


def _tail(path: str) -> tuple[str, ...]:
    return PurePath(path).parts[-2:]


def _read(host: Host, file: Path, document: Mapping[str, Any], doubles: tuple[str, ...]) -> Reading:
    sections = dict(_sections(host, document))
    if not sections:
        return Reading(host, file, problems=(*doubles, *_misplaced(host, document)))
    found, others, problems = list[Found](), list[str](), list(doubles)
    for key, section in sections.items():
        if not (is_object(section) or is_array(section)):
            problems.append(f"{key}: must be an object; it is left out")
            continue
        for name, entry in _entries(section):
            values = host.dialect.shared(dict(entry)) if is_object(entry) else None
            if not is_object(entry):
                problems.append(f"{key}.{name}: must be an object; it is left out")
            elif values is None:
                others.append(name)
            else:
                found.append(Found(name, host, file, values))
    return Reading(host, file, tuple(found), tuple(others), tuple(problems))


def _sections(host: Host, document: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yield where servers are in a file; Claude Code's own has more of them, by project."""
    if (section := at(document, host.section)) is not None:
        yield ".".join(host.section), section
    projects = document.get("projects") if host.name == "claude-code" else None
    for folder, project in projects.items() if is_object(projects) else ():
        if is_object(project) and project.get("mcpServers"):
            yield f"projects.{folder}.mcpServers", project["mcpServers"]


def _entries(section: Any) -> Iterator[tuple[str, Any]]:
    if is_object(section):
        yield from section.items()
    for number, entry in enumerate(section if is_array(section) else ()):
        name = entry.get("name") if is_object(entry) else None
        yield str(name or f"server-{number + 1}"), entry


def _misplaced(host: Host, document: Mapping[str, Any]) -> tuple[str, ...]:
    """Say so if a file is that of another host."""
    for other in HOSTS:
        if other.section != host.section and at(document, other.section):
            key, wanted = ".".join(other.section), ".".join(host.section)
            return (f"has no {wanted}, but {key}, as {other.title} writes it; name it with --from {other.name}",)
    return ()
