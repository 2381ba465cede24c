"""The MCP server that hosts talk to."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from importlib.metadata import version
from typing import Any

import anyio
from mcp.server.context import CallNext, HandlerResult, ServerRequestContext
from mcp.server.lowlevel.server import NotificationOptions, Server
from mcp.server.models import InitializationOptions
from mcp.server.subscriptions import ListenHandler
from mcp_types import EmptyResult, NotificationParams, SetLevelRequestParams
from pydantic import BaseModel

from mcp_toolweaver.core.access import CALLER, OWNER, Caller, Profile, as_caller
from mcp_toolweaver.core.interfaces import CatalogView, Searcher, ToolCaller
from mcp_toolweaver.core.offers import OfferView
from mcp_toolweaver.core.paging import ResultReader
from mcp_toolweaver.server.announcing import Announcer
from mcp_toolweaver.server.callers_bus import CallersBus
from mcp_toolweaver.server.calls import Calls
from mcp_toolweaver.server.describe import instructions
from mcp_toolweaver.server.draining import Drain
from mcp_toolweaver.server.exposure import Exposure
from mcp_toolweaver.server.offer_requests import OfferRequests
from mcp_toolweaver.server.offered import Offered
from mcp_toolweaver.server.round_trips import RoundTrips
from mcp_toolweaver.server.sessions import Sessions
from mcp_toolweaver.server.tool_requests import ToolRequests
from mcp_toolweaver.server.warming import Warming
from mcp_toolweaver.server.watches import Watches
from mcp_toolweaver.text.resolve import Departed, nothing_departed

_EVERYTHING_CHANGES = NotificationOptions(prompts_changed=True, resources_changed=True, tools_changed=True)

_GREETINGS = ("initialize", "server/discover")


class Gateway:
    """Offers the meta-tools, and the tools behind them, to one or more hosts."""

    def __init__(
        self,
        catalog: CatalogView,
        searcher: Searcher,
        caller: ToolCaller,
        *,
        exposure: Exposure,
        wait_searchable: Callable[[], Awaitable[None]],
        offers: OfferView | None = None,
        results: ResultReader | None = None,
        departed: Departed = nothing_departed,
        is_open: bool = False,
        caller_of: Callable[[ServerRequestContext[Any]], Caller] = lambda _context: OWNER,
    ) -> None:
        """Serve what ``catalog`` holds, listed as ``exposure`` says.

        Requests wait for ``wait_searchable`` to return, until 5 s after the first one. What the servers
        offer beside their tools is offered too, where ``offers`` shows it. ``results`` reads on where the
        results of ``caller`` are cut, and ``departed`` knows what happened to tools that are gone. It ``is_open`` if
        any number of hosts may come, rather than the one that started us, and ``caller_of`` says whose message
        a handler answers.
        """
        self._caller_of = caller_of
        self.drain = Drain()
        """What is being answered."""
        self._catalog = catalog
        self._trips = RoundTrips()
        self._watches: Watches | None = None
        self.sessions = Sessions(is_open=is_open, is_seen=self._is_seen)
        """The hosts that are attached; servers behind us are to see them as `HOSTS`."""
        warming = Warming(wait_searchable)
        self.listeners = bus = CallersBus()
        """Hosts without a session that hear of changes."""
        calls = Calls(self.sessions, self._trips)
        offered = None if offers is None else Offered(offers)
        tools = ToolRequests(
            catalog,
            searcher,
            caller,
            exposure=exposure,
            calls=calls,
            sessions=self.sessions,
            warming=warming,
            on_result=_ignored if offered is None else offered.note_links,
            results=results,
            departed=departed,
        )
        self._tools = tools
        self._announcer = Announcer(self.sessions, bus, tools, offered)
        listening = ListenHandler(bus)
        self.drain.on_end(listening.close)
        self.server: Server[Any] = Server(
            "mcp-toolweaver",
            version=version("mcp-toolweaver"),
            title="Toolweaver",
            on_subscriptions_listen=listening,
        )
        tools.register(self.server)
        if offered is not None:
            requests = OfferRequests(offered, calls, self.sessions, bus, warming)
            requests.register(self.server)
            self.drain.on_end(requests.end_listening)
            self._watches = requests.watches
        # Of the older eras only, about which the SDK warns where its constructor is given them.
        self.server.add_request_handler("logging/setLevel", SetLevelRequestParams, self._set_log_level)
        self.server.add_notification_handler(
            "notifications/roots/list_changed", NotificationParams, self._roots_changed
        )
        self.server.middleware.append(self._notice)
        self.greeted = anyio.Event()
        """Set when the host has been greeted: until then nothing should keep it waiting."""
        self.initialization = self.server.create_initialization_options(_EVERYTHING_CHANGES)
        self._instruct(self.initialization)

    async def run(self) -> None:
        """Do what outlives single requests, until cancelled; requests of 2026-07-28 wait for it."""
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self._trips.run)
            if self._watches is not None:
                tasks.start_soon(self._watches.run)

    async def catalog_changed(self) -> None:
        """Renew the instructions, and tell connected hosts if the names they were given have changed."""
        self._instruct(self.initialization)
        await self._announcer.announce()

    async def expose(self, exposure: Exposure) -> None:
        """List other tools from now on, and tell connected hosts."""
        self._tools.exposure = exposure
        await self.catalog_changed()

    def renew_callers(self, profiles: Mapping[str, Profile]) -> None:
        """Take everybody who is attached for who they are with these profiles."""
        self._announcer.renew(lambda caller: caller.renewed(profiles))

    def _instruct(self, options: InitializationOptions) -> None:
        """Tell hosts that connect from now on what the catalog holds; both eras read it here."""
        self.server.instructions = options.instructions = instructions(self._catalog.snapshot, self._catalog.statuses)

    async def _notice(self, ctx: ServerRequestContext[Any], call_next: CallNext) -> HandlerResult:
        CALLER.set(self._caller_of(ctx))
        self.sessions.note(ctx)
        self._announcer.note()
        if ctx.method not in _GREETINGS:
            self.greeted.set()  # it may wait for the very work that waits for this
        goes_on = self._trips.is_ours((ctx.params or {}).get("requestState"))
        result = await self.drain.pass_through(ctx, call_next, goes_on=goes_on)
        self.greeted.set()
        return self._greeting(result) if ctx.method in _GREETINGS and CALLER.get().profiles else result

    def _is_seen(self, caller: Caller, server: str) -> bool:
        """Whether a server exists for a caller."""
        with as_caller(caller):
            snapshot, statuses = self._catalog.snapshot, self._catalog.statuses
        return not caller.profiles or server in snapshot.by_server or any(each.name == server for each in statuses)

    def _greeting(self, result: HandlerResult) -> HandlerResult:
        """Return a greeting with what the catalog holds for this caller."""
        told = instructions(self._catalog.snapshot, self._catalog.statuses)
        if isinstance(result, BaseModel):
            return result.model_copy(update={"instructions": told})
        return {**(result or {}), "instructions": told}

    async def _set_log_level(self, ctx: ServerRequestContext[Any], params: SetLevelRequestParams) -> EmptyResult:
        self.sessions.of(ctx).log_level = params.level
        self.sessions.wake()
        return EmptyResult()

    async def _roots_changed(self, _ctx: ServerRequestContext[Any], _params: NotificationParams) -> None:
        self.sessions.change_roots()


def _ignored(_server: str, _result: Mapping[str, Any]) -> None:
    return None
