"""A relay in front of a Redis server: it speaks TLS, or puts something else in the place of an answer."""

from __future__ import annotations

import ssl
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from typing import TypeAlias

import anyio
from anyio.abc import ByteReceiveStream, ByteSendStream, ByteStream, SocketAttribute
from anyio.streams.tls import TLSListener

from tests.redis.server import RedisServer

Fault: TypeAlias = Callable[[bytes], bytes | None]
"""Returns what is sent in the place of an answer; None hangs up."""

_GONE = (anyio.BrokenResourceError, anyio.ClosedResourceError, anyio.EndOfStream)


class Relay:
    """What goes wrong is set from outside, at any time; `relay` makes one."""

    def __init__(self, server: RedisServer, port: int) -> None:
        self.port = port
        self.fault: Fault | None = None
        self.connections = 0
        self._server = server

    async def serve(self, client: ByteStream) -> None:
        """Pass everything on, both ways, until one side leaves."""
        self.connections += 1
        async with (
            client,
            await anyio.connect_tcp("127.0.0.1", self._server.port) as server,
            anyio.create_task_group() as ways,
        ):

            async def pass_on(source: ByteReceiveStream, target: ByteSendStream, *, is_answer: bool) -> None:
                await self._pass_on(source, target, is_answer=is_answer)
                ways.cancel_scope.cancel()

            ways.start_soon(lambda: pass_on(client, server, is_answer=False))
            ways.start_soon(lambda: pass_on(server, client, is_answer=True))

    async def _pass_on(self, source: ByteReceiveStream, target: ByteSendStream, *, is_answer: bool) -> None:
        try:
            while True:
                data: bytes | None = await source.receive()
                if is_answer and self.fault is not None:
                    data = self.fault(data or b"")
                if data is None:
                    return
                await target.send(data)
        except _GONE:
            return


@asynccontextmanager
async def relay(server: RedisServer, tls: ssl.SSLContext | None = None) -> AsyncGenerator[Relay]:
    """Listen in front of ``server``; at the end whoever is connected is cut off."""
    tcp = await anyio.create_tcp_listener(local_host="127.0.0.1")
    listener = TLSListener(tcp, tls, standard_compatible=False) if tls else tcp
    passing = Relay(server, int(tcp.extra(SocketAttribute.local_port)))
    async with listener, anyio.create_task_group() as group:
        group.start_soon(listener.serve, passing.serve)
        yield passing
        group.cancel_scope.cancel()
