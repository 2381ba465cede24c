"""One live connection to a downstream MCP server, as a source of tools."""

from __future__ import annotations

import logging
import math
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from importlib.metadata import version
from typing import Any

import anyio
from mcp.client.client import Client
from mcp.client.subscriptions import SubscriptionLost
from mcp.shared.exceptions import MCPError
from mcp_types import CallToolRequest, CallToolRequestParams, Implementation, PaginatedRequestParams
from mcp_types.version import MODERN_PROTOCOL_VERSIONS
from pydantic import TypeAdapter, ValidationError

from mcp_toolweaver.core.definition import MalformedTool
from mcp_toolweaver.core.errors import DeadlineExceeded, NotSent, Unavailable
from mcp_toolweaver.core.threads import run_in_thread
from mcp_toolweaver.core.tools import Tool, ToolResult
from mcp_toolweaver.proxy.failures import call_failure, connection_failure, is_lost_session, may_refuse_session, part
from mcp_toolweaver.proxy.results import passed_through
from mcp_toolweaver.proxy.wire import Transport, Wire, observed

_log = logging.getLogger(__name__)

_RESULT: TypeAdapter[Any] = TypeAdapter(dict[str, Any])
_MOST_PAGES = 1_000
_MOST_TOOLS = 20_000
"""Of one server."""
_LISTEN_AGAIN = 30.0
"""Seconds until a lost stream of announcements is asked for again."""


class Downstream:
    """A `CatalogSource` over an entered client; use `connect` to get one."""

    def __init__(
        self, name: str, client: Client, wire: Wire, list_timeout: float, is_forgotten: Callable[[], bool]
    ) -> None:
        """Wrap an entered client of the server called ``name``; seconds. See `connect`."""
        self._name = name
        self._session = client.session
        self._wire = wire
        self._list_timeout = list_timeout
        self._is_forgotten = is_forgotten

    async def list_tools(self) -> Sequence[Tool]:
        """See `CatalogSource.list_tools`; malformed tools are left out with a line in the log."""
        self._wire.problems.clear()
        try:
            with anyio.fail_after(self._list_timeout):
                definitions = await self._definitions()
        except TimeoutError as error:
            reason = f"did not list its tools within {self._list_timeout:g} s"
            raise DeadlineExceeded(part(self._name), reason) from error
        for problem in self._wire.problems:
            _log.warning("%s: left out: %s", self._name, problem)
        description = self._session.instructions or ""
        tools: list[Tool] = []
        for definition in definitions:
            try:
                tools.append(Tool.from_definition(self._name, definition, server_description=description))
            except MalformedTool as problem:
                _log.warning("%s: left out: %s", self._name, problem)
        return tools

    async def call_tool(self, name: str, arguments: Mapping[str, Any]) -> ToolResult:
        """See `CatalogSource.call_tool`; an error that the server answers with becomes a result."""
        if self._wire.ended:
            raise NotSent(part(self._name), "the connection was closed by the server")
        request = CallToolRequest(params=CallToolRequestParams(name=name, arguments=dict(arguments)))
        try:
            return passed_through(await self._session.send_request(request, _RESULT))
        except MCPError as error:
            if is_lost_session(error) and self._is_forgotten():
                self._wire.end()
                raise NotSent(part(self._name), "it no longer knows our session, as after a restart") from error
            if self._is_forgotten() and may_refuse_session(error):
                self._wire.end()
                reason = f"it refused our session ({error.message}), as after a restart; connecting anew: call again"
                raise Unavailable(part(self._name), reason) from error
            return call_failure(self._name, error)
        except ValidationError:
            return ToolResult.from_text(
                f"Server {self._name!r} ran {name!r} but returned a result that is not valid MCP.", is_error=True
            )

    async def wait_changed(self) -> None:
        """See `CatalogSource.wait_changed`."""
        await self._wire.news.wait()
        self._wire.news = anyio.Event()
        if self._wire.ended:
            raise Unavailable(part(self._name), "the connection was closed by the server")

    async def _definitions(self) -> list[dict[str, Any]]:
        definitions: list[dict[str, Any]] = []
        cursor: str | None = None
        for _page in range(_MOST_PAGES):
            page = await self._page(cursor)
            definitions += [tool.model_dump(by_alias=True, mode="json", exclude_none=True) for tool in page.tools]
            if page.next_cursor is None or page.next_cursor == cursor:
                break
            if len(definitions) >= _MOST_TOOLS:
                _log.warning("%s: lists more than %d tools; the rest is left out", self._name, _MOST_TOOLS)
                break
            cursor = page.next_cursor
        return definitions[:_MOST_TOOLS]

    async def _page(self, cursor: str | None) -> Any:
        try:
            return await self._session.list_tools(params=PaginatedRequestParams(cursor=cursor))
        except MCPError as error:
            raise Unavailable(part(self._name), f"listing its tools failed: {error}") from error
        except ValidationError as error:
            raise Unavailable(part(self._name), f"its list of tools is not valid MCP: {_first(error)}") from error


