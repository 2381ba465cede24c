"""The MCP server that hosts talk to."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping
from importlib.metadata import version
from typing import Any

import anyio
from mcp.server.context import CallNext, HandlerResult, ServerRequestContext
from mcp.server.lowlevel.server import NotificationOptions, Server
from mcp.server.models import InitializationOptions
from mcp.server.session import ServerSession
from mcp.server.subscriptions import InMemorySubscriptionBus, ListenHandler, ToolsListChanged
from mcp_types import CallToolRequestParams, ListToolsResult, PaginatedRequestParams, Tool
from mcp_types.version import MODERN_PROTOCOL_VERSIONS

from mcp_toolweaver.core.errors import ToolweaverError
from mcp_toolweaver.core.interfaces import CatalogView, Searcher, ToolCaller
from mcp_toolweaver.core.paging import ResultReader
from mcp_toolweaver.core.tools import ToolResult
from mcp_toolweaver.server.describe import instructions
from mcp_toolweaver.server.details import get_tool_details
from mcp_toolweaver.server.exposed import exposed_tools
from mcp_toolweaver.server.meta_tools import CALL, DETAILS, READ, SEARCH
from mcp_toolweaver.server.outcome import answer, failure, wire
from mcp_toolweaver.server.read_result import read_result
from mcp_toolweaver.server.requests import CallArguments, parse
from mcp_toolweaver.server.search import search_tools
from mcp_toolweaver.text.resolve import resolve

_log = logging.getLogger(__name__)

_PATIENCE = 5.0
"""Seconds after the first request during which requests wait for servers that were never listed before."""


class Gateway:
    """Offers the meta-tools, and the tools behind them, to one or more hosts."""

    def __init__(
        self,
        catalog: CatalogView,
        searcher: Searcher,
        caller: ToolCaller,
        *,
        direct_threshold: int,
        wait_searchable: Callable[[], Awaitable[None]],
        results: ResultReader | None = None,
    ) -> None:
        """Serve what ``catalog`` holds; at most ``direct_threshold`` tools are listed as themselves.

        Requests wait for ``wait_searchable`` to return, until 5 s after the first one. ``results`` reads
        on where the results of ``caller`` are cut.
        """
        self._catalog = catalog
        self._searcher = searcher
        self._caller = caller
        self._direct_threshold = direct_threshold
        self._wait_searchable = wait_searchable
        self._results = results
        self._bus = InMemorySubscriptionBus()
        self._session: ServerSession | None = None
        self._patient_until: float | None = None
        self._announced: list[str] = []
        self.server: Server[Any] = Server(
            "mcp-toolweaver",
            version=version("mcp-toolweaver"),
            title="Toolweaver",
            on_list_tools=self._list_tools,
            on_subscriptions_listen=ListenHandler(self._bus),
        )
        # Registered by method, because only then may a result be a JSON object, passed through whole.
        self.server.add_request_handler("tools/call", CallToolRequestParams, self._call_tool)
        self.server.middleware.append(self._greet)
        self.greeted = anyio.Event()
        """Set when the first request has been handled: until then nothing should keep the host waiting."""
        self.initialization = self._initialization()

    def _initialization(self) -> InitializationOptions:
        options = self.server.create_initialization_options(NotificationOptions(tools_changed=True))
        self._instruct(options)
        return options

    def _instruct(self, options: InitializationOptions) -> None:
        """Tell hosts that connect from now on what the catalog holds; both eras read it here."""
        self.server.instructions = options.instructions = instructions(self._catalog.snapshot, self._catalog.statuses)

    async def _greet(self, ctx: ServerRequestContext[Any], call_next: CallNext) -> HandlerResult:
        result = await call_next(ctx)
        self.greeted.set()
        return result

    async def catalog_changed(self) -> None:
        """Renew the instructions, and tell connected hosts if the names they were given have changed."""
        self._instruct(self.initialization)
        names = [tool.name for tool in self._exposed()]
        if not self._announced or names == self._announced:
            return
        self._announced = names
        await self._bus.publish(ToolsListChanged())
        if self._session is not None:
            await self._session.send_tool_list_changed()

    def _exposed(self) -> list[Tool]:
        return exposed_tools(self._catalog, self._direct_threshold, reads_results=self._results is not None)

    async def _list_tools(
        self, ctx: ServerRequestContext[Any], _params: PaginatedRequestParams | None
    ) -> ListToolsResult:
        await self._wait_warm()
        tools = self._exposed()
        self._announced = [tool.name for tool in tools]
        if ctx.protocol_version not in MODERN_PROTOCOL_VERSIONS:
            self._session = ctx.session  # stdio has one; it outlives the request
        return ListToolsResult(tools=tools)

    async def _call_tool(self, ctx: ServerRequestContext[Any], params: CallToolRequestParams) -> dict[str, Any]:
        try:
            await self._wait_warm()
            result = await self._dispatch(params.name, params.arguments or {})
        except ToolweaverError as error:
            result = failure(error)
        except Exception:  # noqa: BLE001  the border: nothing that a model sends may end a session
            _log.exception("call of %r failed by a fault of our own", params.name)
            result = ToolResult.from_text(
                "Toolweaver failed by a fault of its own; its log has the details. Try again, or another tool.",
                is_error=True,
            )
        return wire(result, objects_only=ctx.protocol_version not in MODERN_PROTOCOL_VERSIONS)

    async def _dispatch(self, name: str, arguments: Mapping[str, Any]) -> ToolResult:
        if name == SEARCH:
            return answer(await search_tools(self._catalog, self._searcher, arguments))
        if name == DETAILS:
            return answer(get_tool_details(self._catalog, arguments))
        if name == READ:
            return read_result(self._results, arguments)
        if name == CALL:
            asked = parse(CallArguments, CALL, arguments)
            return await self._forward(asked.name, asked.arguments, asked.server)
        return await self._forward(name, arguments, None)

    async def _forward(self, name: str, arguments: Mapping[str, Any], server: str | None) -> ToolResult:
        tool = resolve(self._catalog.snapshot, name, server)
        return await self._caller.call(tool, arguments)

    async def _wait_warm(self) -> None:
        """Wait for the catalog, but never long: one slow server must not be in everybody's way."""
        if self._patient_until is None:
            self._patient_until = anyio.current_time() + _PATIENCE
        with anyio.CancelScope(deadline=self._patient_until):
            await self._wait_searchable()
