"""Which Host and Origin headers are let in, against DNS rebinding and requests of foreign pages.

A page that a browser shows may send requests to any address of the user's machine, and a name of its own may come to
mean such an address. Neither can choose these two headers (MCP, "Transports", security warning).
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from mcp_toolweaver.core.patterns import is_any
from mcp_toolweaver.server.web.address import Address

_LOOPBACK = ("localhost", "127.0.0.1", "[::1]")
_SCHEMES = ("http", "https")


@dataclass(frozen=True, slots=True)
class AllowList:
    """Names of hosts and origins; ``*`` stands for anything, and a name without a port for it with any."""

    hosts: Sequence[str]
    origins: Sequence[str]
    addresses: bool
    """Whether a Host that is the number of an address is let in: such a one cannot be rebound."""

    @classmethod
    def of(cls, address: Address, hosts: Sequence[str] = (), origins: Sequence[str] = ()) -> AllowList:
        """Let in what the owner says, and this machine; beyond it, its name and its addresses too."""
        own = () if address.is_loopback else (socket.gethostname(), address.host)
        local = tuple(f"{scheme}://{host}" for scheme in _SCHEMES for host in _LOOPBACK)
        return cls((*_LOOPBACK, *own, *hosts), (*local, *origins), addresses=not address.is_loopback)

    def has_host(self, host: str) -> bool:
        """Whether a request with this Host is let in."""
        name = _without_port(host)
        return (self.addresses and _is_address(name)) or is_any(host, self.hosts) or is_any(name, self.hosts)

    def has_origin(self, origin: str) -> bool:
        """Whether a request with this Origin is let in; without one it comes from no page."""
        try:
            parts = urlsplit(origin)
        except ValueError:
            return False
        bare = f"{parts.scheme}://{_without_port(parts.netloc)}"
        return is_any(origin, self.origins) or is_any(bare, self.origins)


class OriginGuard:
    """Refuses every request whose Host (421) or Origin (403) is not on the list."""

    def __init__(self, app: ASGIApp, allowed: AllowList) -> None:
        """Let through to ``app`` what is ``allowed``."""
        self._app = app
        self._allowed = allowed

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request, as ASGI has it."""
        answer = self._app if scope["type"] != "http" else self._refusal(Headers(scope=scope)) or self._app
        await answer(scope, receive, send)

    def _refusal(self, headers: Headers) -> Response | None:
        hosts, origins = headers.getlist("host"), headers.getlist("origin")
        if len(hosts) != 1 or not self._allowed.has_host(hosts[0]):
            told = f"The Host {', '.join(hosts)[:200]!r} is not served here; serve.allowed_hosts says which are."
            return JSONResponse({"error": told}, 421)
        if not all(map(self._allowed.has_origin, origins)):
            told = f"Pages of {', '.join(origins)[:200]!r} may not call us; serve.allowed_origins says which may."
            return JSONResponse({"error": told}, 403)
        return None


def _without_port(host: str) -> str:
    name, colon, port = host.rpartition(":")
    return name if colon and port.isdecimal() and (":" not in name or name.endswith("]")) else host


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name.strip("[]"))
    except ValueError:
        return False
    return True
