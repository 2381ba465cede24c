"""Tools that a source lists and that cannot be told from others, of which the first counts."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice

from mcp_toolweaver.core.tools import Snapshot, Tool, ToolId

_MOST = 100


def dropped(tools: Iterable[Tool], snapshot: Snapshot) -> list[str]:
    """Return why tools of one source are not in the snapshot that was made of all.

    A tool of the same server from a source that is configured earlier is not among them: that is how a server
    takes the place of a file that describes it.
    """
    return list(islice(_reasons(tools, snapshot), _MOST))


def _reasons(tools: Iterable[Tool], snapshot: Snapshot) -> Iterable[str]:
    seen: set[ToolId] = set()
    for tool in tools:
        if tool.id in seen:
            yield f"tool {tool.id.name!r} is listed twice; the first counts"
        elif tool.id not in snapshot.tools:
            other = snapshot.by_callable_name.get(tool.callable_name)
            whose = f", as is {other.id}" if other else ""
            yield f"tool {tool.id.name!r} is left out: it would be called {tool.callable_name}{whose}"
        seen.add(tool.id)
