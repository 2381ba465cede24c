"""Which tools a host finds in its list, beside those that find the others."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Literal, TypeAlias

from mcp_types import Tool as WireTool

from mcp_toolweaver.core.errors import UnknownTool
from mcp_toolweaver.core.interfaces import CatalogView
from mcp_toolweaver.core.tools import Snapshot, Tool
from mcp_toolweaver.server.exposed import listed_tools
from mcp_toolweaver.server.session import HostSession
from mcp_toolweaver.text.resolve import resolve

Mode: TypeAlias = Literal["auto", "search", "direct", "dynamic"]
"""``auto``: all tools if they are few; ``search``: none; ``direct``: all; ``dynamic``: those that a search found."""

META_TOOLS = 4
"""Those that find, describe, call and read on."""
MOST_FOUND = 12
"""Tools that are listed for a session because its searches found them."""


@dataclass(frozen=True, slots=True)
class Exposure:
    """What the owner wants listed."""

    mode: Mode = "auto"
    direct_threshold: int = 20
    """``auto`` lists a catalog of at most so many tools."""
    pinned: Sequence[str] = ()
    """Names of tools that are listed for everyone, in any form that `resolve` reads."""
    clients: Mapping[str, Mode] = field(default_factory=dict[str, Mode])
    """Modes for hosts with sessions by what they call themselves, where ``*`` stands for anything; the first counts."""

    def mode_for(self, session: HostSession | None) -> Mode:
        """Return the mode for a host; a list must not depend on it where it has no session (2026-07-28)."""
        if session is None:
            return "search" if self.mode == "dynamic" else self.mode
        name = session.client.casefold()
        for known, mode in self.clients.items():
            if fnmatchcase(name, known.casefold()):
                return mode
        return self.mode

    def listed(
        self, catalog: CatalogView, session: HostSession | None, *, reads_results: bool = False
    ) -> list[WireTool]:
        """Return the list for a host: the meta-tools, then the others in an order that stays."""
        snapshot, mode = catalog.snapshot, self.mode_for(session)
        tools = {tool.id: tool for tool in self._pinned(snapshot)}
        is_wanted = mode == "direct" or (mode == "auto" and len(snapshot) <= self.direct_threshold)
        most = None if session is None else session.traits.most_tools
        if is_wanted and (most is None or len(snapshot) + META_TOOLS <= most):
            tools |= snapshot.tools
        elif mode == "dynamic" and session is not None:
            tools |= {each: snapshot.tools[each] for each in session.found if each in snapshot.tools}
        return listed_tools(catalog, tools.values(), reads_results=reads_results)

    def _pinned(self, snapshot: Snapshot) -> Iterator[Tool]:
        for name in self.pinned:
            try:
                yield resolve(snapshot, name)
            except UnknownTool:
                continue  # its server may not be there yet
