"""What a host may still get whose stream of events was cut: the last events of its session, for a while."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any

from mcp.server.streamable_http import EventCallback, EventId, EventMessage, EventStore, StreamId
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from mcp_types import JSONRPCMessage

if TYPE_CHECKING:
    from mcp.server.streamable_http import StreamableHTTPServerTransport

_MOST_EVENTS = 256
_MOST_BYTES = 4 * 1024 * 1024
"""Of one session."""


class SessionEvents(EventStore):
    """The last events of one session; what is older, or too large beside them, cannot be had again."""

    def __init__(self) -> None:
        """Begin with none."""
        self._events: deque[tuple[int, StreamId, JSONRPCMessage | None, int]] = deque()
        self._bytes = 0
        self._last = 0

    async def store_event(self, stream_id: StreamId, message: JSONRPCMessage | None) -> EventId:
        """See `EventStore.store_event`."""
        self._last += 1
        size = 0 if message is None else len(message.model_dump_json(by_alias=True, exclude_unset=True))
        self._events.append((self._last, stream_id, message, size))
        self._bytes += size
        while len(self._events) > _MOST_EVENTS or self._bytes > _MOST_BYTES:
            self._bytes -= self._events.popleft()[-1]
        return str(self._last)

    async def replay_events_after(self, last_event_id: EventId, send_callback: EventCallback) -> StreamId | None:
        """See `EventStore.replay_events_after`."""
        last = int(last_event_id) if last_event_id.isdecimal() else -1
        stream = next((of for number, of, _message, _size in self._events if number == last), None)
        for number, of, message, _size in list(self._events):
            if number > last and of == stream and message is not None:
                await send_callback(EventMessage(message, str(number)))
        return stream


class ResumableSessions(StreamableHTTPSessionManager):
    """The sessions of streamable HTTP, each with events of its own.

    The SDK has one store for all sessions, and calls streams by the numbers of requests, which all sessions share.
    """

    def _admit_session(self, requestor: Any) -> StreamableHTTPServerTransport | None:
        self.event_store = SessionEvents()
        return super()._admit_session(requestor)
