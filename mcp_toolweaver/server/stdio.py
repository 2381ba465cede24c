"""Serving one host over the standard streams of the process.

The SDK reads stdin in a worker thread that cannot be cancelled, so a server that is told
to stop would hang until its host closes the pipe; likewise for a host that does not read.
Here pipes and sockets are read in the event loop, and written to in it as far as they have
room. What is left, and whatever is neither, is the work of threads that may be left behind.
Each turn of a thread takes longer than all of our own work on a small message.
"""

from __future__ import annotations

import os
import select
import stat
import sys
import threading
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, Self, cast

import anyio
import anyio.from_thread
from anyio.lowlevel import EventLoopToken, current_token
from anyio.streams.memory import MemoryObjectSendStream
from mcp.server.stdio import stdio_server

from mcp_toolweaver.core.threads import run_in_thread
from mcp_toolweaver.server.answering import Lines, Reading, Unanswered, Writing
from mcp_toolweaver.server.gateway import Gateway
from mcp_toolweaver.server.streams import ClaimedStreams

_CHUNK = 65_536
_LAST_ANSWERS = 2.0
"""Seconds for answers to be written that have been made; a host that does not read loses them."""
_LOOKING = 0.1
"""Seconds between two looks at whether somebody is there, once the input has ended."""
_LARGEST_AT_ONCE = 65_536
"""Bytes of a message that may be written in the event loop: about what a pipe holds."""


async def serve(gateway: Gateway, streams: ClaimedStreams, stopping: anyio.Event, *, drain: float) -> None:
    """Serve the host at the other end of the streams until it closes its end, of either, or ``stopping`` is set.

    What was read until then is answered, for up to ``drain`` seconds, unless nobody is there any more.
    """
    unanswered = Unanswered()
    with anyio.CancelScope() as scope:
        output: Any = HostOutput(streams.writing, on_gone=scope.cancel)
        async with _lines(streams.reading) as read_lines, anyio.create_task_group() as tasks:
            lines = Lines(read_lines)

            async def answer_all() -> None:
                tasks.start_soon(output.watch)
                await _answered(unanswered, gateway, drain)

            tasks.start_soon(_end, lines, gateway, stopping, drain)
            async with stdio_server(cast("Any", lines), output) as (read, write):
                reading: Any = Reading(read, unanswered, answer_all)
                writing: Any = Writing(write, unanswered)
                await gateway.server.run(reading, writing, gateway.initialization)
            tasks.cancel_scope.cancel()


async def _answered(unanswered: Unanswered, gateway: Gateway, drain: float) -> None:
    """Return when what was read has been answered, if need be by an error."""
    with anyio.move_on_after(drain):
        await unanswered.wait_none()
    await gateway.drain.stop(0)
    with anyio.move_on_after(_LAST_ANSWERS):
        await unanswered.wait_none()


async def _end(lines: Lines, gateway: Gateway, stopping: anyio.Event, drain: float) -> None:
    """End the input when we are told to stop; a host that has ended it before that has waited long enough."""
    await stopping.wait()
    await gateway.drain.stop(0 if lines.are_over else drain)
    lines.end()


def _can_be_polled(descriptor: int) -> bool:
    """Whether the event loop can be told that there is something to read, or room to write."""
    mode = os.fstat(descriptor).st_mode
    return sys.platform != "win32" and (stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode))


class HostOutput:
    """The part of a text file that the SDK's transport writes to; a host that does not read cannot hold us."""

    def __init__(self, descriptor: int, on_gone: Callable[[], None]) -> None:
        self._descriptor = descriptor
        self._on_gone = on_gone
        self._can_be_polled = _can_be_polled(descriptor)

    async def write(self, text: str) -> None:
        """Write all of the text, or call ``on_gone`` if nobody is there to read it."""
        left = memoryview(text.encode(errors="backslashreplace"))
        try:
            if self._can_be_polled and len(left) <= _LARGEST_AT_ONCE:
                left = _written_at_once(self._descriptor, left)
            if left:
                await run_in_thread(_write_all, self._descriptor, left)
        except OSError:
            self._on_gone()

    async def flush(self) -> None:
        """Nothing is kept back."""

    async def watch(self) -> None:
        """Call ``on_gone`` once nobody is there to read, which a pipe tells without being written to."""
        if not self._can_be_polled:
            return
        poll = select.poll()
        poll.register(self._descriptor, 0)
        while not poll.poll(0):  # noqa: ASYNC110  nothing tells of it
            await anyio.sleep(_LOOKING)
        self._on_gone()


def _written_at_once(descriptor: int, data: memoryview) -> memoryview:
    """Write what there is room for, and return the rest."""
    poll = select.poll()
    poll.register(descriptor, select.POLLOUT)
    while data and poll.poll(0):  # then so many bytes are taken without waiting, also by a descriptor that may wait
        data = data[os.write(descriptor, data[: select.PIPE_BUF]) :]
    return data


def _write_all(descriptor: int, left: memoryview) -> None:
    while left:
        left = left[os.write(descriptor, left) :]


@asynccontextmanager
async def _lines(descriptor: int) -> AsyncGenerator[AsyncIterator[str]]:
    """Yield the lines that come in, which end with the input."""
    if _can_be_polled(descriptor):
        yield HostInput(descriptor)
        return
    sending, receiving = anyio.create_memory_object_stream[str](64)
    reader = threading.Thread(target=_read_lines, args=[descriptor, sending, current_token()], daemon=True)
    reader.start()
    async with receiving:
        yield receiving


class HostInput:
    """Lines of a pipe or socket. The descriptor may wait, since it may be shared; so it is read when it need not."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._rest: list[bytes] = []
        self._whole: deque[bytes] = deque()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> str:
        while not self._whole:
            await anyio.wait_readable(self._descriptor)
            try:
                chunk = os.read(self._descriptor, _CHUNK)
            except OSError:
                chunk = b""
            if not chunk:
                raise StopAsyncIteration
            self._take(chunk)
        return self._whole.popleft().decode(errors="replace")

    def _take(self, chunk: bytes) -> None:
        *lines, tail = chunk.split(b"\n")
        for line in lines:
            self._whole.append(b"".join([*self._rest, line]))
            self._rest.clear()
        self._rest.append(tail)


def _read_lines(descriptor: int, sending: MemoryObjectSendStream[str], token: EventLoopToken) -> None:
    """Send each line into the event loop until the input ends or nobody listens any more."""
    rest: list[bytes] = []
    try:
        while chunk := os.read(descriptor, _CHUNK):
            *lines, tail = chunk.split(b"\n")
            for line in lines:
                whole = b"".join([*rest, line])
                rest.clear()
                anyio.from_thread.run(sending.send, whole.decode(errors="replace"), token=token)
            rest.append(tail)
        anyio.from_thread.run_sync(sending.close, token=token)
    except (OSError, RuntimeError, anyio.BrokenResourceError, anyio.ClosedResourceError):
        return
