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
from mcp_types import INVALID_REQUEST
from mcp_types.version import MODERN_PROTOCOL_VERSIONS
from pydantic import ValidationError

from mcp_toolweaver.core.errors import ToolweaverError, Unavailable
from mcp_toolweaver.core.exchange import Refusal
from mcp_toolweaver.proxy.failures import part, request_failure

Request = Callable[[str, Mapping[str, Any]], Awaitable[Mapping[str, Any]]]

_PARTING = 1.0
"""Seconds for telling a server that a resource is no longer watched."""


async def watch_resource(client: Client, server: str, request: Request, uri: str, over: anyio.Event) -> None:
    """Watch a resource until cancelled.

    The changes are announced like everything else, and the relay hears them; over a connection of 2026-07-28 they
    are announced as long as a stream of them is open. ``over`` is set when the connection is.

    Raises:
        Refusal: the server does not tell of it.
        Unavailable: the connection was lost.
    """
    if client.protocol_version in MODERN_PROTOCOL_VERSIONS:
        await _listen(client, server, uri)
        return
    await request("resources/subscribe", {"uri": uri})
    try:
        await over.wait()
    finally:
        with anyio.move_on_after(_PARTING, shield=True), suppress(ToolweaverError, ValidationError):
            await request("resources/unsubscribe", {"uri": uri})
    raise Unavailable(part(server), "the connection was lost")


async def _listen(client: Client, server: str, uri: str) -> None:
    try:
        async with client.listen(resource_subscriptions=[uri]) as changes:
            if not changes.honored.resource_subscriptions:
                raise Refusal(INVALID_REQUEST, "it does not tell of changes of resources")
            async for _change in changes:
                await anyio.lowlevel.checkpoint()
    except MCPError as error:
        raise request_failure(server, error) from error
    except (SubscriptionLost, TimeoutError) as error:
        raise Unavailable(part(server), "the stream of changes ended") from error
