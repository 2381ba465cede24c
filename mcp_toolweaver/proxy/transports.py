"""How a downstream server is reached: as a child process, over streamable HTTP or over SSE."""

from __future__ import annotations

import json
import os
import sys
from collections import OrderedDict
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx2
from mcp.client.sse import sse_client
from mcp.client.stdio import StdioServerParameters, stdio_client
from mcp.client.streamable_http import streamable_http_client
from mcp.shared._httpx_utils import create_mcp_http_client

from mcp_toolweaver.core.frames import LARGEST_FRAME
from mcp_toolweaver.core.json_values import is_object
from mcp_toolweaver.proxy.bodies import BoundedBodies
from mcp_toolweaver.proxy.failures import ADD_HEADER, UNAUTHORIZED, refused_by_status, status_reason
from mcp_toolweaver.proxy.login.auth import KeptLogin, kept_login
from mcp_toolweaver.proxy.server_log import ServerLog
from mcp_toolweaver.proxy.stdio import Launch, child_process
from mcp_toolweaver.proxy.wire import Transport

__all__ = ["HttpTail", "KeptLogin", "http", "kept_login", "sse", "stdio"]

_LARGEST_EVENT_OF_SSE = 1024 * 1024
"""Bytes of one event, which the SDK's transport of 2024-11-05 has fixed."""

_CONNECT_SECONDS = 30.0
_REFUSED_SESSION = (400, 404, 410)
"""404 by the specification; real servers answer an unknown session with 400 too."""

_MOST_REFUSED = 100
"""Messages of which it is kept that they were refused, until somebody asks."""

_QUIET_SECONDS = 24 * 3600.0
"""How long an SSE stream may say nothing; calls have deadlines of their own."""


def stdio(
    command: str,
    args: list[str],
    env: Mapping[str, str],
    cwd: str | None,
    log: ServerLog,
    *,
    largest_frame: int = LARGEST_FRAME,
) -> Transport:
    """Start ``command`` with ``args``; it inherits PATH, HOME and the like, and gets ``env`` besides.

    What it writes to stderr goes to ``log``. Messages larger than ``largest_frame`` bytes are dropped, and the call
    that such a message answers gets an error.
    """
    if sys.platform == "win32":
        return _stdio_of_sdk(command, args, env, cwd)
    return child_process(Launch(command, list(args), dict(env), cwd, largest_frame), log)


@asynccontextmanager
async def _stdio_of_sdk(
    command: str, args: list[str], env: Mapping[str, str], cwd: str | None
) -> AsyncGenerator[tuple[Any, Any]]:
    """Start a server in the SDK's way, with its limits and without a log: pipes of Windows cannot be waited for."""
    parameters = StdioServerParameters(
        command=command, args=args, env=dict(env), cwd=cwd, encoding_error_handler="replace"
    )
    with Path(os.devnull).open("w", encoding="utf-8") as stderr:  # noqa: ASYNC230  never blocks
        async with stdio_client(parameters, errlog=stderr) as streams:
            yield streams


def sse(
    url: str,
    headers: Mapping[str, str],
    tail: HttpTail,
    log: ServerLog,
    *,
    auth: httpx2.Auth | None = None,
    largest_frame: int = LARGEST_FRAME,
) -> Transport:
    """Connect over HTTP with server-sent events, the transport of 2024-11-05; ``tail`` is told of refusals."""
    bodies = BoundedBodies(min(largest_frame, _LARGEST_EVENT_OF_SSE), log)

    def client(
        headers: dict[str, str] | None = None, timeout: httpx2.Timeout | None = None, auth: httpx2.Auth | None = None
    ) -> httpx2.AsyncClient:
        made = create_mcp_http_client(headers, timeout, auth)
        bodies.bound(made)
        made.event_hooks["response"].append(tail.note)
        return made

    return sse_client(
        url, headers=dict(headers), sse_read_timeout=_QUIET_SECONDS, httpx_client_factory=client, auth=auth
    )


class HttpTail:
    """What the last responses over HTTP were, which the SDK does not pass on."""

    def __init__(self, advice: Callable[[], str] = lambda: ADD_HEADER) -> None:
        """Start without any; ``advice`` says how to log in."""
        self._advice = advice
        self._status: tuple[int, httpx2.URL] | None = None
        self._is_forgotten = False
        self._refused: OrderedDict[str | int, tuple[int, httpx2.URL]] = OrderedDict()

    def begin(self) -> None:
        """Start anew for a new connection."""
        self._is_forgotten = False

    async def note(self, response: httpx2.Response) -> None:
        """Keep what a response says, if it is a refusal; a later success clears it."""
        self._status = (response.status_code, response.url) if response.is_error else None
        request = response.request
        is_ours = request.method == "POST" and "mcp-session-id" in request.headers
        self._is_forgotten = self._is_forgotten or (is_ours and response.status_code in _REFUSED_SESSION)
        if response.is_error and request.method == "POST":
            self._keep_refused(request, (response.status_code, response.url))
        elif self._refused:
            self._keep_refused(request, None)

    def _keep_refused(self, request: httpx2.Request, status: tuple[int, httpx2.URL] | None) -> None:
        """Keep with which status a message was refused, by its id, unless it was sent again and taken."""
        try:
            message = json.loads(request.content)
        except (httpx2.RequestNotRead, ValueError):
            return
        if is_object(message) and isinstance(message.get("id"), str | int):
            self._refused.pop(message["id"], None)
            if status is not None:
                self._refused[message["id"]] = status
        if len(self._refused) > _MOST_REFUSED:
            self._refused.popitem(last=False)

    def why_refused(self, message_id: str | int) -> str | None:
        """Return, once, what the status of the response to a message means; None if it was a good one."""
        status = self._refused.pop(message_id, None)
        return None if status is None else refused_by_status(*status, self._advice())

    def is_forgotten(self) -> bool:
        """Whether a message was refused in the way of a server that does not know our session."""
        return self._is_forgotten

    def is_unwelcome(self) -> bool:
        """Whether the last message was refused for want of a login, which the next will be, too."""
        return self._status is not None and self._status[0] == UNAUTHORIZED

    def last_refusal(self) -> str:
        """Return the last refusal for a message; or nothing."""
        return "" if self._status is None else status_reason(*self._status, self._advice())


@asynccontextmanager
async def http(
    url: str,
    headers: Mapping[str, str],
    tail: HttpTail,
    log: ServerLog,
    *,
    auth: httpx2.Auth | None = None,
    largest_frame: int = LARGEST_FRAME,
) -> AsyncGenerator[tuple[Any, Any]]:
    """Connect over streamable HTTP; ``tail`` is told of refusals.

    Messages larger than ``largest_frame`` bytes are dropped, and the call that such a message answers gets an error.
    """
    tail.begin()
    patience = httpx2.Timeout(_CONNECT_SECONDS, read=None)  # calls have deadlines of their own
    async with create_mcp_http_client(headers=dict(headers), timeout=patience, auth=auth) as client:
        BoundedBodies(largest_frame, log).bound(client)
        client.event_hooks["response"].append(tail.note)
        async with streamable_http_client(url, http_client=client, max_sse_event_size=None) as streams:
            yield streams
