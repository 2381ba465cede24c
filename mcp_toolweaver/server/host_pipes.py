"""The streams between us and the host that started us, read and written without holding anybody up.

A worker thread that reads stdin cannot be cancelled, so a server that is told to stop would hang until its host closes
the pipe; likewise for a host that does not read. Here pipes and sockets are read in the event loop, and written to in
it as far as they have room. What is left, and whatever is neither, is the work of threads that may be left behind.
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
from typing import Self

import anyio
import anyio.from_thread
from anyio.lowlevel import EventLoopToken, current_token
from anyio.streams.memory import MemoryObjectSendStream

from mcp_toolweaver.core.frames import Frames, Oversized
from mcp_toolweaver.core.threads import run_in_thread

_CHUNK = 65_536
_LOOKING = 0.1
"""Seconds between two looks at whether somebody is there, once the input has ended."""
_LARGEST_AT_ONCE = 65_536
"""Bytes of a message that may be written in the event loop: about what a pipe holds."""


def _can_be_polled(descriptor: int) -> bool:
    """Whether the event loop can be told that there is something to read, or room to write."""
    mode = os.fstat(descriptor).st_mode
    return sys.platform != "win32" and (stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode))


class HostOutput:
    """Texts to a pipe, socket or file; a host that does not read cannot hold us."""

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
async def frames_of(descriptor: int) -> AsyncGenerator[AsyncIterator[bytes | Oversized]]:
    """Yield the frames that come in, which end with the input."""
    if _can_be_polled(descriptor):
        yield HostInput(descriptor)
        return
    sending, receiving = anyio.create_memory_object_stream[bytes | Oversized](64)
    reader = threading.Thread(target=_read_frames, args=[descriptor, sending, current_token()], daemon=True)
    reader.start()
    async with receiving:
        yield receiving


class HostInput:
    """Frames of a pipe or socket. The descriptor may wait, since it may be shared; so it is read when it need not."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._frames = Frames()
        self._whole: deque[bytes | Oversized] = deque()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> bytes | Oversized:
        while not self._whole:
            await anyio.wait_readable(self._descriptor)
            try:
                chunk = os.read(self._descriptor, _CHUNK)
            except OSError:
                chunk = b""
            if not chunk:
                raise StopAsyncIteration
            self._whole.extend(self._frames.feed(chunk))
        return self._whole.popleft()


def _read_frames(descriptor: int, sending: MemoryObjectSendStream[bytes | Oversized], token: EventLoopToken) -> None:
    """Send each frame into the event loop until the input ends or nobody listens any more."""
    frames = Frames()
    try:
        while chunk := os.read(descriptor, _CHUNK):
            for frame in frames.feed(chunk):
                anyio.from_thread.run(sending.send, frame, token=token)
        anyio.from_thread.run_sync(sending.close, token=token)
    except (OSError, RuntimeError, anyio.BrokenResourceError, anyio.ClosedResourceError):
        return
