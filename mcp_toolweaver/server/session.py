"""What is known of one host that is attached."""

from __future__ import annotations

from typing import Any

import anyio
from mcp.server.connection import Connection
from mcp.server.context import ServerRequestContext


class HostSession:
    """One host of the eras with a handshake, from that to the end of its connection."""

    def __init__(self, connection: Connection, context: ServerRequestContext[Any]) -> None:
        """Begin with the handshake, or whatever was first noticed of it."""
        self.connection = connection
        self.context = context
        """Of the message that came last, for what is said outside of requests."""
        self.answers: frozenset[str] = frozenset()
        """What it may be asked; see `Host.answers`."""
        self.client = ""
        """What it calls itself."""
        self.log_level: str | None = None
        """The least serious log messages that it wants; None if it has not said."""
        self.announced: tuple[str, ...] | None = None
        """The names of the tools that it was listed last; None if it has listed none."""
        self.listed = anyio.Event()
        """Set when it lists tools; replaced by whoever waits."""
