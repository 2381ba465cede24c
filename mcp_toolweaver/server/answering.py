"""The messages of a host that speaks over pipes, which end only when those that were read have been answered."""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from types import TracebackType
from typing import Self

import anyio
from mcp.shared.message import SessionMessage
from mcp_types import JSONRPCError, JSONRPCMessage, JSONRPCNotification, JSONRPCRequest, JSONRPCResponse

from mcp_toolweaver.core.frames import Oversized
from mcp_toolweaver.server.host_frames import doubled, encoded, understood
from mcp_toolweaver.server.host_pipes import HostOutput

_CANCELLED = "notifications/cancelled"


class Unanswered:
    """The requests of one host that have no answer yet."""

    def __init__(self) -> None:
        """Begin with none."""
        self._requests: set[str | int] = set()
        self._changed = anyio.Event()

    def __contains__(self, request: str | int) -> bool:
        return request in self._requests

    async def wait_none(self) -> None:
        """Return when each has been answered."""
        while self._requests:
            await self._changed.wait()

    def note_read(self, message: JSONRPCMessage) -> None:
        """Note what was read; a request that the host cancels gets no answer."""
        if isinstance(message, JSONRPCRequest):
            self._requests.add(message.id)
        elif isinstance(message, JSONRPCNotification) and message.method == _CANCELLED:
            self._end((message.params or {}).get("requestId"))

    def note_written(self, message: JSONRPCMessage) -> None:
        """Note what was written."""
        if isinstance(message, JSONRPCResponse | JSONRPCError):
            self._end(message.id)

    def _end(self, request: object) -> None:
        if isinstance(request, str | int):
            self._requests.discard(request)
            changed, self._changed = self._changed, anyio.Event()
            changed.set()


class Ending:
    """The frames of a host, which we may end too."""

    def __init__(self, frames: AsyncIterator[bytes | Oversized]) -> None:
        """Read ``frames``."""
        self._frames = frames
        self._scope = anyio.CancelScope()
        self.are_over = False
        """Whether the host has ended its input."""

    def end(self) -> None:
        """Read nothing more, as if the host had ended its input."""
        self._scope.cancel()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> bytes | Oversized:
        with self._scope:
            try:
                return await anext(self._frames)
            except StopAsyncIteration:
                self.are_over = True
                raise
        raise StopAsyncIteration


class _Stream:
    """What the SDK's streams are beside what they do."""

    async def aclose(self) -> None:
        """Leave what is below to who opened it."""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        return None


class Writing(_Stream):
    """Messages to a host, one after the other."""

    def __init__(self, output: HostOutput, unanswered: Unanswered) -> None:
        """Write to ``output``."""
        self._output = output
        self._unanswered = unanswered
        self._turn = anyio.Lock()

    async def send(self, item: SessionMessage) -> None:
        """Send a message."""
        await self._write(item.message)
        self._unanswered.note_written(item.message)

    async def refuse(self, error: JSONRPCError) -> None:
        """Send an error that answers a frame, and no request that was passed on."""
        await self._write(error)

    async def _write(self, message: JSONRPCMessage) -> None:
        async with self._turn:
            await self._output.write(encoded(message))


class Reading(_Stream):
    """Messages of a host, which end when ``before_end`` has returned; what is none is answered with an error."""

    def __init__(
        self, frames: Ending, writing: Writing, unanswered: Unanswered, before_end: Callable[[], Awaitable[None]]
    ) -> None:
        """Read ``frames``; errors go to ``writing``."""
        self._frames = frames
        self._writing = writing
        self._unanswered = unanswered
        self._before_end = before_end
        self._waiting: deque[JSONRPCMessage] = deque()

    async def receive(self) -> SessionMessage:
        """Return the next message.

        Raises:
            anyio.EndOfStream: there is none.
        """
        try:
            return await anext(self)
        except StopAsyncIteration:
            raise anyio.EndOfStream from None

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> SessionMessage:
        while not self._waiting:
            try:
                frame = await anext(self._frames)
            except StopAsyncIteration:
                await self._before_end()
                raise
            messages, errors = understood(frame)
            for message in messages:
                if isinstance(message, JSONRPCRequest) and message.id in self._unanswered:
                    errors.append(doubled(message.id))
                else:
                    self._unanswered.note_read(message)
                    self._waiting.append(message)
            for error in errors:
                await self._writing.refuse(error)
        return SessionMessage(self._waiting.popleft())
