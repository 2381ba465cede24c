"""Streamable HTTP for the servers that the conformance suite looks at."""

from __future__ import annotations

from typing import Any

import uvicorn
from mcp.server.lowlevel.server import Server
from mcp.server.streamable_http import EventCallback, EventId, EventMessage, EventStore, StreamId
from mcp_types import JSONRPCMessage

_RETRY = 500
"""Milliseconds after which a client whose stream was closed asks again."""


class KeptEvents(EventStore):
    """Keeps every event in memory, so that a stream that was closed can be taken up again."""

    def __init__(self) -> None:
        self._events: list[tuple[StreamId, JSONRPCMessage | None]] = []

    async def store_event(self, stream_id: StreamId, message: JSONRPCMessage | None) -> EventId:
        """See `EventStore`."""
        self._events.append((stream_id, message))
        return str(len(self._events))

    async def replay_events_after(self, last_event_id: EventId, send_callback: EventCallback) -> StreamId | None:
        """See `EventStore`."""
        last = int(last_event_id)
        stream = self._events[last - 1][0]
        for number, (owner, message) in enumerate(self._events[last:], start=last + 1):
            if owner == stream and message is not None:
                await send_callback(EventMessage(message, str(number)))
        return stream


async def serve_http(server: Server[Any], port: int) -> None:
    """Serve at ``http://localhost:PORT/mcp`` until a signal."""
    app = server.streamable_http_app(event_store=KeptEvents(), retry_interval=_RETRY)
    config = uvicorn.Config(app, host="127.0.0.1", port=port, log_level="warning", ws="none")
    await uvicorn.Server(config).serve()
