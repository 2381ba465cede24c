"""Which requests of a host have been read and not been answered, so that its input may end before its answers do."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from types import TracebackType
from typing import Any, Self

import anyio
from mcp.shared.message import SessionMessage
from mcp_types import JSONRPCError, JSONRPCNotification, JSONRPCRequest, JSONRPCResponse

_CANCELLED = "notifications/cancelled"


class Unanswered:
    """The requests of one host that have no answer yet."""

    def __init__(self) -> None:
        """Begin with none."""
        self._requests: set[str | int] = set()
        self._changed = anyio.Event()

    async def wait_none(self) -> None:
        """Return when each has been answered."""
        while self._requests:
            await self._changed.wait()

    def note_read(self, item: SessionMessage | Exception) -> None:
        """Note what was read; a request that the host cancels gets no answer."""
        message = None if isinstance(item, Exception) else item.message
        if isinstance(message, JSONRPCRequest):
            self._requests.add(message.id)
        elif isinstance(message, JSONRPCNotification) and message.method == _CANCELLED:
            self._end((message.params or {}).get("requestId"))

    def note_written(self, item: SessionMessage) -> None:
        """Note what was written."""
        if isinstance(item.message, JSONRPCResponse | JSONRPCError):
            self._end(item.message.id)

    def _end(self, request: object) -> None:
        if isinstance(request, str | int):
            self._requests.discard(request)
            changed, self._changed = self._changed, anyio.Event()
            changed.set()


class Lines:
    """The lines of a host's input, which we may end too."""

    def __init__(self, lines: AsyncIterator[str]) -> None:
        """Read ``lines``."""
        self._lines = lines
        self._scope = anyio.CancelScope()
        self.are_over = False
        """Whether the host has ended its input."""

    def end(self) -> None:
        """Read nothing more, as if the host had ended its input."""
        self._scope.cancel()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> str:
        with self._scope:
            try:
                return await anext(self._lines)
            except StopAsyncIteration:
                self.are_over = True
                raise
        raise StopAsyncIteration


class _Stream:
    def __init__(self, stream: Any) -> None:
        self._stream = stream

    async def aclose(self) -> None:
        await self._stream.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()


class Reading(_Stream):
    """Messages of a host, which end when ``before_end`` has returned."""

    def __init__(self, stream: Any, unanswered: Unanswered, before_end: Callable[[], Awaitable[None]]) -> None:
        """Read ``stream``."""
        super().__init__(stream)
        self._unanswered = unanswered
        self._before_end = before_end

    async def receive(self) -> SessionMessage | Exception:
        """Return the next message.

        Raises:
            anyio.EndOfStream: there is none.
        """
        try:
            item: SessionMessage | Exception = await self._stream.receive()
        except anyio.EndOfStream:
            await self._before_end()
            raise
        self._unanswered.note_read(item)
        return item

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> SessionMessage | Exception:
        try:
            return await self.receive()
        except anyio.EndOfStream:
            raise StopAsyncIteration from None


class Writing(_Stream):
    """Messages to a host."""

    def __init__(self, stream: Any, unanswered: Unanswered) -> None:
        """Write to ``stream``."""
        super().__init__(stream)
        self._unanswered = unanswered

    async def send(self, item: SessionMessage) -> None:
        """Send a message."""
        await self._stream.send(item)
        self._unanswered.note_written(item)
