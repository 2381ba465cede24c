"""An MCP server of the SDK over streamable HTTP and SSE, beside addresses that are none.

It listens on a free port of the loopback interface, prints the port, and ends with its stdin.

    /mcp      streamable HTTP        /sse      HTTP with server-sent events
    /locked   answers 401            /page     answers with a page of HTML
"""

import os
import socket
import sys
import threading

import uvicorn
from mcp.server.mcpserver import MCPServer
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import Route

_METHODS = ["GET", "POST", "DELETE"]


def mcp_server() -> MCPServer:
    """Return a server with a tool that adds and one that fails."""
    server = MCPServer("web", instructions="Arithmetic over the web.")

    @server.tool()
    def add(a: int, b: int) -> int:  # pyright: ignore[reportUnusedFunction]
        """Add two numbers."""
        return a + b

    @server.tool()
    def fail() -> str:  # pyright: ignore[reportUnusedFunction]
        """Fail always."""
        raise ValueError("out of numbers")

    return server


async def locked(_request: Request) -> Response:
    """Ask for a login."""
    return PlainTextResponse("who are you?", status_code=401)


async def page(_request: Request) -> Response:
    """Answer as a web site would."""
    return HTMLResponse("<!doctype html><title>Welcome</title>")


def main() -> None:
    """Serve until stdin ends."""
    threading.Thread(target=_end_with_input, daemon=True).start()
    server = mcp_server()
    app = server.streamable_http_app()
    app.router.routes.extend(server.sse_app().routes)
    app.router.routes.extend([Route("/locked", locked, methods=_METHODS), Route("/page", page, methods=_METHODS)])
    listening = socket.create_server(("127.0.0.1", 0))
    sys.stdout.write(f"{listening.getsockname()[1]}\n")
    sys.stdout.flush()
    uvicorn.Server(uvicorn.Config(app, ws="none", log_level="warning")).run(sockets=[listening])


def _end_with_input() -> None:
    sys.stdin.read()
    os._exit(0)


if __name__ == "__main__":
    main()
