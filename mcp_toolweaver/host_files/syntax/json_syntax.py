"""JSON, with comments and trailing commas or without."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from typing import Any

from mcp_toolweaver.host_files.syntax.block import Malformed, Section, line_at, newline_of
from mcp_toolweaver.text import json_members
from mcp_toolweaver.text.jsonc import plain_json


class JsonSyntax:
    """The servers as members of an object."""

    counting_twin = "last"

    def parsed(self, text: str) -> Any:
        """Return what the text says; see `Syntax`."""
        try:
            return json.loads(plain_json(text), strict=False)
        except json.JSONDecodeError as error:
            raise Malformed(f"is not valid JSON at column {error.colno}: {error.msg}", error.lineno) from error
        except (RecursionError, ValueError) as error:
            raise Malformed("is nested too deep, or holds a number that is too long") from error

    def lines(self, text: str, section: Section) -> dict[str, int]:
        """Return at which line each server begins."""
        return {member.key: line_at(text, member.start) for member in json_members.members(text, section) or ()}

    def twins(self, text: str, section: Section) -> list[tuple[str, int]]:
        """Return the servers that are in the list for the second time, with the line of each."""
        seen: set[str] = set()
        found: list[tuple[str, int]] = []
        for member in json_members.members(text, section) or ():
            if member.key in seen:
                found.append((member.key, line_at(text, member.start)))
            seen.add(member.key)
        return found

    def blocks(self, text: str, section: Section) -> dict[str, str]:
        """Return each server as it is written."""
        found = json_members.members(text, section) or ()
        return {member.key: text[member.start : member.end] for member in found}

    def block(self, text: str, section: Section, name: str, entry: Mapping[str, Any]) -> str:
        """Return a new server as it would be written here: indented like the others, with the same line endings."""
        key = json.dumps(name, ensure_ascii=False)
        margin = self._margin(text, section)
        if margin is None:
            return f"{key}: {json.dumps(entry, ensure_ascii=False)}"
        written = json.dumps(entry, ensure_ascii=False, indent=json_members.indent_unit(text))
        return f"{key}: {written.replace(chr(10), newline_of(text) + margin)}"

    def exchanged(self, text: str, section: Section, out: Collection[str], blocks: Mapping[str, str]) -> str:
        """Return the text with some servers in the place of others; see `Syntax`."""
        whole = text if text.strip() else "{\n}\n"
        for depth in range(len(section)):
            if json_members.object_span(whole, section[: depth + 1]) is None:
                whole = self._with_object(whole, section[:depth], section[depth])
        return json_members.exchanged(whole, section, out, list(blocks.values()))

    def _margin(self, text: str, section: Section) -> str | None:
        """Return what a server's first line is indented by; None where all stands on one line."""
        found = json_members.members(text, section) if text.strip() else None
        if found:
            margin = text[text.rfind("\n", 0, found[0].start) + 1 : found[0].start]
            return None if margin.strip() else margin
        one_line = text.strip() and "\n" not in text.strip()
        return None if one_line else json_members.indent_unit(text) * (len(section) + 1)

    def _with_object(self, text: str, outer: Section, key: str) -> str:
        found = json_members.members(text, outer)
        if found is None or any(member.key == key for member in found):
            raise Malformed("must be an object", key=".".join((*outer, key)))
        return json_members.exchanged(text, outer, (), [f"{json.dumps(key)}: {{}}"])
