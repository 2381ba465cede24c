"""Telling hosts that a list has changed: only if the names in it have, which would else spoil their prompt cache."""

from __future__ import annotations

from mcp.server.subscriptions import (
    InMemorySubscriptionBus,
    PromptsListChanged,
    ResourcesListChanged,
    ToolsListChanged,
)

from mcp_toolweaver.core.access import CALLER, Caller
from mcp_toolweaver.server.offered import Offered
from mcp_toolweaver.server.session import HostSession
from mcp_toolweaver.server.sessions import Sessions
from mcp_toolweaver.server.telling import Telling, tell_all
from mcp_toolweaver.server.tool_requests import ToolRequests


class Announcer:
    """Knows what hosts were listed last."""

    def __init__(
        self, sessions: Sessions, bus: InMemorySubscriptionBus, tools: ToolRequests, offered: Offered | None
    ) -> None:
        """Tell the hosts of ``sessions``, and those without a session over ``bus``."""
        self._sessions = sessions
        self._bus = bus
        self._tools = tools
        self._offered = offered
        self._resources = self._addresses()
        self._prompts = self._prompt_names()

    async def announce(self) -> None:
        """Compare with what was listed last, and tell those to whom it makes a difference."""
        await self._announce_tools()
        if (resources := self._addresses()) != self._resources:
            self._resources = resources
            await self._bus.publish(ResourcesListChanged())
            await tell_all(session.connection.send_resource_list_changed for session in self._sessions)
        if (prompts := self._prompt_names()) != self._prompts:
            self._prompts = prompts
            await self._bus.publish(PromptsListChanged())
            await tell_all(session.connection.send_prompt_list_changed for session in self._sessions)

    def _addresses(self) -> tuple[str, ...]:
        if self._offered is None:
            return ()
        templates = (str(each["uriTemplate"]) for each in self._offered.templates())
        return (*(str(each["uri"]) for each in self._offered.resources()), *templates)

    def _prompt_names(self) -> tuple[str, ...]:
        return () if self._offered is None else tuple(str(each["name"]) for each in self._offered.prompts())

    async def _announce_tools(self) -> None:
        listed = self._tools.listed_without_session
        changed = {caller: self._names(caller, None) for caller, names in listed.items() if names}
        if any(listed[caller] != names for caller, names in changed.items()):
            listed.update(changed)
            await self._bus.publish(ToolsListChanged())
        told: list[Telling] = []
        for session in self._sessions:
            if session.announced is not None and session.announced != (names := self._names(session.caller, session)):
                session.announced = names
                told.append(session.connection.send_tool_list_changed)
        await tell_all(told)

    def _names(self, caller: Caller, session: HostSession | None) -> tuple[str, ...]:
        """Return the names in the list of a host."""
        token = CALLER.set(caller)
        try:
            return self._tools.names(session)
        finally:
            CALLER.reset(token)
