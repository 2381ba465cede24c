"""What is known of one host that is attached."""

from __future__ import annotations

import secrets
from collections import OrderedDict
from typing import Any

import anyio
from mcp.server.connection import Connection
from mcp.server.context import ServerRequestContext

from mcp_toolweaver.core.access import CALLER
from mcp_toolweaver.core.tools import ToolId
from mcp_toolweaver.server.hosts import HostTraits, traits_of


class HostSession:
    """One host of the eras with a handshake, from that to the end of its connection."""

    def __init__(self, connection: Connection, context: ServerRequestContext[Any]) -> None:
        """Begin with the handshake, or whatever was first noticed of it."""
        self.key = secrets.token_hex(8)
        """Is no other session's, in this run or another."""
        self.connection = connection
        self.context = context
        """Of the message that came last, for what is said outside of requests."""
        self.caller = CALLER.get()
        """Whose session it is."""
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
        self.lists_again: bool | None = None
        """Whether it lists tools again when it is told that they have changed; None while that is not known."""
        self.found: OrderedDict[ToolId, None] = OrderedDict()
        """The tools that are listed because its searches found them; the one used last is last."""

    @property
    def traits(self) -> HostTraits:
        """What is known of such hosts."""
        return traits_of(self.client)

    def note_listed(self, names: tuple[str, ...]) -> None:
        """Note that it was listed these tools; if it was thought never to list them again, it does after all."""
        self.announced = names
        if self.lists_again is False:
            self.lists_again = True
        self.listed.set()
