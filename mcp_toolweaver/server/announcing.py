"""Telling hosts that a list has changed: only if the names in it have, which would else spoil their prompt cache."""

from __future__ import annotations

from collections.abc import Callable

from mcp.server.subscriptions import PromptsListChanged, ResourcesListChanged, ToolsListChanged

from mcp_toolweaver.core.access import CALLER, Caller, as_caller
from mcp_toolweaver.server.callers_bus import CallersBus
from mcp_toolweaver.server.offered import Offered
from mcp_toolweaver.server.session import HostSession
from mcp_toolweaver.server.sessions import Sessions
from mcp_toolweaver.server.telling import Telling, tell_all
from mcp_toolweaver.server.tool_requests import ToolRequests

Names = tuple[str, ...]


class Announcer:
    """Knows what the lists of each caller held last."""

    def __init__(self, sessions: Sessions, bus: CallersBus, tools: ToolRequests, offered: Offered | None) -> None:
        """Tell the hosts of ``sessions``, and those without a session over ``bus``."""
        self._sessions = sessions
        self._bus = bus
        self._tools = tools
        self._offered = offered
        self._resources: dict[Caller, Names] = {}
        self._prompts: dict[Caller, Names] = {}
        self.note()

    def note(self) -> None:
        """Note what there is for the caller whose request is under way, unless that is known."""
        if (caller := CALLER.get()) not in self._resources:
            self._resources[caller], self._prompts[caller] = self._addresses(), self._prompt_names()

    def renew(self, renewed: Callable[[Caller], Caller]) -> None:
        """Take each caller for who they are by now: `announce` compares with what they were told before."""
        for session in self._sessions:
            session.caller = renewed(session.caller)
        self._bus.renew(renewed)
        self._resources = {renewed(caller): names for caller, names in self._resources.items()}
        self._prompts = {renewed(caller): names for caller, names in self._prompts.items()}
        listed = self._tools.listed_without_session
        before = list(listed.items())
        listed.clear()
        listed.update((renewed(caller), names) for caller, names in before)

    async def announce(self) -> None:
        """Compare with what was listed last, and tell those to whom it makes a difference."""
        await self._announce_tools()
        resources, prompts = self._look()
        await self._bus.publish(ResourcesListChanged(), resources.__contains__)
        await tell_all(
            each.connection.send_resource_list_changed for each in self._sessions if each.caller in resources
        )
        await self._bus.publish(PromptsListChanged(), prompts.__contains__)
        await tell_all(each.connection.send_prompt_list_changed for each in self._sessions if each.caller in prompts)

    def _look(self) -> tuple[set[Caller], set[Caller]]:
        """Note what there is for everybody who is attached; return for whom there are other resources, and prompts."""
        before, attached = (self._resources, self._prompts), self._attached()
        self._resources, self._prompts = {}, {}
        for caller in attached:
            with as_caller(caller):
                self.note()
        after = (self._resources, self._prompts)
        new, other = (
            {each for each in attached if now[each] != was.get(each)} for was, now in zip(before, after, strict=True)
        )
        return new, other

    def _attached(self) -> set[Caller]:
        return {*self._bus.callers, *(session.caller for session in self._sessions)}

    def _addresses(self) -> Names:
        if self._offered is None:
            return ()
        templates = (str(each["uriTemplate"]) for each in self._offered.templates())
        return (*(str(each["uri"]) for each in self._offered.resources()), *templates)

    def _prompt_names(self) -> Names:
        return () if self._offered is None else tuple(str(each["name"]) for each in self._offered.prompts())

    async def _announce_tools(self) -> None:
        listed = self._tools.listed_without_session
        now = {caller: self._names(caller, None) for caller, names in listed.items() if names}
        changed = {caller for caller, names in now.items() if listed[caller] != names}
        listed.update(now)
        await self._bus.publish(ToolsListChanged(), changed.__contains__)
        told: list[Telling] = []
        for session in self._sessions:
            if session.announced is not None and session.announced != (names := self._names(session.caller, session)):
                session.announced = names
                told.append(session.connection.send_tool_list_changed)
        await tell_all(told)

    def _names(self, caller: Caller, session: HostSession | None) -> Names:
        """Return the names in the list of a host."""
        with as_caller(caller):
            return self._tools.names(session)
