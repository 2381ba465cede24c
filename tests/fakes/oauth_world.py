"""An authorization server and MCP servers that want its tokens, on one free port of the loopback interface.

/mcp        streamable HTTP, for those who show a token
/sse        the transport of 2024-11-05, the same
/authorize  sends every browser back with a code
/token      codes (PKCE), refresh tokens (good once), client credentials
"""

from __future__ import annotations

import base64
import hashlib
import secrets
import socket
import threading
import time
from collections import Counter
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any
from urllib.parse import unquote, urlencode

import anyio
import uvicorn
from mcp.server.mcpserver import MCPServer
from starlette.applications import Starlette
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

CLIENT, CLIENT_SECRET = "machine", "SECRET-of-the-machine"
MARK = "SECRET-"
"""What every secret begins with, so that one can look for all of them."""


class World:
    """What was issued, and what shall happen next; may be changed while it serves."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self.access: dict[str, float] = {}
        """Tokens that are good, and until when."""
        self.refresh: dict[str, str] = {}
        """Refresh tokens that are good, and their scopes."""
        self.codes: dict[str, tuple[str, str, str]] = {}
        self.clients: dict[str, str] = {}
        self.asked: Counter[str] = Counter()
        """How often tokens were asked for, by grant, and how often each other path."""
        self.scopes_asked: list[str] = []
        self.lifetime = 3600
        self.refuses_refresh = False
        self.is_broken = False
        self.denies = False
        self.token_endpoint = f"{self.url}/token"
        self.is_open = False
        """Whether everybody is let in."""
        self.lacks = ""
        """A scope that every token lacks."""

    def expire(self) -> None:
        """Let all access tokens be good no more."""
        self.access.clear()

    def tokens(self, scope: str, *, renews: bool = True) -> dict[str, Any]:
        """Issue tokens."""
        access, refresh = MARK + secrets.token_hex(16), MARK + secrets.token_hex(16)
        self.access[access] = time.time() + self.lifetime
        if renews:
            self.refresh[refresh] = scope
        return {
            "access_token": access,
            "token_type": "bearer",
            "expires_in": self.lifetime,
            **({"refresh_token": refresh} if renews else {}),
        }

    async def metadata(self, _request: Request) -> Response:
        """Tell of the authorization server (RFC 8414)."""
        return JSONResponse(
            {
                "issuer": self.url,
                "authorization_endpoint": f"{self.url}/authorize",
                "token_endpoint": self.token_endpoint,
                "registration_endpoint": f"{self.url}/register",
                "revocation_endpoint": f"{self.url}/revoke",
                "response_types_supported": ["code"],
                "code_challenge_methods_supported": ["S256"],
                "token_endpoint_auth_methods_supported": ["none", "client_secret_basic"],
                "authorization_response_iss_parameter_supported": True,
            }
        )

    async def resource(self, request: Request) -> Response:
        """Tell of a server's needs (RFC 9728)."""
        resource = f"{self.url}/{request.path_params['rest']}"
        return JSONResponse({"resource": resource, "authorization_servers": [self.url], "scopes_supported": ["tools"]})

    async def register(self, request: Request) -> Response:
        """Register anybody (RFC 7591)."""
        self.asked["register"] += 1
        client = f"client-{secrets.token_hex(8)}"
        given = await request.json()
        self.clients[client] = given["redirect_uris"][0]
        return JSONResponse({**given, "client_id": client}, status_code=201)

    async def authorize(self, request: Request) -> Response:
        """Send the browser back."""
        given = request.query_params
        self.scopes_asked.append(given.get("scope", ""))
        back = given["redirect_uri"]
        registered = self.clients.get(given["client_id"])
        if registered not in {None, back} or given["code_challenge_method"] != "S256":
            return PlainTextResponse("no", status_code=400)
        if self.denies:
            return RedirectResponse(f"{back}?{urlencode({'error': 'access_denied', 'state': given['state']})}")
        code = MARK + secrets.token_hex(8)
        self.codes[code] = (given["code_challenge"], given["client_id"], given.get("scope", ""))
        return RedirectResponse(f"{back}?{urlencode({'code': code, 'state': given['state'], 'iss': self.url})}")

    async def token(self, request: Request) -> Response:
        """Issue tokens (RFC 6749, 7636)."""
        form = {name: str(value) for name, value in (await request.form()).items()}
        self.asked[form["grant_type"]] += 1
        await anyio.sleep(0.05)
        if self.is_broken:
            return PlainTextResponse("out of order", status_code=503)
        match form["grant_type"]:
            case "authorization_code":
                return self._for_code(form)
            case "refresh_token":
                scope = self.refresh.pop(form["refresh_token"], None)
                is_good = scope is not None and not self.refuses_refresh
                return JSONResponse(self.tokens(scope or "")) if is_good else _refused("invalid_grant")
            case _:
                return self._for_client(form, request.headers.get("authorization", ""))

    def _for_code(self, form: dict[str, str]) -> Response:
        challenge, client, scope = self.codes.pop(form["code"], ("", "", ""))
        digest = base64.urlsafe_b64encode(hashlib.sha256(form["code_verifier"].encode()).digest())
        is_good = client == form["client_id"] and digest.decode().rstrip("=") == challenge
        return JSONResponse(self.tokens(scope)) if is_good else _refused("invalid_grant")

    def _for_client(self, form: dict[str, str], sent: str) -> Response:
        name, _, secret = base64.b64decode(sent.removeprefix("Basic ")).decode().partition(":")
        if (unquote(name), unquote(secret)) != (CLIENT, CLIENT_SECRET):
            return _refused("invalid_client", 401)
        self.scopes_asked.append(form.get("scope", ""))
        return JSONResponse(self.tokens("tools", renews=False))

    async def revoke(self, request: Request) -> Response:
        """Take tokens back (RFC 7009)."""
        form = await request.form()
        self.asked["revoke"] += 1
        self.refresh.pop(str(form["token"]), None)
        self.expire()
        return Response()


