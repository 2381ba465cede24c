"""Which tool a name means: forgiving of spelling where it is clear, and helpful where it is not."""

from __future__ import annotations

from collections.abc import Iterator

from rapidfuzz import fuzz, process

from mcp_toolweaver.core.errors import UnknownTool
from mcp_toolweaver.core.tools import Snapshot, Tool, ToolId

_SEPARATORS = ("::", "__", "/", ".", ":")
_CLOSEST = 3
_LEAST_SIMILARITY = 60.0
_LONGEST_NAME = 300


def resolve(snapshot: Snapshot, name: str, server: str | None = None) -> Tool:
    """Return the tool that is meant by a callable name, a pair, or a name that only one server has.

    A pair is ``server`` and the tool's own name, or both in ``name`` joined by ``::``,
    ``__``, ``/``, ``.`` or ``:``.

    Raises:
        UnknownTool: no tool or more than one fits; carries the closest callable names.
    """
    if server is not None and (tool := snapshot.tools.get(ToolId(server, name))) is not None:
        return tool
    for tool in _meant(snapshot, name):
        if server is None or tool.id.server == server:
            return tool
    raise UnknownTool(name[:_LONGEST_NAME], _closest(snapshot, name, server))


def _meant(snapshot: Snapshot, name: str) -> Iterator[Tool]:
    if name in snapshot.by_callable_name:
        yield snapshot.by_callable_name[name]
    for pair in _pairs(name):
        if pair in snapshot.tools:
            yield snapshot.tools[pair]
    namesakes = snapshot.by_tool_name.get(name, ())
    if len(namesakes) == 1:
        yield namesakes[0]


def _pairs(name: str) -> Iterator[ToolId]:
    for separator in _SEPARATORS:
        start = name.find(separator)
        while start != -1:
            yield ToolId(name[:start], name[start + len(separator) :])
            start = name.find(separator, start + 1)


def _closest(snapshot: Snapshot, name: str, server: str | None) -> list[str]:
    """Return up to three callable names: namesakes on several servers, else similar spellings."""
    namesakes = snapshot.by_tool_name.get(name, ())
    if namesakes:
        return [tool.callable_name for tool in namesakes[:_CLOSEST]]
    wanted = f"{server}__{name}" if server else name
    found = process.extract(wanted[:_LONGEST_NAME], list(snapshot.by_callable_name), scorer=fuzz.WRatio, limit=_CLOSEST)
    return [match for match, similarity, _position in found if similarity >= _LEAST_SIMILARITY]
