"""A load balancer that knows nothing: each connection goes to the next of several servers."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager, suppress
from urllib.parse import urlsplit

import anyio
from anyio.abc import SocketAttribute, SocketStream


class RoundRobin:
    """Passes bytes on."""

    def __init__(self, urls: Sequence[str]) -> None:
        self._next = itertools.cycle([urlsplit(url) for url in urls])
        self.asked: Counter[str] = Counter()
        """Connections by server."""
        self.url = ""

    @asynccontextmanager
    async def listening(self) -> AsyncGenerator[None]:
        """Accept connections."""
        listener = await anyio.create_tcp_listener(local_host="127.0.0.1")
        self.url = f"http://127.0.0.1:{listener.extra(SocketAttribute.local_port)}"
        async with listener, anyio.create_task_group() as tasks:
            tasks.start_soon(listener.serve, self._passed_on)
            yield
            tasks.cancel_scope.cancel()

    async def _passed_on(self, client: SocketStream) -> None:
        target = next(self._next)
        self.asked[target.netloc] += 1
        async with (
            client,
            await anyio.connect_tcp(str(target.hostname), target.port or 80) as server,
            anyio.create_task_group() as tasks,
        ):
            tasks.start_soon(_copy, client, server)
            await _copy(server, client)
            tasks.cancel_scope.cancel()


async def _copy(source: SocketStream, target: SocketStream) -> None:
    with suppress(anyio.BrokenResourceError, anyio.ClosedResourceError, anyio.EndOfStream):
        while True:
            await target.send(await source.receive())
