"""Listening on a port, until we are told to stop."""

from __future__ import annotations

import socket
from collections.abc import Generator
from contextlib import contextmanager

import anyio
import uvicorn
from starlette.types import ASGIApp

from mcp_toolweaver.core.errors import ConfigurationError
from mcp_toolweaver.server.web.address import Address

_BACKLOG = 2_048
_IDLE = 75
"""Seconds that an idle connection is kept: longer than load balancers keep theirs, so that none meets a closing one."""
_LEAVING = 2
"""Seconds for which answers that are being sent go on, after the applications have ended."""


class _Server(uvicorn.Server):
    """One that leaves signals to us."""

    @contextmanager
    def capture_signals(self) -> Generator[None]:
        yield


def bound(address: Address) -> tuple[socket.socket, Address]:
    """Return a socket that listens, and where: the port was free where none was given.

    Raises:
        ConfigurationError: the address is not ours, or its port is taken.
    """
    family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
    try:
        listening = socket.create_server((address.host, address.port), family=family, backlog=_BACKLOG)
    except OSError as error:
        raise ConfigurationError(
            f"cannot listen on {address}: {error.strerror or error}; name another address: serve --http HOST:PORT"
        ) from error
    # Connections inherit it. The event loop sees to it only for sockets that it made itself, and without it an answer
    # of two parts waits for the delayed acknowledgement of the first: 40 ms.
    listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listening, Address(address.host, listening.getsockname()[1])


async def listen(app: ASGIApp, listening: socket.socket, stopping: anyio.Event) -> None:
    """Serve ``app`` until ``stopping`` is set; streams that are open then are cut after two seconds."""
    server = _Server(
        uvicorn.Config(
            app,
            log_config=None,
            access_log=False,
            lifespan="off",
            ws="none",
            server_header=False,
            timeout_keep_alive=_IDLE,
            timeout_graceful_shutdown=_LEAVING,
        )
    )

    async def stop() -> None:
        await stopping.wait()
        server.should_exit = True

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(stop)
        await server.serve(sockets=[listening])
        tasks.cancel_scope.cancel()
