"""One live connection to a downstream MCP server, as a source of tools."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, cast

import anyio
from mcp.client.client import Client
from mcp.shared.exceptions import MCPError
from mcp_types import INTERNAL_ERROR, INVALID_REQUEST, Request
from mcp_types.version import MODERN_PROTOCOL_VERSIONS
from pydantic import TypeAdapter, ValidationError

from mcp_toolweaver.core.definition import MalformedTool
from mcp_toolweaver.core.errors import (
    DeadlineExceeded,
    GivenUp,
    InvalidArguments,
    NotSent,
    ToolweaverError,
    Unavailable,
)
from mcp_toolweaver.core.exchange import EXCHANGE, Exchange, Refusal
from mcp_toolweaver.core.json_values import is_object
from mcp_toolweaver.core.offers import Offers
from mcp_toolweaver.core.status import NEEDS_LOGIN
from mcp_toolweaver.core.tools import Tool, ToolResult
from mcp_toolweaver.proxy.failures import (
    is_lost_session,
    masked,
    may_refuse_session,
    part,
    refused_call,
    request_failure,
    silent,
)
from mcp_toolweaver.proxy.listing import Listing
from mcp_toolweaver.proxy.offers import list_offers
from mcp_toolweaver.proxy.patience import Patience
from mcp_toolweaver.proxy.relay import Relay
from mcp_toolweaver.proxy.results import passed_through, without_reserved
from mcp_toolweaver.proxy.rounds import INPUT_REQUIRED, first_round, is_for_the_host, next_round
from mcp_toolweaver.proxy.turns import Call
from mcp_toolweaver.proxy.watching import watch_resource
from mcp_toolweaver.proxy.wire import Wire

_log = logging.getLogger(__name__)

_RESULT: TypeAdapter[Any] = TypeAdapter(dict[str, Any])
_MOST_ROUNDS = 10
_OFFERS_TIMEOUT = 5.0
"""Seconds for listing all resources, templates or prompts, for which the tools of the server wait."""


class _Request(Request[dict[str, Any], str]):
    """Any request, with parameters as they are."""


@dataclass(frozen=True, slots=True)
class Link:
    """What surrounds the client of one connection."""

    wire: Wire
    relay: Relay
    is_forgotten: Callable[[], bool]
    """Whether a message was refused for want of a session, so that a call was not executed."""
    list_timeout: float
    """Seconds until all tools are listed."""
    silence: float
    """Seconds that a request may take without an answer and without progress."""
    mask: Callable[[str], str] = str
    """Hides secrets in what is said of a failure."""
    is_unwelcome: Callable[[], bool] = lambda: False  # for want of a login
    prefers_old: Callable[[], bool] = lambda: False
    """Whether an older era of the protocol would be tried first, were the server connected to now."""


class Downstream:
    """A `CatalogSource` over an entered client; use `connect` to get one."""

    def __init__(self, name: str, client: Client, link: Link) -> None:
        """Wrap an entered client of the server called ``name``. See `connect`."""
        self._name = name
        self._client = client
        self._session = client.session
        self._wire = link.wire
        self._link = link
        self.capabilities: Mapping[str, Any] = client.server_capabilities.model_dump(
            by_alias=True, mode="json", exclude_none=True
        )
        """What the server offers, as the JSON object of the protocol."""
        self.fresh_for: float | None = None
        """Seconds for which the last listing holds, if the server has said."""

    @property
    def problems(self) -> Sequence[str]:
        """One sentence for each tool that was left out of the last listing."""
        return tuple(self._wire.problems)

    async def list_tools(self) -> Sequence[Tool]:
        """See `CatalogSource.list_tools`; malformed tools are left out, and told by `problems`."""
        self._wire.problems.clear()
        listing = Listing(self._session, part(self._name))
        try:
            with anyio.fail_after(self._link.list_timeout):
                definitions = await listing.definitions()
        except TimeoutError as error:
            reason = f"did not list its tools within {self._link.list_timeout:g} s"
            raise DeadlineExceeded(part(self._name), reason) from error
        self.fresh_for = listing.fresh_for
        description = self._session.instructions or ""
        tools: list[Tool] = []
        for definition in definitions:
            try:
                tools.append(Tool.from_definition(self._name, definition, server_description=description))
            except MalformedTool as malformed:
                self._wire.problems.append(str(malformed))
        for problem in self._wire.problems:
            _log.warning("%s: left out: %s", self._name, problem)
        return tools

    async def call_tool(self, name: str, arguments: Mapping[str, Any]) -> ToolResult:
        """See `CatalogSource.call_tool`; an error that the server answers with becomes a result."""
        sent = {"name": name, "arguments": dict(arguments)}
        try:
            return passed_through(await self._exchanged("tools/call", sent, EXCHANGE.get()))
        except Refusal as refusal:
            if is_for_the_host(refusal, EXCHANGE.get()):
                raise
            return refused_call(self._name, refusal, self._link.mask)
        except ValidationError:
            return ToolResult.from_text(
                f"Server {self._name!r} ran {name!r} but returned a result that is not valid MCP.", is_error=True
            )

    async def list_offers(self) -> Offers:
        """Return what the server offers beside its tools; what is malformed is left out, and told by `problems`.

        What it does not list in time is left out too: its tools are what it is there for.

        Raises:
            Unavailable: it went away.
        """
        seconds = min(self._link.list_timeout, _OFFERS_TIMEOUT)
        return await list_offers(self._unasked, self.capabilities, self._wire.problems, seconds)

    async def watch_resource(self, uri: str) -> None:
        """See `Peer.watch_resource`."""
        await watch_resource(self._client, self._name, self._unasked, uri, self._wire.over)

    async def request(self, method: str, params: Mapping[str, Any]) -> dict[str, Any]:
        """Send one request and return its result, a JSON object of the protocol, as it is.

        What the server asks for meanwhile goes to the host whose request is under way (`EXCHANGE`).

        Raises:
            Refusal: the server answered with an error, or with a result that is not valid MCP.
            NotSent: the connection is gone, and nothing was executed.
            Unavailable: the server went away, or was silent for longer than the deadline.
            InvalidArguments: the host gives back a state that is not this server's.
        """
        try:
            return await self._exchanged(method, params, EXCHANGE.get())
        except ValidationError as error:
            raise Refusal(INTERNAL_ERROR, f"{part(self._name)} answered {method} with what is not valid MCP") from error

    async def _unasked(self, method: str, params: Mapping[str, Any]) -> dict[str, Any]:
        """Send a request of our own, whoever's request may have led to it; see `request`."""
        return await self._exchanged(method, params, None)

    async def _exchanged(self, method: str, params: Mapping[str, Any], exchange: Exchange | None) -> dict[str, Any]:
        """Send a request for the host of ``exchange``.

        Raises:
            ValidationError: the result is not valid MCP.
            ToolweaverError: see `request`.
        """
        if self._wire.ended:
            raise NotSent(part(self._name), "the connection was closed by the server")
        if self._link.relay.is_outgrown_by(exchange):
            self._wire.give_up()
            raise NotSent(part(self._name), "it is connected to anew, as it may ask this host more than it was told")
        if exchange and not self._wire.is_of_old and self._link.prefers_old():
            self._wire.give_up()
            raise NotSent(part(self._name), "it is connected to anew, in the era of the protocol that hosts speak")
        if exchange and self._client.protocol_version not in MODERN_PROTOCOL_VERSIONS:
            if exchange.request_state:
                raise InvalidArguments("This call waits for no input, or no longer: make it anew, without a state.")
            exchange = replace(exchange, meta=without_reserved(exchange.meta))
        patience = Patience(self._link.silence)
        async with self._link.relay.call(exchange, patience) as call:
            with patience.scope:
                return await self._rounds(call, method, params)
        raise DeadlineExceeded(part(self._name), silent(patience.seconds))

    async def _rounds(self, call: Call, method: str, params: Mapping[str, Any]) -> dict[str, Any]:
        """Send the request, and again with the answers of a host of the older era to what the result asks for."""
        exchange = call.exchange
        sent = first_round(params, exchange)
        for _round in range(_MOST_ROUNDS):
            result = await self._send(call, method, sent)
            if result.get("resultType") != INPUT_REQUIRED or (exchange and exchange.host.takes_round_trips):
                return result
            if exchange is None:
                raise Refusal(INVALID_REQUEST, "it asks for input, and nobody is there to give it")
            questions = result.get("inputRequests")
            with call.patience.suspended():
                answers = await self._link.relay.answer(exchange.host, questions if is_object(questions) else {})
            sent = next_round(params, sent, answers, result.get("requestState"))
        raise Refusal(INTERNAL_ERROR, f"it asked for input {_MOST_ROUNDS} times without coming to an end")

    async def _send(self, call: Call, method: str, params: Mapping[str, Any]) -> dict[str, Any]:
        async def on_progress(progress: float, total: float | None, message: str | None) -> None:
            call.patience.renew()
            await self._link.relay.progress(call, progress, total, message)

        try:
            request = _Request(method=method, params=dict(params))
            result: dict[str, Any] = await self._session.send_request(
                cast("Any", request), _RESULT, progress_callback=on_progress
            )
        except MCPError as error:
            raise self._failure(error) from error
        return result

    def _failure(self, error: MCPError) -> ToolweaverError:
        """Return the error of ours for one of the protocol; a session or login that was lost is left for good."""
        if is_lost_session(error) and self._link.is_forgotten():
            self._wire.end()
            return NotSent(part(self._name), "it no longer knows our session, as after a restart")
        if self._link.is_forgotten() and may_refuse_session(error):
            self._wire.end()
            reason = f"it refused our session ({error.message}), as after a restart; connecting anew: call again"
            return Unavailable(part(self._name), reason)
        if self._link.is_unwelcome() and NEEDS_LOGIN in error.message:
            self._wire.end()
            return Unavailable(part(self._name), self._link.mask(error.message))
        return masked(request_failure(self._name, error), self._link.mask)

    async def wait_changed(self) -> None:
        """See `CatalogSource.wait_changed`."""
        await self._wire.news.wait()
        self._wire.news = anyio.Event()
        if self._wire.is_given_up:
            raise GivenUp(part(self._name), "it may ask a host more than it was told")
        if self._wire.ended:
            raise Unavailable(part(self._name), "the connection was closed by the server")