def _refused(error: str, status: int = 400) -> Response:
    return JSONResponse({"error": error}, status_code=status)


class _Guard:
    """Lets in who shows a token that is good."""

    def __init__(self, app: ASGIApp, world: World) -> None:
        self._app, self._world = app, world

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope.get("path", "")
        if scope["type"] == "http" and path.startswith(("/mcp", "/sse", "/messages")):
            token = (Headers(scope=scope).get("authorization") or "").removeprefix("Bearer ")
            if self._world.access.get(token, 0) < time.time() and not self._world.is_open:
                self._world.asked["refused"] += 1
                told = f'Bearer resource_metadata="{self._world.url}/.well-known/oauth-protected-resource{path}"'
                await PlainTextResponse("no", 401, {"www-authenticate": told})(scope, receive, send)
                return
            if self._world.lacks:
                told = f'Bearer error="insufficient_scope", scope="{self._world.lacks}"'
                await PlainTextResponse("no", 403, {"www-authenticate": told})(scope, receive, send)
                return
        await self._app(scope, receive, send)


def _app(world: World) -> Starlette:
    server = MCPServer("guarded", instructions="Behind a login.")
    server.add_tool(whisper)
    app = server.streamable_http_app(json_response=True)
    app.router.routes.extend(server.sse_app().routes)
    app.router.routes.extend(
        [
            Route("/.well-known/oauth-protected-resource/{rest:path}", world.resource),
            Route("/.well-known/oauth-authorization-server", world.metadata),
            Route("/register", world.register, methods=["POST"]),
            Route("/authorize", world.authorize),
            Route("/token", world.token, methods=["POST"]),
            Route("/revoke", world.revoke, methods=["POST"]),
        ]
    )
    return app


async def whisper(word: str) -> str:
    """Say a word back, quietly."""
    return f"psst, {word}"


@contextmanager
def world() -> Generator[World]:
    """Serve until the block is left."""
    listening = socket.create_server(("127.0.0.1", 0))
    served = World(listening.getsockname()[1])
    config = uvicorn.Config(_Guard(_app(served), served), ws="none", log_level="error", timeout_graceful_shutdown=1)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=lambda: server.run(sockets=[listening]))
    thread.start()
    while not server.started:
        time.sleep(0.01)
    try:
        yield served
    finally:
        server.should_exit = True
        thread.join()
        listening.close()
