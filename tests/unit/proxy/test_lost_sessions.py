"""A server of the older HTTP era forgets our session when it is restarted, and answers 404 from then on."""

from __future__ import annotations

import socket
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import anyio
import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from catalog_sources.mcp_server import open_source
from mcp_toolweaver.catalog.runner import SourceRunner
from mcp_toolweaver.catalog.setup import SourceSetup
from mcp_toolweaver.core.errors import Unavailable
from tests.unit.proxy.children import PATIENCE

pytestmark = pytest.mark.anyio


class ForgetfulServer:
    """One tool over streamable HTTP of 2025-11-25, written by hand, with a session to forget."""

    def __init__(self, status: int = 404) -> None:
        self.status = status
        self.session = 1
        self.executed: list[str] = []

    async def answer(self, request: Request) -> Response:
        if request.method != "POST":
            return Response(status_code=405)
        message = await request.json()
        known = request.headers.get("mcp-session-id")
        if message["method"] != "initialize" and known is not None and known != str(self.session):
            return JSONResponse({"jsonrpc": "2.0", "error": self._refusal()}, status_code=self.status)
        if "id" not in message:
            return Response(status_code=202)
        reply = {"jsonrpc": "2.0", "id": message["id"], **self._reply(message["method"], message.get("params", {}))}
        return JSONResponse(reply, headers={"mcp-session-id": str(self.session)})

    def _refusal(self) -> dict[str, Any]:
        return {"code": -32600, "message": "Session not found"}

    def _reply(self, method: str, params: dict[str, Any]) -> dict[str, Any]:
        if method == "initialize":
            information = {"name": "forgetful", "version": "1"}
            capabilities: dict[str, Any] = {"tools": {}}
            version = params["protocolVersion"]
            return {"result": {"protocolVersion": version, "capabilities": capabilities, "serverInfo": information}}
        if method == "tools/list":
            return {"result": {"tools": [{"name": "open", "inputSchema": {"type": "object"}}]}}
        if method == "tools/call" and params["name"] == "liar":
            self.executed.append("liar")
            return {"error": self._refusal()}
        if method == "tools/call":
            self.executed.append(params["name"])
            return {"result": {"content": [{"type": "text", "text": "done"}]}}
        return {"error": {"code": -32601, "message": "Method not found"}}


@asynccontextmanager
async def serving(server: ForgetfulServer) -> AsyncGenerator[str]:
    """Serve on a free port; yield the address."""
    app = Starlette(routes=[Route("/mcp", server.answer, methods=["GET", "POST", "DELETE"])])
    with socket.create_server(("127.0.0.1", 0)) as listening:
        web = uvicorn.Server(uvicorn.Config(app, log_level="error", lifespan="off"))
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(web.serve, [listening])
            yield f"http://127.0.0.1:{listening.getsockname()[1]}/mcp"
            web.should_exit = True


@asynccontextmanager
async def runner_of(server: ForgetfulServer) -> AsyncGenerator[SourceRunner]:
    """Serve, and yield a runner that owns the connection."""
    async with serving(server) as url, anyio.create_task_group() as tasks:
        setup = SourceSetup("web", "mcp_server", {"transport": "http", "url": url}, "mcp.json: mcpServers.web")
        runner = SourceRunner(setup, lambda _kind: open_source, on_tools=lambda _runner: None)
        tasks.start_soon(runner.run)
        yield runner
        tasks.cancel_scope.cancel()


async def test_a_call_over_a_forgotten_session_is_sent_again_over_a_new_one() -> None:
    """It was provably not executed, so this does not break the rule of at most once."""
    server = ForgetfulServer()
    async with runner_of(server) as runner:
        with anyio.fail_after(PATIENCE):
            assert not (await runner.call("open", {})).is_error
            for _restart in range(3):
                server.session += 1
                assert not (await runner.call("open", {})).is_error
    assert server.executed == ["open"] * 4


async def test_a_server_that_refuses_a_forgotten_session_in_its_own_way_is_connected_anew() -> None:
    """Whether 400 means that nothing was executed is unknown, so the call is not repeated; the next one works."""
    server = ForgetfulServer(status=400)
    async with runner_of(server) as runner:
        with anyio.fail_after(PATIENCE):
            assert not (await runner.call("open", {})).is_error
            server.session += 1
            with pytest.raises(Unavailable, match="call again"):
                await runner.call("open", {})
            assert not (await runner.call("open", {})).is_error
    assert server.executed == ["open", "open"]


async def test_a_server_that_only_says_so_is_not_believed() -> None:
    """It executed the call; to send it again would execute it twice."""
    server = ForgetfulServer()
    async with serving(server) as url:
        options = {"transport": "http", "url": url}
        with anyio.fail_after(PATIENCE):
            async with open_source("web", options) as downstream:
                assert (await downstream.call_tool("liar", {})).is_error
    assert server.executed == ["liar"]
