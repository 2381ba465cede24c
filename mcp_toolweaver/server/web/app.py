"""The routes: streamable HTTP, SSE and health on one port, each behind all guards.

    /mcp                     streamable HTTP: sessions to 2025-11-25, and 2026-07-28 without any
    /sse, /messages/         the transport of 2024-11-05
    /p/NAME/...              the same within a profile
    /healthz, /readyz        see `Health`

From the outside in: Host and Origin, cross-origin answers, admission, the profile of the path, limits.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from mcp.server.sse import SseServerTransport
from starlette.applications import Starlette
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from mcp_toolweaver.core.access import Admission, Profile
from mcp_toolweaver.server.gateway import Gateway
from mcp_toolweaver.server.web.admitting import AdmissionGuard, OpenAdmission, ProfilePaths
from mcp_toolweaver.server.web.health import Health
from mcp_toolweaver.server.web.limits import RateLimit, StreamLimit
from mcp_toolweaver.server.web.origins import AllowList, OriginGuard
from mcp_toolweaver.server.web.resuming import ResumableSessions

_RETRY = 500
"""Milliseconds after which a host whose stream was cut asks again."""
_TOLD = ("Mcp-Session-Id", "Mcp-Protocol-Version", "WWW-Authenticate", "Retry-After")
_METHODS = ("GET", "POST", "DELETE", "OPTIONS")
_DAY = 86_400


@dataclass(frozen=True, slots=True)
class Limits:
    """How much is taken from hosts; 0 stands for no limit where a docstring does not say otherwise."""

    body_bytes: int = 4 * 1024 * 1024
    """Of one request; never 0."""
    sessions: int = 1_000
    """Never 0; and as many streams of events may be open twice over."""
    session_idle_seconds: float = 1_800.0
    """Without a request or an open stream for so long, a session is ended; never 0."""
    requests_per_second: float = 100.0
    """Of one caller."""
    requests_at_once: int = 200
    """Of one caller."""


@dataclass(frozen=True, slots=True)
class Doorkeeping:
    """Who may come in, and where to."""

    allowed: AllowList
    admission: Admission = field(default_factory=OpenAdmission)
    profiles: dict[str, Profile] = field(default_factory=dict[str, Profile])
    """Those that have paths of their own; read anew for each request."""
    limits: Limits = field(default_factory=Limits)
    metadata: Mapping[str, Mapping[str, Any]] = field(default_factory=dict[str, Mapping[str, Any]])
    """What is served to anybody as JSON, by path: that of a protected resource (RFC 9728)."""
    within: Callable[[], tuple[Profile, ...]] = tuple
    """Returns the profiles that all callers are within; asked for each request."""


@asynccontextmanager
async def web_app(gateway: Gateway, health: Health, keeping: Doorkeeping) -> AsyncGenerator[ASGIApp]:
    """Yield what serves ``gateway``; its sessions end with it."""
    limits = keeping.limits
    # Handshakes of sessions make their options by this, which else know nothing of changes and of our instructions.
    gateway.server.create_initialization_options = lambda *_args, **_named: gateway.initialization  # type: ignore[method-assign]
    sessions = ResumableSessions(
        gateway.server,
        retry_interval=_RETRY,
        session_idle_timeout=limits.session_idle_seconds,
        max_request_body_size=limits.body_bytes,
        max_sessions=limits.sessions,
    )
    events = _Events(gateway, limits.body_bytes)
    routes = [
        Route("/mcp", _Application(sessions.asgi_app)),
        Route("/sse", _Application(events.open), methods=["GET"]),
        Mount("/messages", app=events.take),
        *health.routes(),
        *(_told(path, said) for path, said in keeping.metadata.items()),
    ]
    app: ASGIApp = Starlette(routes=routes)
    app = StreamLimit(app, most=2 * limits.sessions)
    app = RateLimit(app, per_second=limits.requests_per_second, at_once=limits.requests_at_once)
    app = ProfilePaths(app, keeping.profiles)
    app = AdmissionGuard(app, keeping.admission, keeping.within)
    app = CORSMiddleware(
        app, allow_origin_regex=".*", allow_methods=_METHODS, allow_headers=["*"], expose_headers=_TOLD, max_age=_DAY
    )
    async with sessions.run():
        yield OriginGuard(app, keeping.allowed)


def _told(path: str, said: Mapping[str, Any]) -> Route:
    async def tell(_request: Request) -> Response:
        return JSONResponse(said, headers={"Access-Control-Allow-Origin": "*"})

    return Route(path, tell)


class _Application:
    """What answers a route by itself; a class, since starlette takes functions for something else."""

    def __init__(self, serve: ASGIApp) -> None:
        self._serve = serve

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._serve(scope, receive, send)


class _Events:
    """The transport of 2024-11-05."""

    def __init__(self, gateway: Gateway, body_bytes: int) -> None:
        self._gateway = gateway
        self._transport = SseServerTransport("/messages/", max_request_body_size=body_bytes)

    async def take(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Take a message of a session."""
        await self._transport.handle_post_message(scope, receive, send)

    async def open(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Open the stream of a session, which lasts as long as it."""
        async with self._transport.connect_sse(scope, receive, send) as (reading, writing):
            await self._gateway.server.run(reading, writing, self._gateway.initialization)
