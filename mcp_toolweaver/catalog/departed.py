"""Tools that have left the catalog, so that a call of one learns what happened to it."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from mcp_toolweaver.core.access import CALLER
from mcp_toolweaver.core.errors import UnknownTool
from mcp_toolweaver.core.tools import Snapshot, Tool, ToolId
from mcp_toolweaver.text.resolve import resolve

_MOST = 1_000
"""Tools that are remembered."""


@dataclass(frozen=True, slots=True)
class _Departure:
    tool: Tool
    at: float
    """Seconds since the epoch."""
    successor: Tool | None
    """The tool that came in its place."""


class Departed:
    """Remembers the last tools that left, for this process."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        """Note the time of a departure by ``clock``, in seconds since the epoch."""
        self._clock = clock
        self._departures: OrderedDict[ToolId, _Departure] = OrderedDict()
        self._snapshot: Snapshot | None = None

    def note(self, before: Snapshot, after: Snapshot) -> None:
        """Note which tools are in ``before`` and no longer in ``after``."""
        for id_ in [id_ for id_ in self._departures if id_ in after.tools]:
            del self._departures[id_]
        gone = [tool for id_, tool in before.tools.items() if id_ not in after.tools]
        for tool in gone:
            new = [each for each in after.by_server.get(tool.id.server, ()) if each.id not in before.tools]
            self._departures[tool.id] = _Departure(tool, self._clock(), _successor(tool, new))
        while len(self._departures) > _MOST:
            self._departures.popitem(last=False)
        self._snapshot = None

    def what_happened(self, name: str, server: str | None = None) -> str | None:
        """Return what happened to the tool of a name in any form that `resolve` reads.

        None if there was none, or none that was there for the caller whose request is under way.
        """
        if not self._departures:
            return None
        if self._snapshot is None:
            self._snapshot = Snapshot.of(departure.tool for departure in self._departures.values())
        caller, known = CALLER.get(), self._snapshot
        if caller.profiles:
            known = Snapshot.of(tool for tool in known.tools.values() if caller.sees(tool))
        try:
            departure = self._departures[resolve(known, name, server).id]
        except UnknownTool:
            return None
        at = time.strftime("%H:%M", time.localtime(departure.at))
        id_, successor = departure.tool.id, departure.successor
        happened = f"server {id_.server!r} no longer has {id_.name!r} (it left its list at {at})"
        if successor is None or not caller.sees(successor):
            return happened
        return f"{happened}; it now has {successor.callable_name!r}, which looks the same"


def _successor(tool: Tool, new: list[Tool]) -> Tool | None:
    """Return the first of the new tools that says the same of itself, or else takes the same arguments."""
    described = (each for each in new if tool.description and each.description == tool.description)
    shaped = (each for each in new if tool.input_schema.get("properties") and each.input_schema == tool.input_schema)
    return next(described, None) or next(shaped, None)
