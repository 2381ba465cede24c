"""Queries whose right tools are known, read from a file of JSON lines.

Each line is an object::

    {"id": "q1", "query": "book a room and tell the team", "kind": "multi",
     "needs": [["calendar::book_room"], ["slack::post_message", "teams::send"]]}

``needs`` lists what the query takes; each need lists the tools that serve it equally well.
``"relevant": ["a", "b"]`` is short for ``"needs": [["a"], ["b"]]``. An empty list says that no
tool serves the query. A tool is written ``server::tool``, or by its plain name, which stands
for the tools of that name on all servers. Fields not named here are ignored; null is absence.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeGuard

from mcp_toolweaver.core.errors import ConfigurationError
from mcp_toolweaver.core.json_values import is_array, is_object


@dataclass(frozen=True, slots=True)
class LabelledQuery:
    """A query, and the tools that should be found for it."""

    id: str
    text: str
    needs: tuple[tuple[str, ...], ...]
    """The needs, each with its alternatives; empty if no tool serves the query."""
    kind: str = ""
    """What sort of query it is, for a breakdown; empty if it is of none."""


def read_labelled(path: Path) -> tuple[LabelledQuery, ...]:
    """Read the labelled queries of a UTF-8 file.

    Raises:
        ConfigurationError: the file cannot be read, holds no query, or has a bad line.
    """
    try:
        with path.open(encoding="utf-8-sig") as lines:
            return parse_labelled(lines, name=str(path))
    except OSError as error:
        raise ConfigurationError(f"{path}: cannot be read ({error.strerror}). Name a readable file.") from error
    except UnicodeDecodeError as error:
        raise ConfigurationError(f"{path}: is not UTF-8 text ({error.reason}). Save it as UTF-8.") from error


def parse_labelled(lines: Iterable[str], *, name: str) -> tuple[LabelledQuery, ...]:
    """Parse JSON lines; ``name`` is what errors call their source. Blank lines are ignored.

    Raises:
        ConfigurationError: there is no query at all, or a line is bad; names the line and the fix.
    """
    numbered = [(number, line) for number, line in enumerate(lines, start=1) if line.strip()]
    if not numbered:
        raise ConfigurationError(f'{name}: holds no query. Write one a line: {{"query": "...", "needs": [["..."]]}}.')
    first_lines: dict[str, int] = {}
    queries: list[LabelledQuery] = []
    for number, line in numbered:
        query = _parse_line(line, number, where=f"{name}, line {number}")
        first = first_lines.setdefault(query.id, number)
        if first != number:
            fix = "Give each query an id of its own."
            raise ConfigurationError(f"{name}, line {number}: id {query.id!r} is that of line {first}. {fix}")
        queries.append(query)
    return tuple(queries)


def _parse_line(line: str, number: int, *, where: str) -> LabelledQuery:
    record = _parse_object(line, where)
    return LabelledQuery(
        id=_parse_id(record, number, where),
        text=_parse_query(record, where),
        needs=_parse_needs(record, where),
        kind=_parse_kind(record, where),
    )


def _parse_object(line: str, where: str) -> Mapping[str, Any]:
    try:
        record = json.loads(line)
    except json.JSONDecodeError as error:
        fix = "Write one JSON object a line."
        raise ConfigurationError(f"{where}: invalid JSON ({error.msg}, column {error.colno}). {fix}") from error
    except (ValueError, RecursionError) as error:  # numbers too long, brackets too deep
        raise ConfigurationError(f"{where}: invalid JSON ({error}). Write one JSON object a line.") from error
    if not is_object(record):
        raise ConfigurationError(f'{where}: not a JSON object. Write {{"query": "...", "needs": [["..."]]}}.')
    return record


def _parse_id(record: Mapping[str, Any], number: int, where: str) -> str:
    given = record.get("id")
    if given is None:
        return str(number)
    if (isinstance(given, int) and not isinstance(given, bool)) or _is_text(given):
        return str(given)
    raise ConfigurationError(f'{where}: "id" must be a string that is not empty; leave it out for the line number.')


def _parse_query(record: Mapping[str, Any], where: str) -> str:
    query = record.get("query")
    if not _is_text(query):
        raise ConfigurationError(f'{where}: "query" is missing or not text. Write what the user asks: "query": "...".')
    return query


def _parse_kind(record: Mapping[str, Any], where: str) -> str:
    kind = record.get("kind")
    if kind is None:
        return ""
    if not isinstance(kind, str):
        raise ConfigurationError(f'{where}: "kind" must be a string. Put it in quotes or leave it out.')
    return kind


def _parse_needs(record: Mapping[str, Any], where: str) -> tuple[tuple[str, ...], ...]:
    needs = record.get("needs")
    if needs is None:
        return tuple((tool,) for tool in _parse_relevant(record, where))
    if not is_array(needs) or not all(_is_texts(need) and need for need in needs):
        fix = 'Write one inner list of tool names for each need: "needs": [["server::tool"]], or [] for none.'
        raise ConfigurationError(f'{where}: "needs" must be a list of lists of strings, none of them empty. {fix}')
    return tuple(tuple(need) for need in needs)


def _parse_relevant(record: Mapping[str, Any], where: str) -> list[str]:
    relevant = record.get("relevant")
    if relevant is None:
        fix = 'Write "needs": [["server::tool"]], or "needs": [] if no tool serves the query.'
        raise ConfigurationError(f'{where}: has neither "needs" nor "relevant". {fix}')
    if not _is_texts(relevant):
        fix = 'Write "relevant": ["server::tool"], or [] for none.'
        raise ConfigurationError(f'{where}: "relevant" must be a list of strings, none of them empty. {fix}')
    return relevant


def _is_text(value: object) -> TypeGuard[str]:
    return isinstance(value, str) and bool(value.strip())


def _is_texts(value: object) -> TypeGuard[list[str]]:
    return is_array(value) and all(_is_text(item) for item in value)
