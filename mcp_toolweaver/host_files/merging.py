"""The servers of many files as one list, in which each is there once.

Two entries are one server if they run the same: the same program, arguments and folder, or the same URL, with the same
variables or headers by name. Where both give another value outright, they are two accounts, and so two servers.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import count
from pathlib import PurePath
from typing import Any, TypeAlias

from mcp_toolweaver.host_files.reading import Found

Identity: TypeAlias = tuple[str, ...]

_VALUES = ("env", "headers", "http_headers")
_EXTENSIONS = {".exe", ".cmd", ".bat"}


@dataclass(frozen=True, slots=True)
class Merged:
    """One server, and where it was found."""

    name: str
    values: Mapping[str, Any]
    found: tuple[Found, ...]
    """The first is where its values are from."""

    @property
    def was_renamed(self) -> bool:
        """Whether another server has the name that it had."""
        return self.name != self.found[0].name

    @property
    def ignored(self) -> tuple[str, ...]:
        """What hosts say of it that we have no word for."""
        return tuple(dict.fromkeys(key for each in self.found for key in each.ignored))

    @property
    def runs(self) -> str:
        """What it runs or where it is, without arguments and whatever else may be a secret."""
        if command := self.values.get("command"):
            return str(command)
        return _url(self.values).partition("?")[0].rpartition("@")[2]

    @property
    def literals(self) -> tuple[str, ...]:
        """What of its environment and headers is written outright, and so may be a secret."""
        return tuple(key for key, value in _values(self.values).items() if not _is_reference(value))


def merged(found: Iterable[Found], taken: Mapping[str, Mapping[str, Any]]) -> tuple[list[Merged], list[Found]]:
    """Return the servers, each once, and those of them that are ``taken`` already, under whichever name.

    Our own are left out.
    """
    groups, there = list[Merged](), list[Found]()
    for each in found:
        if each.is_ours:
            continue
        if any(is_same(each.values, values) for values in taken.values()):
            there.append(each)
            continue
        at = next((at for at, group in enumerate(groups) if is_same(group.values, each.values)), None)
        if at is None:
            groups.append(Merged(each.name, each.values, (each,)))
        else:
            groups[at] = _joined(groups[at], each)
    return list(_named(groups, taken)), there


def is_same(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether two entries are one server."""
    if _identity(one) != _identity(other):
        return False
    mine, its = _values(one), _values(other)
    return all(
        mine[key] == its[key] or _is_reference(mine[key]) or _is_reference(its[key]) for key in mine.keys() & its.keys()
    )


def _joined(group: Merged, more: Found) -> Merged:
    """Add an entry; values that are looked up when they are needed are better than those written outright."""
    joined = replace(group, found=(*group.found, more))
    if len(group.literals) > len(Merged(more.name, more.values, (more,)).literals):
        return replace(joined, values=more.values)
    return joined


def _identity(values: Mapping[str, Any]) -> Identity:
    names = ",".join(sorted(_values(values)))
    if command := values.get("command"):
        program = PurePath(str(command).replace("\\", "/"))
        name = program.stem if program.suffix.lower() in _EXTENSIONS else program.name
        return ("command", name, json.dumps(values.get("args") or []), str(values.get("cwd") or ""), names)
    return ("url", _url(values).rstrip("/"), names)


def _url(values: Mapping[str, Any]) -> str:
    return next((str(values[key]) for key in ("httpUrl", "url", "serverUrl") if values.get(key)), "")


def _values(values: Mapping[str, Any]) -> dict[str, str]:
    tables = (values.get(key) for key in _VALUES)
    return {key: str(value) for table in tables if isinstance(table, Mapping) for key, value in table.items()}


def _is_reference(value: str) -> bool:
    return "${" in value


def _named(groups: Sequence[Merged], taken: Collection[str]) -> Iterator[Merged]:
    """Yield the servers under names of their own; a clash is settled by a number."""
    names = set(taken)
    for group in groups:
        numbered = (f"{group.name}-{number}" for number in count(2))
        name = group.name if group.name not in names else next(each for each in numbered if each not in names)
        names.add(name)
        yield replace(group, name=name)
