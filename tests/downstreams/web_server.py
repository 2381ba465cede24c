"""An MCP server of the SDK over streamable HTTP and SSE, beside addresses that are none.

It listens on a free port of the loopback interface, prints the port, and ends with its stdin.

    /mcp       streamable HTTP
    /sse       HTTP with server-sent events
    /locked/*  any of the others, for those who send the right key; 401 for the rest
    /page      a page of HTML
    /schema    a JSON schema that asks for a number
"""

import os
import socket
import sys
import threading

import uvicorn
from mcp.server.mcpserver import Context, MCPServer
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

_LOCKED = "/locked"
_KEY = "Bearer k3y"


class Locked:
    """Lets in below ``/locked`` who sends the key."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"].startswith(_LOCKED):
            if Headers(scope=scope).get("authorization") != _KEY:
                await PlainTextResponse("who are you?", status_code=401)(scope, receive, send)
                return
            scope = {**scope, "path": scope["path"].removeprefix(_LOCKED)}
        await self._app(scope, receive, send)


def mcp_server() -> MCPServer:
    """Return a server with a tool that adds, one that fails, and one that makes another."""
    server = MCPServer("web", instructions="Arithmetic over the web.")
    server.add_tool(add)
    server.add_tool(fail)
    server.add_tool(grow)
    return server


def add(a: int, b: int) -> int:
    """Add two numbers."""
    return a + b


def fail() -> str:
    """Fail always."""
    raise ValueError("out of numbers")


async def grow(ctx: Context) -> str:
    """Add a tool, and say so in the way of either era."""
    ctx.mcp_server.add_tool(add, name="grown")
    await ctx.notify_tools_changed()
    await ctx.session.send_tool_list_changed()
    return "grown"


async def page(_request: Request) -> Response:
    """Answer as a web site would."""
    return HTMLResponse("<!doctype html><title>Welcome</title>")


async def schema(_request: Request) -> Response:
    """Answer with a schema, as a remote reference expects."""
    return JSONResponse({"type": "number"})


def main() -> None:
    """Serve until stdin ends."""
    threading.Thread(target=_end_with_input, daemon=True).start()
    server = mcp_server()
    app = server.streamable_http_app()
    app.router.routes.extend(server.sse_app().routes)
    app.router.routes.append(Route("/page", page, methods=["GET", "POST", "DELETE"]))
    app.router.routes.append(Route("/schema", schema))
    listening = socket.create_server(("127.0.0.1", 0))
    sys.stdout.write(f"{listening.getsockname()[1]}\n")
    sys.stdout.flush()
    uvicorn.Server(uvicorn.Config(Locked(app), ws="none", log_level="warning")).run(sockets=[listening])


def _end_with_input() -> None:
    sys.stdin.read()
    os._exit(0)


if __name__ == "__main__":
    main()
