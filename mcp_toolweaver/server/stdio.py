"""Serving one host over the standard streams of the process.

The SDK reads stdin in a worker thread that cannot be cancelled, so a server that is told
to stop would hang until its host closes the pipe; likewise for a host that does not read.
Here a daemon thread reads, and a thread that writes is left behind if it must be.
"""

from __future__ import annotations

import os
import threading
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from typing import Any, cast

import anyio
import anyio.from_thread
from anyio.lowlevel import EventLoopToken, current_token
from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream
from mcp.server.stdio import stdio_server

from mcp_toolweaver.core.threads import run_in_thread
from mcp_toolweaver.server.gateway import Gateway
from mcp_toolweaver.server.streams import ClaimedStreams

_CHUNK = 65_536


async def serve(gateway: Gateway, streams: ClaimedStreams) -> None:
    """Serve the host at the other end of the streams until it closes its end, of either."""
    with anyio.CancelScope() as scope:
        output: Any = _Output(streams.writing, on_gone=scope.cancel)
        async with _lines(streams.reading) as lines, stdio_server(cast("Any", lines), output) as (read, write):
            await gateway.server.run(read, write, gateway.initialization)


class _Output:
    """The part of a text file that the SDK's transport writes to; a host that does not read cannot hold us."""

    def __init__(self, descriptor: int, on_gone: Callable[[], None]) -> None:
        self._descriptor = descriptor
        self._on_gone = on_gone

    async def write(self, text: str) -> None:
        """Write all of the text, or call ``on_gone`` if nobody is there to read it."""
        try:
            await run_in_thread(_write_all, self._descriptor, text.encode(errors="backslashreplace"))
        except OSError:
            self._on_gone()

    async def flush(self) -> None:
        """Nothing is kept back."""


def _write_all(descriptor: int, data: bytes) -> None:
    left = memoryview(data)
    while left:
        left = left[os.write(descriptor, left) :]


@asynccontextmanager
async def _lines(descriptor: int) -> AsyncGenerator[MemoryObjectReceiveStream[str]]:
    """Yield a stream of the lines that come in, which ends with the input."""
    sending, receiving = anyio.create_memory_object_stream[str](64)
    reader = threading.Thread(target=_read_lines, args=[descriptor, sending, current_token()], daemon=True)
    reader.start()
    async with receiving:
        yield receiving


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
