"""A request that is passed on to a downstream server, together with the host it came from."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from mcp.server.context import ServerRequestContext
from mcp_types.version import MODERN_PROTOCOL_VERSIONS

from mcp_toolweaver.core.exchange import EXCHANGE, Exchange, Host
from mcp_toolweaver.core.json_values import is_object
from mcp_toolweaver.core.tools import ToolResult
from mcp_toolweaver.server.host import LegacyHost, ModernHost
from mcp_toolweaver.server.round_trips import RoundTrips, Trip
from mcp_toolweaver.server.sessions import Sessions, answers_of

_RESERVED = "io.modelcontextprotocol/"
_LOG_LEVEL = "io.modelcontextprotocol/logLevel"
_ORDINARY = "info"
"""The log messages that a server of 2026-07-28, which sends none unasked, is to send to a host that has not said."""
_OF_THE_CONNECTION = ("progressToken", "progress_token")

Passing = Callable[[], Awaitable[ToolResult]]
"""Passes a request on, and returns what came back."""


def is_modern(context: ServerRequestContext[Any]) -> bool:
    """Whether a request is of the era without handshake and sessions (2026-07-28)."""
    return context.protocol_version in MODERN_PROTOCOL_VERSIONS


class Calls:
    """Passes requests on, so that what a server asks and tells meanwhile finds its way back."""

    def __init__(self, sessions: Sessions, trips: RoundTrips) -> None:
        """Answer the hosts of ``sessions``; calls that ask one of 2026-07-28 something stand in ``trips``."""
        self._sessions = sessions
        self._trips = trips

    async def passed_on(self, context: ServerRequestContext[Any], passing: Passing) -> ToolResult:
        """Return what ``passing`` returns, or a result that requires input from the host.

        Raises:
            ToolweaverError: what ``passing`` raised.
        """
        params = context.params or {}
        state, answers = params.get("requestState"), params.get("inputResponses")
        given = answers if is_object(answers) else None
        if not is_modern(context):
            session = self._sessions.of(context)
            meta = {_LOG_LEVEL: session.log_level or _ORDINARY, **_meta(params)}
            return await _during(Exchange(LegacyHost(session, context), meta), passing)
        if self._trips.is_ours(state):
            return await self._trips.go_on(context, str(state), given)

        async def make(trip: Trip) -> ToolResult:
            host: Host = ModernHost(trip, self._sessions.key_without(context), answers_of(context))
            return await _during(Exchange(host, _meta(params), given, state), passing)

        return await self._trips.begin(context, make)


def without_reserved(meta: Any) -> dict[str, Any]:
    """Return the ``_meta`` of a result without what speaks of the connection between a server and us."""
    return {key: value for key, value in meta.items() if not key.startswith(_RESERVED)} if is_object(meta) else {}


async def _during(exchange: Exchange, passing: Passing) -> ToolResult:
    token = EXCHANGE.set(exchange)
    try:
        return await passing()
    finally:
        EXCHANGE.reset(token)


def _meta(params: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return what a request's ``_meta`` says of more than its connection; the wish for log messages included."""
    meta = params.get("_meta")
    return {
        key: value
        for key, value in (meta if is_object(meta) else {}).items()
        if key == _LOG_LEVEL or not (key.startswith(_RESERVED) or key in _OF_THE_CONNECTION)
    }
