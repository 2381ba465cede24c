"""Requests about tools: the list that a host sees, and its calls."""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from mcp.server.context import ServerRequestContext
from mcp.server.lowlevel.server import Server
from mcp.shared.exceptions import MCPError
from mcp_types import CallToolRequestParams, ListToolsResult, PaginatedRequestParams, Tool

from mcp_toolweaver.core.access import CALLER, Caller
from mcp_toolweaver.core.errors import ToolweaverError
from mcp_toolweaver.core.exchange import Refusal
from mcp_toolweaver.core.interfaces import CatalogView, Searcher, ToolCaller
from mcp_toolweaver.core.paging import ResultReader
from mcp_toolweaver.core.scrub import scrub
from mcp_toolweaver.core.tools import ToolResult
from mcp_toolweaver.server import dynamic
from mcp_toolweaver.server.away import away_of
from mcp_toolweaver.server.calls import Calls, is_modern
from mcp_toolweaver.server.details import get_tool_details
from mcp_toolweaver.server.exposure import Exposure
from mcp_toolweaver.server.meta_tools import CALL, DETAILS, READ, SEARCH
from mcp_toolweaver.server.outcome import answer, failure, wire
from mcp_toolweaver.server.read_result import read_result
from mcp_toolweaver.server.requests import CallArguments, parse
from mcp_toolweaver.server.search import search_tools
from mcp_toolweaver.server.session import HostSession
from mcp_toolweaver.server.sessions import Sessions
from mcp_toolweaver.server.warming import Warming
from mcp_toolweaver.text.resolve import Departed, resolve

Context = ServerRequestContext[Any]

_log = logging.getLogger(__name__)

_MOST_CALLERS = 64
"""Callers without a session that are told of changes of what they were listed."""


class ToolRequests:
    """Answers requests about tools."""

    def __init__(
        self,
        catalog: CatalogView,
        searcher: Searcher,
        caller: ToolCaller,
        *,
        exposure: Exposure,
        calls: Calls,
        sessions: Sessions,
        warming: Warming,
        on_result: Callable[[str, Mapping[str, Any]], None],
        results: ResultReader | None,
        departed: Departed,
    ) -> None:
        """Answer about the tools of ``catalog``.

        Args:
            catalog: What can be found.
            searcher: Finds it.
            caller: Calls it.
            exposure: What is listed.
            calls: Passes calls on.
            sessions: The hosts that are attached.
            warming: What the first requests wait for.
            on_result: Is told the server and the payload of each result that one of them returned.
            results: Reads on where results are cut.
            departed: Knows what happened to tools that are gone.
        """
        self._catalog = catalog
        self._searcher = searcher
        self._caller = caller
        self.exposure = exposure
        """What is listed."""
        self._calls = calls
        self._sessions = sessions
        self._warming = warming
        self._on_result = on_result
        self._results = results
        self._departed = departed
        self.listed_without_session: OrderedDict[Caller, tuple[str, ...]] = OrderedDict()
        """The names that hosts without a session were listed last, for the callers that asked last."""

    def register(self, server: Server[Any]) -> None:
        """Have ``server`` answer by this, in either era."""
        # By method, because only then may the result of a call be a JSON object, passed through whole.
        server.add_request_handler("tools/list", PaginatedRequestParams, self._list)
        server.add_request_handler("tools/call", CallToolRequestParams, self._call)

    def names(self, session: HostSession | None) -> tuple[str, ...]:
        """Return the names in the list of a host."""
        return tuple(tool.name for tool in self._listed(session))

    def _listed(self, session: HostSession | None) -> list[Tool]:
        return self.exposure.listed(self._catalog, session, reads_results=self._results is not None)

    async def _list(self, ctx: Context, _params: PaginatedRequestParams) -> ListToolsResult:
        await self._warming.wait()
        session = None if is_modern(ctx) else self._sessions.of(ctx)
        tools = self._listed(session)
        names = tuple(tool.name for tool in tools)
        if session is None:
            self.listed_without_session[CALLER.get()] = names
            self.listed_without_session.move_to_end(CALLER.get())
            if len(self.listed_without_session) > _MOST_CALLERS:
                self.listed_without_session.popitem(last=False)
        else:
            session.note_listed(names)
        return ListToolsResult(tools=tools)

    async def _call(self, ctx: Context, params: CallToolRequestParams) -> dict[str, Any]:
        try:
            await self._warming.wait()
            result = await self._dispatch(ctx, params.name, params.arguments or {})
        except Refusal as refusal:
            raise MCPError(refusal.code, scrub(refusal.message), refusal.data) from refusal
        except ToolweaverError as error:
            result = failure(error)
        except Exception:  # noqa: BLE001  the border: nothing that a model sends may end a session
            _log.exception("call of %r failed by a fault of our own", params.name)
            result = ToolResult.from_text(
                "Toolweaver failed by a fault of its own; its log has the details. Try again, or another tool.",
                is_error=True,
            )
        return wire(result, objects_only=not is_modern(ctx))

    async def _dispatch(self, ctx: Context, name: str, arguments: Mapping[str, Any]) -> ToolResult:
        if name == SEARCH:
            return await self._search(ctx, arguments)
        if name == DETAILS:
            return answer(get_tool_details(self._catalog, arguments))
        if name == READ:
            return await self._calls.passed_on(ctx, partial(self._read, arguments))
        if name == CALL:
            asked = parse(CallArguments, CALL, arguments)
            return await self._forward(ctx, asked.name, asked.arguments, asked.server)
        return await self._forward(ctx, name, arguments, None)

    async def _read(self, arguments: Mapping[str, Any]) -> ToolResult:
        return read_result(self._results, arguments)

    async def _search(self, ctx: Context, arguments: Mapping[str, Any]) -> ToolResult:
        reply = await search_tools(self._catalog, self._searcher, arguments)
        session = self._dynamic(ctx)
        if session is not None:
            await dynamic.add(session, dynamic.found_in(reply, self._catalog.snapshot))
        return answer(reply)

    async def _forward(self, ctx: Context, name: str, arguments: Mapping[str, Any], server: str | None) -> ToolResult:
        tool = resolve(self._catalog.snapshot, name, server, self._happened)
        session = self._dynamic(ctx)
        if session is not None:
            dynamic.touch(session, tool.id)
        result = await self._calls.passed_on(ctx, lambda: self._caller.call(tool, arguments))
        self._on_result(tool.id.server, result.payload)
        return result

    def _happened(self, name: str, server: str | None) -> str | None:
        """Return why a tool is not there: it has left, or its server has never listed what it has."""
        return self._departed(name, server) or away_of(self._catalog.statuses, server or name)

    def _dynamic(self, ctx: Context) -> HostSession | None:
        """Return the session of a host for which found tools are listed."""
        session = None if is_modern(ctx) else self._sessions.of(ctx)
        return session if session is not None and self.exposure.mode_for(session) == "dynamic" else None
