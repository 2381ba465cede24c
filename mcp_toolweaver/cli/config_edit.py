"""One change of the servers in our configuration: made in memory, shown, then written if it is wanted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mcp_toolweaver.cli.configuring import default_configuration
from mcp_toolweaver.core.errors import ConfigurationError
from mcp_toolweaver.core.json_values import is_array, is_object
from mcp_toolweaver.host_files import masking
from mcp_toolweaver.host_files.editing import Change, changed, servers_in
from mcp_toolweaver.host_files.hosts import HOSTS, Syntax, syntax_of
from mcp_toolweaver.host_files.parsing import Unreadable, parsed
from mcp_toolweaver.host_files.reading import text_of
from mcp_toolweaver.host_files.writing import write_whole

_OURS = ("mcpServers",)
_SECTIONS = (_OURS, ("servers",), ("mcp", "servers"), ("mcp_servers",))
_ENDINGS = (".toml", ".json", ".jsonc")
_LONGEST_NAME = 100


@dataclass(frozen=True, slots=True)
class Edit:
    """A file as it is, and as it is to be."""

    target: Path
    before: str
    after: str
    shown: str
    """As it is to be, without what is not to be seen on a screen."""

    def write(self) -> None:
        """Write the file, unless somebody else has written it since.

        Raises:
            ConfigurationError: somebody has.
            OSError: it cannot be written; it is as it was.
        """
        if _text(self.target) != self.before:
            raise ConfigurationError(f"{self.target} was changed by somebody else meanwhile; say it again")
        write_whole(self.target, self.after.encode())


def with_server(to: Path | None, name: str, values: Mapping[str, Any], shown: Mapping[str, Any]) -> Edit:
    """Return our configuration with one more server.

    Args:
        to: The file; without it the one where our commands look.
        name: What the server is called.
        values: Its entry.
        shown: Its entry as it is shown.

    Raises:
        ConfigurationError: the name is none, or is taken.
        Unreadable: the configuration is not what it should be.
    """
    target = _target(to)
    if not name.strip() or not name.isprintable() or len(name) > _LONGEST_NAME:
        raise ConfigurationError(f"{name[:40]!r} cannot be the name of a server; say another with --as")
    try:
        before, syntax = _text(target), _syntax(target)
        if name in _names(parsed(before, syntax)[0]):
            raise ConfigurationError(f"{target} has a server {name!r} already; call this one otherwise with --as")
        after, masked = (changed(before, syntax, Change(_OURS, (), {name: each})) for each in (values, shown))
    except Unreadable as error:
        raise Unreadable(f"{target}: {error}") from error
    return Edit(target, before, after, masked)


def without_server(to: Path | None, name: str) -> Edit:
    """Return our configuration without a server, in whichever host's shape it is there.

    Raises:
        ConfigurationError: there is none of that name.
        Unreadable: the configuration is not what it should be.
    """
    target = _target(to)
    try:
        before, syntax = _text(target), _syntax(target)
        document, _doubles = parsed(before, syntax)
        section = next((each for each in _SECTIONS if name in servers_in(document, each)), None)
        if section is None:
            known = ", ".join(name for each in _SECTIONS for name in servers_in(document, each))
            raise ConfigurationError(f"{target} has no server {name!r}{f'; it has {known}' if known else ''}")
        after = changed(before, syntax, Change(section, (name,), {}))
    except Unreadable as error:
        raise Unreadable(f"{target}: {error}") from error
    return Edit(target, before, after, after)


def secrets_in(text: str, target: Path) -> Iterator[str]:
    """Yield the values of variables and headers that are written down in a configuration, and secret arguments."""
    document, _doubles = parsed(text, _syntax(target))
    for section in _SECTIONS:
        entries = servers_in(document, section).values()
        yield from masking.secrets_in(entries)
        for entry in entries:
            for key in ("env", "headers", "http_headers"):
                table = entry.get(key) if is_object(entry) else None
                yield from (str(value) for value in (table.values() if is_object(table) else ()))


def _target(to: Path | None) -> Path:
    target = to or default_configuration()
    if target.suffix.lower() not in _ENDINGS:
        raise ConfigurationError(f"{target} is no configuration of ours, which ends with {', '.join(_ENDINGS)}")
    return target


def _syntax(target: Path) -> Syntax:
    return syntax_of(target, HOSTS[0])


def _text(target: Path) -> str:
    return text_of(target) if target.exists() else ""


def _names(document: Mapping[str, Any]) -> set[str]:
    """Return the names that are taken."""
    listed = document.get("sources")
    sources = {str(each.get("name")) for each in (listed if is_array(listed) else ()) if is_object(each)}
    return sources.union(*(servers_in(document, section) for section in _SECTIONS))
