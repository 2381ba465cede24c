"""The gateway that the settings ask for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mcp.server.context import ServerRequestContext

from mcp_toolweaver.app import App
from mcp_toolweaver.config import Settings
from mcp_toolweaver.core.access import OWNER, Caller
from mcp_toolweaver.server.exposure import Exposure
from mcp_toolweaver.server.gateway import Gateway


def gateway_of(
    app: App,
    settings: Settings,
    *,
    is_open: bool = False,
    caller_of: Callable[[ServerRequestContext[Any]], Caller] = lambda _context: OWNER,
) -> Gateway:
    """Return a gateway to what ``app`` has; see `Gateway` for the rest."""
    return Gateway(
        app.seen,
        app.asked,
        app.short_caller,
        results=app.results,
        offers=app.seen,
        departed=app.seen.departed,
        exposure=exposure_of(settings),
        wait_searchable=app.warmup.wait_searchable,
        is_open=is_open,
        caller_of=caller_of,
    )


def exposure_of(settings: Settings) -> Exposure:
    """Return what the settings want listed."""
    expose = settings.expose
    return Exposure(expose.mode, expose.direct_threshold, expose.pin, expose.clients)
