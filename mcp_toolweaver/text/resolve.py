"""Which tool a name means: forgiving of spelling where it is clear, and helpful where it is not."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeAlias

from mcp_toolweaver.core.errors import AmbiguousTool, UnknownTool
from mcp_toolweaver.core.tools import Snapshot, Tool, ToolId
from mcp_toolweaver.text.closeness import resembling

_SEPARATORS = ("::", "__", "/", ".", ":")
_CLOSEST = 3
_LEAST_SIMILARITY = 60.0
_LONGEST_NAME = 300

Departed: TypeAlias = Callable[[str, str | None], str | None]
"""Says what happened to the tool of a name, and perhaps of a server, if there was one."""


def nothing_departed(_name: str, _server: str | None) -> None:
    """Know of no tool that is gone."""


def resolve(snapshot: Snapshot, name: str, server: str | None = None, departed: Departed = nothing_departed) -> Tool:
    """Return the tool that is meant by a callable name, a pair, or a name that only one server has.

    A pair is ``server`` and the tool's own name, or both in ``name`` joined by ``::``,
    ``__``, ``/``, ``.`` or ``:``.

    Raises:
        UnknownTool: no tool fits; carries the closest callable names, and what ``departed`` knows.
        AmbiguousTool: several fit.
    """
    exact = _exact(snapshot, name, server)
    if exact is not None:
        return exact
    readings = {tool.id: tool for tool in _readings(snapshot, name) if server is None or tool.id.server == server}
    if len(readings) == 1:
        return next(iter(readings.values()))
    if readings:
        raise AmbiguousTool(name[:_LONGEST_NAME], [tool.callable_name for tool in readings.values()])
    raise UnknownTool(name[:_LONGEST_NAME], _similar(snapshot, name, server), departed(name, server) or "")


def _exact(snapshot: Snapshot, name: str, server: str | None) -> Tool | None:
    if server is not None and (tool := snapshot.tools.get(ToolId(server, name))) is not None:
        return tool
    tool = snapshot.by_callable_name.get(name)
    return tool if server is None or (tool is not None and tool.id.server == server) else None


def _readings(snapshot: Snapshot, name: str) -> Iterator[Tool]:
    """Yield every tool that the name may be read as."""
    for pair in _pairs(name):
        if pair in snapshot.tools:
            yield snapshot.tools[pair]
    yield from snapshot.by_tool_name.get(name, ())


def _pairs(name: str) -> Iterator[ToolId]:
    if len(name) > _LONGEST_NAME:
        return
    for separator in _SEPARATORS:
        start = name.find(separator)
        while start != -1:
            yield ToolId(name[:start], name[start + len(separator) :])
            start = name.find(separator, start + 1)


def _similar(snapshot: Snapshot, name: str, server: str | None) -> list[str]:
    """Return the callable names of the most similar spelling."""
    wanted = f"{server}__{name}" if server else name
    found = resembling(wanted[:_LONGEST_NAME], list(snapshot.by_callable_name), limit=_CLOSEST)
    return [match for match, similarity in found if similarity >= _LEAST_SIMILARITY]
