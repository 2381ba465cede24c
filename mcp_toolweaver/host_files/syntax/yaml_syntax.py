"""YAML: the servers as entries of a mapping, or as items of a list that have a ``name``."""

from __future__ import annotations

import io
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from mcp_toolweaver.host_files.syntax.block import Malformed, Section, line_at, newline_of

_NOTHING = re.compile(r"[ \t]*(?:#[^\r\n]*)?\r?\n?")


@dataclass(frozen=True, slots=True)
class _Item:
    """A server: its name, and the whole lines that it stands on."""

    name: str
    start: int
    end: int


class YamlSyntax:
    """The servers by name, or in a list."""

    counting_twin = "first"

    def __init__(self, *, as_list: bool = False) -> None:
        """Say whether new lists of servers are lists or mappings."""
        self._as_list = as_list

    def parsed(self, text: str) -> Any:
        """Return what the text says; see `Syntax`. Of twins the first one counts."""
        loader: Any = YAML(typ="safe", pure=True)
        loader.allow_duplicate_keys = True
        try:
            return loader.load(text)
        except (YAMLError, ValueError, RecursionError) as error:
            told: Any = error
            mark, problem = getattr(told, "problem_mark", None), getattr(told, "problem", None)
            line = None if mark is None else int(mark.line) + 1
            raise Malformed(f"is not valid YAML: {problem or 'it cannot be read'}", line) from error

    def lines(self, text: str, section: Section) -> dict[str, int]:
        """Return at which line each server begins."""
        return {item.name: line_at(text, item.start) for item in _items(text, section, to_edit=False)}

    def twins(self, text: str, section: Section) -> list[tuple[str, int]]:
        """Return the servers that are in the list for the second time, with the line of each."""
        items = list(_items(text, section, to_edit=False))
        names = [item.name for item in items]
        return [(item.name, line_at(text, item.start)) for i, item in enumerate(items) if item.name in names[:i]]

    def blocks(self, text: str, section: Section) -> dict[str, str]:
        """Return each server as it is written, in whole lines."""
        return {item.name: _whole(text, item) for item in _items(text, section)}

    def block(self, text: str, section: Section, name: str, entry: Mapping[str, Any]) -> str:
        """Return a new server as it would be written here, in whole lines."""
        found = next(iter(_items(text, section)), None)
        first = "" if found is None else text[found.start : found.end]
        margin = "  " * len(section) if found is None else first[: len(first) - len(first.lstrip(" "))]
        out = io.StringIO()
        writer: Any = YAML()
        writer.default_flow_style = False
        writer.width = 4096
        writer.indent(mapping=2, sequence=4, offset=2)
        writer.dump([{"name": name, **entry}] if self._as_list else {name: dict(entry)}, out)
        lines = out.getvalue().splitlines()
        if self._as_list:
            lines = [line[2:] for line in lines]
        return "".join(f"{margin}{line}{newline_of(text)}" for line in lines)

    def exchanged(self, text: str, section: Section, out: Collection[str], blocks: Mapping[str, str]) -> str:
        """Return the text with some servers in the place of others; see `Syntax`."""
        items = list(_items(text, section))
        gone = [item for item in items if item.name in out]
        new = "".join(blocks.values())
        if not items:
            return _with_section(text, section, new) if new else text
        if not gone:
            return _inserted(text, items[-1].end, new)
        for item in reversed(gone):
            text = text[: item.start] + (new if item is gone[0] else "") + text[item.end :]
        return text if new or len(gone) < len(items) else _emptied(text, section, as_list=self._as_list)


def _inserted(text: str, place: int, new: str) -> str:
    apart = "" if not new or text[:place].endswith("\n") else newline_of(text)
    return text[:place] + apart + new + text[place:]


def _emptied(text: str, section: Section, *, as_list: bool) -> str:
    """Write an empty list, as a key with nothing below it would be null."""
    key = re.compile(rf"^(\s*){re.escape(section[-1])}:[ \t]*(?=\r?$|\r?\n|#)", re.MULTILINE)
    return key.sub(rf"\g<1>{section[-1]}: {'[]' if as_list else '{}'}", text, count=1)


def _with_section(text: str, section: Section, new: str) -> str:
    newline = newline_of(text)
    if len(section) != 1:
        raise Malformed("is missing", key=".".join(section))
    empty = re.compile(
        rf"^{re.escape(section[0])}:[ \t]*(?:\{{\}}|\[\]|null|~)?(?P<rest>[ \t]*(?:#[^\r\n]*)?)(?:\r?\n|\Z)",
        re.MULTILINE,
    )
    if found := empty.search(text):
        return f"{text[: found.start()]}{section[0]}:{found['rest'].rstrip()}{newline}{new}{text[found.end() :]}"
    return text + ("" if not text or text.endswith("\n") else newline) + f"{section[0]}:{newline}{new}"


def _whole(text: str, item: _Item) -> str:
    written = text[item.start : item.end]
    return written if written.endswith("\n") else written + newline_of(text)


def _items(text: str, section: Section, *, to_edit: bool = True) -> Iterator[_Item]:
    node = _composed(text)
    for key in section:
        node = _below(node, key)
    if node is None or node.id == "scalar":
        return
    if node.flow_style and node.value:
        if not to_edit:
            return
        fix = "is written in braces or brackets; write each server on lines of its own"
        raise Malformed(fix, key=".".join(section))
    if node.id == "mapping":
        for key_node, value in node.value:
            yield _item(text, str(key_node.value), key_node, value)
    elif node.id == "sequence":
        for number, value in enumerate(node.value):
            name = _below(value, "name")
            yield _item(
                text, str(name.value) if name is not None and name.id == "scalar" else f"#{number + 1}", value, value
            )


def _item(text: str, name: str, first: Any, last: Any) -> _Item:
    start = text.rfind("\n", 0, int(first.start_mark.index)) + 1
    end = int(last.end_mark.index)
    line = text.rfind("\n", 0, end) + 1
    if not text[line:end].strip():  # a collection ends where the next token begins
        return _Item(name, start, _without_tail(text, start, line))
    after = text.find("\n", end)
    return _Item(name, start, _without_tail(text, start, len(text) if after < 0 else after + 1))


def _without_tail(text: str, start: int, end: int) -> int:
    """Return the end without the blank lines and comments before it, which may be about what follows."""
    lines = text[start:end].splitlines(keepends=True)
    while len(lines) > 1 and _NOTHING.fullmatch(lines[-1]):
        end -= len(lines.pop())
    return end


def _below(node: Any, key: str) -> Any:
    if node is None or node.id != "mapping":
        return None
    return next((value for name, value in reversed(node.value) if name.value == key), None)


def _composed(text: str) -> Any:
    loader: Any = YAML(typ="safe", pure=True)
    try:
        return loader.compose(text)
    except (YAMLError, ValueError, RecursionError) as error:
        raise Malformed("is not valid YAML") from error
