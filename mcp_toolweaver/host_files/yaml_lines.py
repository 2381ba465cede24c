"""Changes entries of one list or mapping at the top of a YAML text by whole lines: the others stay as they are."""

from __future__ import annotations

import io
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.nodes import MappingNode, Node, SequenceNode


@dataclass(frozen=True, slots=True)
class _Entry:
    name: str
    first: int
    """The line it begins at, and that after its last."""
    last: int


def changed(text: str, key: str, remove: Collection[str], add: Mapping[str, Any]) -> str:
    """Return the text with other entries under a key at the top.

    Raises:
        ValueError: what is there is not written in lines of its own.
    """
    newline = "\r\n" if "\r\n" in text else "\n"
    lines = text.splitlines(keepends=True)
    found = _value(text, key)
    if found is None:
        start = "" if not text or text.endswith(("\n", "\r")) else newline
        return text + start + newline.join([f"{key}:", *_written(add, "  ", is_list=False), ""])
    line, node = found
    is_list = isinstance(node, SequenceNode)
    if not node.value:  # null, [] or {}
        name = lines[line].split(":", maxsplit=1)[0]
        lines[line] = newline.join([f"{name}:", *_written(add, "  ", is_list=is_list or key != "extensions"), ""])
        return "".join(lines)
    if node.flow_style or node.start_mark.line == line:
        raise ValueError(f"{key} is written in one line")
    entries = _entries(node, lines)
    indent = lines[entries[0].first][: len(lines[entries[0].first]) - len(lines[entries[0].first].lstrip())]
    gone = {at for each in entries if each.name in {*remove, *add} for at in range(each.first, each.last)}
    new = "".join(f"{each}{newline}" for each in _written(add, indent, is_list=is_list))
    first = entries[0].first
    head = [each for at, each in enumerate(lines[:first]) if at not in gone]
    rest = [each for at, each in enumerate(lines[first:], start=first) if at not in gone]
    if not add and len(gone) >= sum(each.last - each.first for each in entries):
        head[line] = head[line].rstrip("\r\n") + (" []" if is_list else " {}") + newline
    return "".join([*head, new, *rest])


def _value(text: str, key: str) -> tuple[int, Any] | None:
    """Return the line of a key at the top, and the node of its value."""
    root: Node | None = YAML(typ="safe", pure=True).compose(io.StringIO(text))
    if root is None:
        return None
    if not isinstance(root, MappingNode):
        raise ValueError("the top of it is not a mapping")  # noqa: TRY004  as for all that cannot be changed
    return next(((name.start_mark.line, value) for name, value in root.value if name.value == key), None)


def _entries(node: Any, lines: Sequence[str]) -> list[_Entry]:
    if isinstance(node, MappingNode):
        named = [(str(name.value), name.start_mark.line) for name, _value in node.value]
    else:
        named = [(_name(item), item.start_mark.line) for item in node.value]
    end = _end(lines, named[-1][1], node.end_mark.line)
    starts = [line for _name, line in named]
    return [_Entry(name, line, last) for (name, line), last in zip(named, [*starts[1:], end], strict=True)]


def _end(lines: Sequence[str], first: int, last: int) -> int:
    """Return the line after the last one of a value: comments and blank lines before what comes next belong to that."""
    while last > first + 1 and (not lines[last - 1].strip() or lines[last - 1].lstrip().startswith("#")):
        last -= 1
    return last


def _name(item: Any) -> str:
    values = item.value if isinstance(item, MappingNode) else []
    return next((str(value.value) for key, value in values if key.value == "name"), "")


def _written(add: Mapping[str, Any], indent: str, *, is_list: bool) -> list[str]:
    """Return entries as lines; JSON is YAML, so that texts and lists need no rules of their own."""
    lines: list[str] = []
    for name, entry in add.items():
        items = [f"{key}: {json.dumps(value, ensure_ascii=False)}" for key, value in entry.items()]
        if is_list:
            lines += [f"{indent}{'- ' if at == 0 else '  '}{item}" for at, item in enumerate(items)]
        else:
            lines += [f"{indent}{json.dumps(name, ensure_ascii=False) if not name.isidentifier() else name}:"]
            lines += [f"{indent}  {item}" for item in items]
    return lines
