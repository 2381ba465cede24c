"""Requests to sources that are MCP servers, beside calls of their tools."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

import anyio

from mcp_toolweaver.catalog.runner import SourceRunner
from mcp_toolweaver.core.errors import DeadlineExceeded
from mcp_toolweaver.core.interfaces import CatalogSource
from mcp_toolweaver.core.offers import Peer


def peer(source: CatalogSource) -> Peer:
    """Return a source that offers something as what it is: only MCP servers do."""
    return cast("Peer", source)


async def requested(runner: SourceRunner, method: str, params: Mapping[str, Any]) -> dict[str, Any]:
    """Return the result of a request to a server, opened first if need be; it takes no longer than a call may.

    Raises:
        Refusal: the server answered with an error.
        Unavailable: it is away, or took too long.
    """
    seconds = runner.setup.policy.deadline
    with anyio.move_on_after(seconds):
        return await runner.door.ask(lambda source: peer(source).request(method, params))
    late = f"{method} did not end within {seconds:g} s and was given up"
    raise DeadlineExceeded(f"server {runner.setup.name!r}", late)
