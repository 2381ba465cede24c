"""Tools that a search found become tools of the session: listed under their own names, at most twelve.

A host that can call what it was listed calls it in its own way, with the tool's own schema, in the same turn
if it has the new list by then. So the answer to a search waits until the host has listed again, and a moment
more; measured with one host, none of nine tools was usable at once without that, and all nine with it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import anyio

from mcp_toolweaver.core.json_values import is_array, is_object
from mcp_toolweaver.core.tools import Snapshot, ToolId
from mcp_toolweaver.server.exposure import MOST_FOUND
from mcp_toolweaver.server.session import HostSession

_PATIENCE = 1.0
"""Seconds that an answer waits for the host to list again."""
_MOMENT = 0.1
"""Seconds for a host to take in the list that it was given."""


def found_in(reply: Mapping[str, Any], snapshot: Snapshot) -> list[ToolId]:
    """Return the tools of a reply of ``search_tools``, the best first."""
    rows = reply.get("tools")
    names = [row.get("name") for row in rows if is_object(row)] if is_array(rows) else []
    tools = (snapshot.by_callable_name.get(str(name)) for name in names)
    return [tool.id for tool in tools if tool is not None and tool.is_callable]


def touch(session: HostSession, used: ToolId) -> None:
    """Note that a tool was used, so that it stays."""
    if used in session.found:
        session.found.move_to_end(used)


async def add(session: HostSession, found: Iterable[ToolId]) -> None:
    """List what was found, in place of what was used least lately, and wait until the host has listed again."""
    before = set(session.found)
    for each in reversed([*found][:MOST_FOUND]):  # the best last, so that it stays longest
        session.found[each] = None
        session.found.move_to_end(each)
    while len(session.found) > MOST_FOUND:
        session.found.popitem(last=False)
    if set(session.found) != before:
        await _tell(session)


async def _tell(session: HostSession) -> None:
    if session.listed.is_set():
        session.listed = anyio.Event()
    listed = session.listed  # which another search may wait for too
    await session.connection.send_tool_list_changed()
    if session.lists_again is False:
        return
    with anyio.move_on_after(_PATIENCE) as waiting:
        await listed.wait()
    if waiting.cancelled_caught:
        session.lists_again = False
        return
    session.lists_again = True
    await anyio.sleep(_MOMENT)