@asynccontextmanager
async def connect(
    name: str,
    transport: Callable[[], Transport],
    *,
    connect_timeout: float,
    call_timeout: float,
    last_words: Callable[[], str] = lambda: "",
    is_forgotten: Callable[[], bool] = lambda: False,
) -> AsyncGenerator[Downstream]:
    """Connect to a downstream server and yield it; times in seconds.

    Both protocol eras are tried on one connection. A server that dies of the question which
    one it speaks (one in 82 did) is started again and greeted in the old way.

    Args:
        name: The server's name in the configuration.
        transport: Makes a new transport for each attempt.
        connect_timeout: Until the handshake is done, and then again until the tools are listed.
        call_timeout: Of each request after that.
        last_words: Asks in a thread what the server said last, for error messages.
        is_forgotten: Whether the transport saw a message refused for want of a session, so that a call
            was not executed.

    Raises:
        Unavailable: the server cannot be reached, died, or did not answer in time.
    """
    for mode in ("auto", "legacy"):
        wire, entered = Wire(), False
        try:
            with anyio.CancelScope(deadline=anyio.current_time() + connect_timeout) as scope:
                async with (
                    _client(observed(transport(), wire), mode, call_timeout) as client,
                    anyio.create_task_group() as tasks,
                ):
                    scope.deadline, entered = math.inf, True
                    tasks.start_soon(_listen, client, wire)
                    yield Downstream(name, client, wire, connect_timeout, is_forgotten)
                    tasks.cancel_scope.cancel()
        except Exception as error:  # groups and transport errors of every kind; translated in one place
            if mode == "auto" and wire.ended and not entered:
                _log.info("%s: closed the connection when asked for its protocol; trying the older handshake", name)
                continue
            words = await run_in_thread(last_words) if wire.ended or not entered else ""
            raise connection_failure(name, error, words) from error
        if scope.cancelled_caught:
            words = await run_in_thread(last_words)
            late = f"did not complete the handshake within {connect_timeout:g} s"
            raise DeadlineExceeded(part(name), f"{late}; {words}" if words else late)
        return


async def _listen(client: Client, wire: Wire) -> None:
    """Ask a server of the 2026-07-28 era to tell of changed listings, which older ones do unasked."""
    tools = client.server_capabilities.tools
    if client.protocol_version not in MODERN_PROTOCOL_VERSIONS or tools is None or not tools.list_changed:
        return
    while True:
        try:
            async with client.listen(tools_list_changed=True) as changes:
                async for _change in changes:
                    wire.news.set()
        except (MCPError, SubscriptionLost, TimeoutError) as error:
            _log.info("changes of the list of tools are not announced just now: %s", error)
        await anyio.sleep(_LISTEN_AGAIN)
        wire.news.set()  # whatever changed meanwhile was not announced


def _client(transport: Transport, mode: str, call_timeout: float) -> Client:
    identity = Implementation(name="mcp-toolweaver", version=version("mcp-toolweaver"))
    return Client(transport, mode=mode, cache=None, read_timeout_seconds=call_timeout, client_info=identity)


def _first(error: ValidationError) -> str:
    first = error.errors(include_url=False, include_input=False)[0]
    return f"{'.'.join(map(str, first['loc']))}: {first['msg']}"
