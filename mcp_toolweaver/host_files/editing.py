"""Changes the list of servers in the text of a host's file, and nothing else in it."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping, MutableMapping
from dataclasses import dataclass
from typing import Any

import tomlkit
from tomlkit.exceptions import TOMLKitError
from tomlkit.items import InlineTable

from mcp_toolweaver.core.json_values import is_array, is_object
from mcp_toolweaver.host_files import yaml_lines
from mcp_toolweaver.host_files.hosts import Syntax
from mcp_toolweaver.host_files.parsing import Unreadable, at, parsed
from mcp_toolweaver.text.json_splice import with_member, without_member


@dataclass(frozen=True, slots=True)
class Change:
    """What is to become of a list of servers."""

    section: tuple[str, ...]
    remove: Collection[str]
    """Names of servers."""
    add: Mapping[str, Any]
    """Entries by name, as the host writes them."""


def changed(text: str, syntax: Syntax, change: Change) -> str:
    """Return the text with the change; everything but the servers that it names is as it was.

    Raises:
        Unreadable: the text is not what it should be, or cannot be changed for sure without changing more.
    """
    before, _doubles = parsed(text, syntax)
    mark = "\ufeff" if text.startswith("\ufeff") else ""
    try:
        made = mark + _EDITORS[syntax](text.removeprefix("\ufeff"), change)
    except (ValueError, TOMLKitError) as error:
        raise Unreadable(f"cannot be changed: {error}") from error
    after, _doubles = parsed(made, syntax)
    if after not in _expected(before, change):
        raise Unreadable("cannot be changed without changing more than the servers; change it by hand")
    return made


def servers_in(document: Mapping[str, Any], section: tuple[str, ...]) -> dict[str, Any]:
    """Return the entries by name, whether they are in an object or in a list."""
    found = at(document, section)
    if is_array(found):
        return {str(entry.get("name")): entry for entry in found if is_object(entry)}
    return dict(found) if is_object(found) else {}


def _expected(before: dict[str, Any], change: Change) -> list[dict[str, Any]]:
    """Return what the changed text may mean: a list without any server may be gone, as TOML's tables are."""
    expected: dict[str, Any] = json.loads(json.dumps(before, default=str))
    inner = expected
    for key in change.section[:-1]:
        inner = inner.setdefault(key, {})
    last = change.section[-1]
    found = inner.get(last)
    if is_array(found):
        kept = [each for each in found if not (is_object(each) and each.get("name") in {*change.remove, *change.add})]
        inner[last] = [*change.add.values(), *kept]
    else:
        names = {*change.remove, *change.add}
        kept_members = {name: entry for name, entry in (found or {}).items() if name not in names}
        inner[last] = {**change.add, **kept_members}
    if inner[last] or inner is not expected:
        return [expected]
    return [expected, {key: value for key, value in expected.items() if key != last}]


def _json(text: str, change: Change) -> str:
    made = text if text.strip() else "{\n}\n"
    for name in change.remove:
        made = without_member(made, [*change.section, name])
    for name, entry in reversed(list(change.add.items())):
        made = with_member(made, [*change.section, name], entry)
    return made


def _toml(text: str, change: Change) -> str:
    document = tomlkit.parse(text)
    [key] = change.section
    section: Any = document.get(key)
    if section is None:
        document[key] = tomlkit.table(is_super_table=True)
        section = document[key]
    if not isinstance(section, MutableMapping):
        raise ValueError(f"{key} is no table")  # noqa: TRY004  as where text is read
    for name in [*change.remove, *change.add]:
        if name in section:
            del section[name]
    for name, entry in change.add.items():
        section[name] = _in_line(entry) if isinstance(section, InlineTable) else _table(entry)
    return tomlkit.dumps(document)


def _table(entry: Mapping[str, Any]) -> Any:
    table = tomlkit.table()
    for key, value in entry.items():
        table.add(key, value)
    return table


def _in_line(value: Any) -> Any:
    """Return a value for a table that is written on one line."""
    if not isinstance(value, Mapping):
        return value
    table = tomlkit.inline_table()
    for key, each in value.items():
        table.append(key, _in_line(each))
    return table


def _yaml(text: str, change: Change) -> str:
    [key] = change.section
    return yaml_lines.changed(text, key, change.remove, change.add)


_EDITORS: Mapping[Syntax, Callable[[str, Change], str]] = {"json": _json, "toml": _toml, "yaml": _yaml}
