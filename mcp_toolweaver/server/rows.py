"""How a hit becomes a row of the reply, in more or less detail."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from mcp_toolweaver.core.query import Hit
from mcp_toolweaver.core.tools import Tool
from mcp_toolweaver.text.signature import signature
from mcp_toolweaver.text.summary import summarize
from mcp_toolweaver.text.tokens import cost, cut, estimate

_LONGEST_NAME = 128
"""Characters of a server's or a tool's own name that are shown; the name to call by is always whole."""
_MOST_ALTERNATIVES = 3


class Level(IntEnum):
    """How much of a tool a row says, least first."""

    NAME = 0
    BRIEF = 1
    WHOLE = 2
    SCHEMA = 3


@dataclass(frozen=True, slots=True)
class _Room:
    """What the texts of a row may take, so that five rows stay within what a model likes to read."""

    purpose_tokens: int
    signature_characters: int


_ROOMS = {Level.BRIEF: _Room(16, 90), Level.WHOLE: _Room(40, 280), Level.SCHEMA: _Room(40, 280)}


def row(hit: Hit, level: Level) -> dict[str, Any]:
    """Return the row of a hit in the detail of a level."""
    tool = hit.tool
    made: dict[str, Any] = {"name": tool.callable_name}
    if level > Level.NAME:
        made |= _described(hit, _ROOMS[level])
    if not tool.is_callable:
        made["callable"] = False
    if level is Level.SCHEMA:
        made["inputSchema"] = tool.input_schema
    return made


def ladder(hit: Hit, levels: Sequence[Level]) -> tuple[int, ...]:
    """Return what the row costs at each of the levels, comma included."""
    costs = {level: cost(row(hit, level)) + 1 for level in set(levels)}
    return tuple(costs[level] for level in levels)


def _described(hit: Hit, room: _Room) -> dict[str, Any]:
    tool = hit.tool
    made: dict[str, Any] = {
        "server": tool.id.server[:_LONGEST_NAME],
        "tool": tool.id.name[:_LONGEST_NAME],
        "description": cut(summarize(tool.description or tool.title), room.purpose_tokens),
        "signature": _signature(tool, room),
        "score": round(hit.score, 3),
    }
    if hints := list(_hints(tool)):
        made["hints"] = hints
    if hit.alternatives:
        made["alternatives"] = [other.callable_name for other in hit.alternatives[:_MOST_ALTERNATIVES]]
    return made


def _signature(tool: Tool, room: _Room) -> str:
    """Return the signature within the room; one of mostly foreign characters is cut by its tokens too."""
    text = signature(tool, longest=room.signature_characters)
    most = room.signature_characters // 2
    return text if estimate(text) <= most else cut(text, most - 1) + ")"


def _hints(tool: Tool) -> Iterator[str]:
    """Yield what the server says about the tool's effects, where it says something that matters before a call."""
    if tool.annotations.get("readOnlyHint") is True:
        yield "read-only"
    elif tool.annotations.get("destructiveHint") is True:
        yield "destructive"
