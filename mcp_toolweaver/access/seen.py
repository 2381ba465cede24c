"""The catalog as some profiles show it: what is outside of them does not exist."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Protocol

from mcp_toolweaver.access.effects import Effects
from mcp_toolweaver.core.access import Profile
from mcp_toolweaver.core.errors import NotPermitted, Unavailable, UnknownTool
from mcp_toolweaver.core.interfaces import CatalogView
from mcp_toolweaver.core.offers import Offers, OfferView
from mcp_toolweaver.core.query import Reach
from mcp_toolweaver.core.status import SourceStatus
from mcp_toolweaver.core.tools import Snapshot, Tool
from mcp_toolweaver.text.resolve import resolve

_NOTHING = Reach(frozenset(), frozenset())


class Whole(CatalogView, OfferView, Protocol):
    """A catalog, with what its servers offer beside tools."""

    def departed(self, name: str, server: str | None = None) -> str | None:
        """Return what happened to the tool of a name that was in the catalog, for the caller whose request it is."""
        ...


class SeenCatalog:
    """A `Whole` that is a part of another one.

    A server belongs to it if one of its tools does, or if it may: as long as it has none, by its name. What a server
    offers beside tools belongs to it only where the server does as a whole, since no rule speaks of it.
    """

    def __init__(self, whole: Whole, profiles: Sequence[Profile], effects: Effects) -> None:
        """Show what is in all of ``profiles``, and what they permit."""
        self._whole = whole
        self._profiles = profiles
        self._effects = effects
        self._of: Snapshot | None = None
        self._shown = self._seen = Snapshot()
        self._reach = _NOTHING

    @property
    def snapshot(self) -> Snapshot:
        """See `CatalogView.snapshot`."""
        self._look()
        return self._seen

    @property
    def reach(self) -> Reach:
        """The same as an index is asked for it."""
        self._look()
        return self._reach

    @property
    def statuses(self) -> tuple[SourceStatus, ...]:
        """See `CatalogView.statuses`; each with the tools that are seen."""
        tools = self.snapshot.by_server
        return tuple(
            replace(status, tools=len(tools.get(status.name, ())), problems=())
            for status in self._whole.statuses
            if status.name in tools or (not status.tools and self._shows_server(status.name))
        )

    @property
    def offers(self) -> Mapping[str, Offers]:
        """See `OfferView.offers`."""
        return {server: offers for server, offers in self._whole.offers.items() if self._shows_server(server)}

    def prefix(self, server: str) -> str:
        """See `OfferView.prefix`."""
        return self._whole.prefix(server)

    async def request(self, server: str, method: str, params: Mapping[str, Any]) -> dict[str, Any]:
        """See `OfferView.request`."""
        self._refuse_unseen(server)
        return await self._whole.request(server, method, params)

    async def watch_resource(self, server: str, uri: str) -> None:
        """See `OfferView.watch_resource`."""
        self._refuse_unseen(server)
        await self._whole.watch_resource(server, uri)

    def departed(self, name: str, server: str | None = None) -> str | None:
        """Return what happened to a tool that was seen, as the whole catalog tells this caller.

        Raises:
            NotPermitted: the tool is there, and a call of it is not.
        """
        self._look()
        try:
            tool = resolve(self._shown, name, server)
        except UnknownTool:
            return self._whole.departed(name, server)
        raise NotPermitted(self._why_not(tool))

    def _look(self) -> None:
        """See what is in the whole catalog by now."""
        whole = self._whole.snapshot
        if whole is self._of:
            return
        shown = [tool for tool in whole.tools.values() if all(profile.shows(tool) for profile in self._profiles)]
        seen = [tool for tool in shown if all(self._effects.permits(profile, tool) for profile in self._profiles)]
        self._of, self._shown, self._seen = whole, Snapshot.of(shown), Snapshot.of(seen)
        self._reach = _reach(whole, self._seen)

    def _shows_server(self, server: str) -> bool:
        return all(profile.shows_server(server) for profile in self._profiles)

    def _refuse_unseen(self, server: str) -> None:
        if not self._shows_server(server):
            raise Unavailable(f"server {server!r}", "is not part of the catalog")

    def _why_not(self, tool: Tool) -> str:
        effect = self._effects.of(tool)
        profile = next(each for each in self._profiles if not self._effects.permits(each, tool))
        may = " and ".join(sorted(profile.effects)) or "no"
        return (
            f"{tool.callable_name} may not be called here: its effect is {effect} ({self._effects.why(tool)}), and "
            f"{profile.name or 'what you were given'} permits {may} calls only. Find another tool with search_tools, "
            "or ask the owner of Toolweaver."
        )


def _reach(whole: Snapshot, seen: Snapshot) -> Reach:
    """Return the seen tools as an index is asked for them: by their servers as far as that is shorter."""
    servers = {server for server, tools in seen.by_server.items() if len(tools) == len(whole.by_server[server])}
    return Reach(frozenset(servers), frozenset(id_ for id_ in seen.tools if id_.server not in servers))
