"""Asks a server for something that needs a login, and sees to it that no secret goes where others can read it."""

from __future__ import annotations

from urllib.parse import urlsplit

import httpx2

from mcp_toolweaver.core.errors import Refused
from mcp_toolweaver.core.logins import Place
from mcp_toolweaver.proxy.failures import UNAUTHORIZED

_SECONDS = 30.0
_LOOPBACK = ("localhost", "127.0.0.1", "::1")
_PING = {"jsonrpc": "2.0", "id": "login", "method": "ping"}
_ACCEPT = "application/json, text/event-stream"


async def asked(
    place: Place,
    auth: httpx2.Auth,
    *,
    is_sse: bool,
    seconds: float = _SECONDS,
    transport: httpx2.AsyncBaseTransport | None = None,
) -> int:
    """Ask the server for something that needs a login and changes nothing; return the status of its last answer.

    Raises:
        Refused: an authorization server would get secrets over a connection that others can read.
        httpx2.HTTPError: it does not answer.
    """

    async def refuse_unsafe(request: httpx2.Request) -> None:
        if request.method == "POST" and not is_safe(place, str(request.url)):
            raise unsafe(str(request.url))

    hooks = {"request": [refuse_unsafe]}
    async with httpx2.AsyncClient(auth=auth, timeout=seconds, event_hooks=hooks, transport=transport) as client:
        request = (
            client.build_request("GET", place.url, headers={"Accept": "text/event-stream"})
            if is_sse
            else client.build_request("POST", place.url, json=_PING, headers={"Accept": _ACCEPT})
        )
        response = await client.send(request, stream=True)
        await response.aclose()
        return response.status_code


class Demanding(httpx2.AsyncHTTPTransport):
    """Answers the first request in the server's place: that it wants a login."""

    def __init__(self) -> None:
        super().__init__()
        self._has_demanded = False

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """See `httpx2.AsyncBaseTransport`."""
        if self._has_demanded:
            return await super().handle_async_request(request)
        self._has_demanded = True
        return httpx2.Response(UNAUTHORIZED, request=request)


def is_safe(place: Place, url: str) -> bool:
    """Whether secrets may be sent to an address: encrypted, or not leaving the machine, or to the server itself."""
    parts, own = urlsplit(url), urlsplit(place.url)
    is_own = (parts.scheme, parts.netloc) == (own.scheme, own.netloc)
    return parts.scheme == "https" or (parts.scheme == "http" and (is_own or parts.hostname in _LOOPBACK))


def unsafe(url: str) -> Refused:
    """Return why nothing is sent to an address."""
    where = urlsplit(url).hostname or "its address"
    return Refused("the authorization server", f"{where} is not reached by https, so others could read the secrets")
