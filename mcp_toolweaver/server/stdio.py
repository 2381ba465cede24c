"""Serving one host over the standard streams of the process.

The SDK reads stdin in a worker thread that cannot be cancelled, so a server that is told
to stop would hang until its host closes the pipe. Here a daemon thread reads.
"""

from __future__ import annotations

import os
import threading
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any, cast

import anyio
import anyio.from_thread
from anyio.lowlevel import EventLoopToken, current_token
from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream
from mcp.server.stdio import stdio_server

from mcp_toolweaver.server.gateway import Gateway
from mcp_toolweaver.server.streams import ClaimedStreams

_CHUNK = 65_536


async def serve(gateway: Gateway, streams: ClaimedStreams) -> None:
    """Serve the host at the other end of the streams until it closes its end."""
    output = anyio.wrap_file(os.fdopen(streams.writing, "w", encoding="utf-8", errors="backslashreplace", newline="\n"))
    async with _lines(streams.reading) as lines, stdio_server(cast("Any", lines), output) as (read, write):
        await gateway.server.run(read, write, gateway.initialization)


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
