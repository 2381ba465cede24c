"""Changes the list of servers in the text of a host's file, and nothing else in it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from mcp_toolweaver.core.json_values import is_array, is_object
from mcp_toolweaver.host_files.hosts import Syntax as SyntaxName
from mcp_toolweaver.host_files.parsing import Unreadable, at, parsed
from mcp_toolweaver.host_files.syntax.block import Malformed, Syntax
from mcp_toolweaver.host_files.syntax.json_syntax import JsonSyntax
from mcp_toolweaver.host_files.syntax.toml_syntax import TomlSyntax
from mcp_toolweaver.host_files.syntax.yaml_syntax import YamlSyntax

_LISTS = "mcpServers"
"""The section that is a list where YAML has it, with ``name`` in each entry."""


@dataclass(frozen=True, slots=True)
class Change:
    """What is to become of a list of servers."""

    section: tuple[str, ...]
    remove: Collection[str]
    """Names of servers."""
    add: Mapping[str, Any]
    """Entries by name, as the host writes them."""
    written: Mapping[str, str] = field(default_factory=dict[str, str])
    """Entries by name as they were written in such a file, see `blocks_in`."""


def changed(text: str, syntax: SyntaxName, change: Change) -> str:
    """Return the text with the change; every character outside of the servers that it names is as it was.

    Raises:
        Unreadable: the text is not what it should be, or cannot be changed for sure without changing more.
    """
    before, _doubles = parsed(text, syntax)
    mark, bare = _without_mark(text)
    way = _way(syntax, change.section, before)
    try:
        new = {name: way.block(bare, change.section, name, entry) for name, entry in change.add.items()}
        out = {*change.remove, *new, *change.written} & servers_in(before, change.section).keys()
        made = mark + way.exchanged(bare, change.section, out, {**new, **change.written})
    except (Malformed, ValueError) as error:
        raise Unreadable(f"cannot be changed: {error}") from error
    try:
        _check(before, parsed(made, syntax)[0], change)
    except Unreadable as error:
        raise Unreadable("cannot be changed without changing more than the servers; change it by hand") from error
    return made


def blocks_in(text: str, syntax: SyntaxName, section: tuple[str, ...]) -> dict[str, str]:
    """Return the servers by name, as they are written.

    Raises:
        Unreadable: they cannot be told from each other.
    """
    document, _doubles = parsed(text, syntax)
    try:
        return _way(syntax, section, document).blocks(_without_mark(text)[1], section) if text.strip() else {}
    except Malformed as error:
        raise Unreadable(f"cannot be read: {error}") from error


def servers_in(document: Mapping[str, Any], section: tuple[str, ...]) -> dict[str, Any]:
    """Return the entries by name, whether they are in an object or in a list."""
    found = at(document, section)
    if is_array(found):
        return {str(entry.get("name")): entry for entry in found if is_object(entry)}
    return dict(found) if is_object(found) else {}


def _way(syntax: SyntaxName, section: tuple[str, ...], document: Mapping[str, Any]) -> Syntax:
    if syntax == "json":
        return JsonSyntax()
    if syntax == "toml":
        return TomlSyntax()
    found = at(document, section)
    return YamlSyntax(as_list=is_array(found) or (not found and section[-1] == _LISTS))


def _without_mark(text: str) -> tuple[str, str]:
    mark = "\ufeff" if text.startswith("\ufeff") else ""
    return mark, text.removeprefix("\ufeff")


def _check(before: Mapping[str, Any], after: Mapping[str, Any], change: Change) -> None:
    """Make sure that nothing but the named servers says anything else afterwards.

    Raises:
        Unreadable: something does.
    """
    named = {*change.remove, *change.add, *change.written}
    was, now = (servers_in(document, change.section) for document in (before, after))
    stayed = {name: entry for name, entry in was.items() if name not in named}
    there = {name: entry for name, entry in now.items() if name not in named}
    is_added = {*change.add, *change.written} <= now.keys()
    if stayed != there or not is_added or _rest(before, change.section) != _rest(after, change.section):
        raise Unreadable("something else would be another one")


def _rest(document: Any, section: tuple[str, ...]) -> Any:
    """Return the document without the list; a parent that would be empty is left out, too."""
    if not is_object(document) or not section:
        return None if not section else document
    first, *rest = section
    inner = _rest(document.get(first), tuple(rest)) if rest else None
    others = {key: value for key, value in document.items() if key != first}
    return {**others, first: inner} if inner else others
