"""Where the browser comes back to: a listener on the loopback interface, for one redirect (RFC 8252, 7.3)."""

from __future__ import annotations

import secrets
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from urllib.parse import parse_qs, urlsplit

import anyio
from anyio.abc import SocketAttribute, SocketStream
from mcp.client.auth import AuthorizationCodeResult

from mcp_toolweaver.core.errors import Refused, Unavailable
from mcp_toolweaver.core.scrub import scrub

_PATH = "/callback"
_LARGEST_REQUEST = 16 * 1024
_READ_SECONDS = 10.0
_LONGEST_REASON = 200
_DONE = "You are logged in. You may close this page."
_NOT_DONE = "The login was refused. What to do is told where you started it."
_STRANGE = "This is not the answer that is waited for."


class Redirect:
    """Takes the answer that carries the state of our question, and no other."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}{_PATH}"
        self._state = ""
        self._answer: dict[str, str] = {}
        self._is_there = anyio.Event()

    def expect(self, authorization_url: str) -> None:
        """Wait for the answer to this question."""
        self._state = _first(urlsplit(authorization_url).query).get("state", "")

    async def answer(self) -> AuthorizationCodeResult:
        """Return what the authorization server sent along.

        Raises:
            Refused: it says no.
        """
        await self._is_there.wait()
        found = self._answer
        if "error" in found:
            why = scrub(f"{found['error']} {found.get('error_description', '')}".strip())[:_LONGEST_REASON]
            raise Refused("the authorization server", f"refused the login: {why}")
        return AuthorizationCodeResult(code=found.get("code", ""), state=found.get("state"), iss=found.get("iss"))

    async def serve(self, stream: SocketStream) -> None:
        """Answer one request of the browser."""
        async with stream:
            with anyio.move_on_after(_READ_SECONDS):
                try:
                    await self._serve(stream)
                except (anyio.EndOfStream, anyio.BrokenResourceError, anyio.DelimiterNotFound, ValueError):
                    return

    async def _serve(self, stream: SocketStream) -> None:
        method, _, target = (await _head(stream)).partition(" ")
        parts = urlsplit(target.partition(" ")[0])
        found = _first(parts.query)
        is_ours = secrets.compare_digest(found.get("state", "").encode(), self._state.encode()) and bool(self._state)
        if method != "GET" or parts.path != _PATH or not is_ours or self._is_there.is_set():
            await stream.send(_page(404, _STRANGE))
            return
        await stream.send(_page(200, _NOT_DONE if "error" in found else _DONE))
        self._answer = found
        self._is_there.set()


@asynccontextmanager
async def redirect_listener(port: int = 0) -> AsyncGenerator[Redirect]:
    """Listen on a port of this machine, any free one for 0, until the block is left.

    Raises:
        Unavailable: another program has the port.
    """
    try:
        listener = await anyio.create_tcp_listener(local_host="127.0.0.1", local_port=port)
    except OSError as error:
        raise Unavailable("the login", f"port {port} of this machine is taken ({error.strerror})") from error
    async with listener, anyio.create_task_group() as tasks:
        redirect = Redirect(listener.extra(SocketAttribute.local_port))  # noqa: S610  not Django's
        tasks.start_soon(listener.serve, redirect.serve)
        yield redirect
        tasks.cancel_scope.cancel()


async def _head(stream: SocketStream) -> str:
    """Return the first line of a request, once its head has been read."""
    head = b""
    while b"\r\n\r\n" not in head:
        head += await stream.receive()
        if len(head) > _LARGEST_REQUEST:
            raise ValueError("too large")
    return head.partition(b"\r\n")[0].decode("ascii", errors="replace")


def _first(query: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(query).items()}


def _page(status: int, text: str) -> bytes:
    body = f"<!doctype html><title>Toolweaver</title><p>{text}</p>".encode()
    phrase = "OK" if status == 200 else "Not Found"  # noqa: PLR2004  the two that are sent
    head = (
        f"HTTP/1.1 {status} {phrase}\r\ncontent-type: text/html; charset=utf-8\r\ncontent-length: {len(body)}\r\n"
        "cache-control: no-store\r\nreferrer-policy: no-referrer\r\nconnection: close\r\n\r\n"
    )
    return head.encode() + body
