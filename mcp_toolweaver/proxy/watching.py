"""Being told of changes of a resource, in either era of the protocol."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from typing import Any

import anyio
import anyio.lowlevel
from mcp.client.client import Client
from mcp.client.subscriptions import SubscriptionLost
from mcp.shared.exceptions import MCPError
from mcp_types.version import MODERN_PROTOCOL_VERSIONS

from mcp_toolweaver.core.errors import ToolweaverError, Unavailable
from mcp_toolweaver.core.exchange import Refusal

Request = Callable[[str, Mapping[str, Any]], Awaitable[Mapping[str, Any]]]

_PARTING = 1.0
"""Seconds for telling a server that a resource is no longer watched."""


async def watch_resource(client: Client, request: Request, uri: str, over: anyio.Event) -> None:
    """Watch a resource until cancelled.

    The changes are announced like everything else, and the relay hears them; over a connection of 2026-07-28 they
    are announced as long as a stream of them is open. ``over`` is set when the connection is.

    Raises:
        Refusal: the server does not tell of it.
        Unavailable: the connection was lost.
    """
    if client.protocol_version not in MODERN_PROTOCOL_VERSIONS:
        await request("resources/subscribe", {"uri": uri})
        try:
            await over.wait()
        finally:
            with anyio.move_on_after(_PARTING, shield=True), suppress(ToolweaverError):
                await request("resources/unsubscribe", {"uri": uri})
        raise Unavailable("the connection", "it was lost")
    try:
        async with client.listen(resource_subscriptions=[uri]) as changes:
            async for _change in changes:
                await anyio.lowlevel.checkpoint()
    except MCPError as error:
        raise Refusal(error.code, error.message, error.data) from error
    except (SubscriptionLost, TimeoutError) as error:
        raise Unavailable("the stream of changes", "it ended") from error
