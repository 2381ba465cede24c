"""TOML: the servers as tables, each a run of statements that is cut out or put in as a whole."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from mcp_toolweaver.core.json_values import is_array, is_object
from mcp_toolweaver.host_files.syntax.block import Malformed, Section, line_at, newline_of

_LINE = re.compile(r"at line (\d+)")
_WIDEST = 100


@dataclass(frozen=True, slots=True)
class _Statement:
    """A header or a key with its value: where it stands, and which key it is about, from the top."""

    start: int
    end: int
    path: Section
    is_header: bool


class TomlSyntax:
    """The servers as ``[section.NAME]``, ``NAME = {...}`` or ``NAME.key = ...``."""

    counting_twin = "last"

    def parsed(self, text: str) -> Any:
        """Return what the text says; see `Syntax`."""
        try:
            return tomllib.loads(text)
        except (ValueError, RecursionError) as error:
            line = _LINE.search(str(error))
            raise Malformed(f"is not valid TOML: {error}", int(line[1]) if line else None) from error

    def lines(self, text: str, section: Section) -> dict[str, int]:
        """Return at which line each server begins."""
        found: dict[str, int] = {}
        for name, statement in _of_servers(text, section):
            found.setdefault(name, line_at(text, statement.start))
        return found

    def twins(self, text: str, section: Section) -> list[tuple[str, int]]:
        """Return none: TOML has no twins, a text that has them is malformed."""
        del text, section
        return []

    def blocks(self, text: str, section: Section) -> dict[str, str]:
        """Return each server as it is written, its statements one after the other."""
        whole: dict[str, list[_Statement]] = {}
        for name, statement in _of_servers(text, section):
            whole.setdefault(name, []).append(statement)
        servers = as_servers(self.parsed(text), section)
        return {
            name: "".join(_whole(text, statement) for statement in statements)
            if statements[0].is_header
            else self.block(text, section, name, servers[name])  # a key means something else in another place
            for name, statements in whole.items()
        }

    def block(self, text: str, section: Section, name: str, entry: Mapping[str, Any]) -> str:
        """Return a new server as it would be written here."""
        return toml_table((*section, name), entry).replace("\n", newline_of(text))

    def exchanged(self, text: str, section: Section, out: Collection[str], blocks: Mapping[str, str]) -> str:
        """Return the text with some servers in the place of others; see `Syntax`."""
        known = as_servers(self.parsed(text), section)
        gone = [statement for name, statement in _of_servers(text, section) if name in out]
        if {name for name in known if name in out} - {name for name, _ in _of_servers(text, section)}:
            raise Malformed("holds all servers in one value; write each as a table of its own", key=".".join(section))
        new = newline_of(text).join(blocks.values())
        place = gone[0].start if gone and gone[0].is_header else None
        for statement in reversed(gone):
            if statement.start == place and new:
                text = text[:place] + new + _rest(text, statement.end, new)
            else:
                text = text[: statement.start] + text[_with_blank_lines(text, statement) :]
        return _appended(text, new) if new and place is None else text


def _rest(text: str, end: int, new: str) -> str:
    """Return what follows a server, after one blank line."""
    rest = text[end:]
    apart = rest.lstrip(" \t").startswith(("\n", "\r")) or not rest.strip()
    return rest if apart else newline_of(new) + rest


def as_servers(document: Any, section: Section) -> dict[str, Any]:
    """Return the object at the section; an empty one where there is none."""
    for key in section:
        document = document.get(key) if is_object(document) else None
    return document if is_object(document) else {}


def toml_table(path: Section, entry: Mapping[str, Any], comment: str = "") -> str:
    """Return a server as a table with a header, and an optional comment below that."""
    import tomlkit  # noqa: PLC0415  not needed to read

    header = ".".join(tomlkit.key(key).as_string() for key in path)
    head = [f"[{header}]\n", *(f"# {line}\n" for line in comment.splitlines())]
    inline: list[str] = []
    below: list[str] = []
    for key, value in entry.items():
        line = f"{tomlkit.key(key).as_string()} = {_value(value)}\n"
        if is_object(value) and len(line) > _WIDEST:
            below.append("\n" + toml_table((*path, key), value))
        else:
            inline.append(line)
    return "".join([*head, *inline, *below])


def _value(value: Any) -> str:
    import tomlkit  # noqa: PLC0415  not needed to read

    if is_object(value):
        inside = ", ".join(f"{tomlkit.key(key).as_string()} = {_value(item)}" for key, item in value.items())
        return f"{{ {inside} }}" if inside else "{}"
    if is_array(value):
        return f"[{', '.join(_value(item) for item in value)}]"
    make: Any = tomlkit.item
    return str(make(value).as_string())


def _appended(text: str, new: str) -> str:
    newline = newline_of(text)
    if not text.strip():
        return text + new
    return text + ("" if text.endswith("\n") else newline) + newline + new


def _whole(text: str, statement: _Statement) -> str:
    written = text[statement.start : statement.end]
    return written if written.endswith("\n") else written + newline_of(text)


def _with_blank_lines(text: str, statement: _Statement) -> int:
    """Return the end of the statement and of the blank lines behind it."""
    blank = re.compile(r"(?:[ \t]*\r?\n)*").match(text, statement.end)
    return blank.end() if blank else statement.end


def _of_servers(text: str, section: Section) -> Iterator[tuple[str, _Statement]]:
    depth = len(section)
    for statement in _statements(text):
        if statement.path[:depth] == section and len(statement.path) > depth:
            yield statement.path[depth], statement


def _statements(text: str) -> Iterator[_Statement]:
    """Yield the headers and keys; what is between them, comments and blank lines, belongs to none.

    A statement is the shortest run of lines that is TOML on its own.
    """
    table: Section = ()
    start, place, run = 0, 0, ""
    for line in text.splitlines(keepends=True):
        start = start if run else place
        place += len(line)
        run += line
        if not run.strip() or run.lstrip().startswith("#"):
            run = ""
            continue
        try:
            path = _path(tomllib.loads(run))
        except ValueError:
            continue
        is_header = run.lstrip().startswith("[")
        table = path if is_header else table
        yield _Statement(start, place, path if is_header else (*table, *path), is_header)
        run = ""


def _path(document: Any) -> Section:
    """Return the keys that lead to the first value that is not a table of one key."""
    if is_array(document) and len(document) == 1:  # of [[tables]]
        return _path(document[0])
    if not is_object(document) or len(document) != 1:
        return ()
    key, value = next(iter(document.items()))
    return (key, *_path(value))
