"""The servers in a configuration file, in whichever host's shape it was written.

    {"mcpServers": {NAME: {...}}}          Claude Desktop, Claude Code, Cursor, Windsurf, Gemini CLI
    {"servers": {NAME: {...}}}             VS Code's mcp.json
    {"mcp": {"servers": {NAME: {...}}}}    VS Code's settings.json
    [mcp_servers.NAME]                     Codex

Each may be JSON or TOML, and one file may hold several.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from mcp_toolweaver.config.codex import shared_form
from mcp_toolweaver.config.fields import Fields
from mcp_toolweaver.config.json_types import as_object, type_name
from mcp_toolweaver.config.own_policy import own_offer, own_policy
from mcp_toolweaver.config.problems import Problems
from mcp_toolweaver.config.server_options import UNDERSTOOD, server_options
from mcp_toolweaver.config.sources import SERVER_KIND, SourceSpec, invalid_options
from mcp_toolweaver.config.variables import Variables

_SECTIONS = (("mcpServers",), ("servers",), ("mcp", "servers"), ("mcp_servers",))
_ENTRY = 'write {"command": "...", "args": []} or {"url": "https://..."}'


def has_servers(document: Mapping[str, Any]) -> bool:
    """Whether the file has a place for servers in the shape of any host, be it empty."""
    return any(_at(document, section) is not None for section in _SECTIONS)


def host_servers(document: Mapping[str, Any], variables: Variables, problems: Problems) -> Iterator[SourceSpec]:
    """Yield the servers of every host's shape in the file, without those that are switched off.

    Args:
        document: The whole file.
        variables: What the variables in the entries stand for.
        problems: Takes what is wrong. A server it is about is yielded all the same, as invalid.
    """
    for section in _SECTIONS:
        entries = _at(document, section)
        if entries is not None:
            yield from _servers(entries, variables, problems.within(".".join(section)))


def server_source(name: str, entry: Mapping[str, Any], variables: Variables, problems: Problems) -> SourceSpec:
    """Return the server that an entry describes; an invalid one if anything is wrong.

    Args:
        name: What the owner calls the server.
        entry: The entry as it was written, in the words of any host.
        variables: What the variables in it stand for.
        problems: The collector of this very entry.
    """
    known = {key: value for key, value in shared_form(entry, problems).items() if key in UNDERSTOOD}
    fields = Fields(variables.expand(known, problems), problems)
    # A text that lacks a variable would be refused once more for what it lacks.
    options = {} if problems.found else server_options(fields)
    own, offer = own_policy(fields), own_offer(fields)
    return SourceSpec(name, SERVER_KIND, invalid_options(problems) or options, problems.key, own=own, **offer)


def _servers(entries: Any, variables: Variables, problems: Problems) -> Iterator[SourceSpec]:
    servers = as_object(entries)
    if servers is None:
        problems.add("", f"must be an object, not {type_name(entries)}", 'write {"NAME": {"command": "..."}}')
    for name, entry in (servers or {}).items():
        if not name.strip():
            problems.add('""', "has no name", "give the server a name")
        elif (source := _server(name, entry, variables, problems.within(name))) is not None:
            yield source


def _server(name: str, entry: Any, variables: Variables, problems: Problems) -> SourceSpec | None:
    values = as_object(entry)
    if values is None:
        problems.add("", f"must be an object, not {type_name(entry)}", _ENTRY)
    elif Fields(values, problems).is_off():
        return None
    return server_source(name, values or {}, variables, problems)


def _at(document: Mapping[str, Any], section: tuple[str, ...]) -> Any:
    *outer, last = section
    for key in outer:
        document = as_object(document.get(key)) or {}
    return document.get(last)
