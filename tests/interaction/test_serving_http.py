"""One Toolweaver over HTTP: every host, every transport, both eras of the protocol."""

from __future__ import annotations

import json
import socket
import subprocess
from collections.abc import Generator
from pathlib import Path
from typing import Any

import httpx
import pytest
from mcp.client.client import Client
from mcp.client.sse import sse_client
from mcp.client.streamable_http import streamable_http_client

from tests.interaction.servers import (
    INSPECTOR,
    NODE_MODULES,
    ROOT,
    SERVE,
    TIME,
    environment,
    has_node,
    text_of,
    write_config,
)
from tests.interaction.web_stage import Served, message_of, refusal, served

META = ["search_tools", "get_tool_details", "call_tool", "read_result"]
FASTMCP = ROOT / ".venv" / "fastmcp" / "bin" / "python"
HOSTS = ROOT / "tests" / "hosts"
TRANSPORTS = ["stdio", "http", "sse"]


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_config(tmp_path_factory.mktemp("served"), {"time": TIME}, toolweaver={"expose": "search"})


@pytest.fixture(scope="module")
def server(config: Path) -> Generator[Served]:
    with served(config) as started:
        started.ready()
        yield started


@pytest.mark.parametrize(
    ("transport", "mode"), [("http", "auto"), ("http", "legacy"), ("http", "2026-07-28"), ("sse", "legacy")]
)
@pytest.mark.anyio
async def test_the_python_client_lists_searches_and_calls(server: Served, transport: str, mode: str) -> None:
    async with _client(server, transport, mode) as client:
        assert [tool.name for tool in (await client.list_tools()).tools] == META
        found = await client.call_tool("search_tools", {"query": "convert a time between time zones"})
        assert found.structured_content["tools"][0]["name"] == "time__convert_time"
        asked = {"name": "time__get_current_time", "arguments": {"timezone": "Asia/Tokyo"}}
        assert "+09:00" in text_of(await client.call_tool("call_tool", asked))


@pytest.mark.parametrize("version", ["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"])
def test_each_version_with_a_handshake_is_agreed_upon(server: Served, version: str) -> None:
    answer = httpx.post(f"{server.url}/mcp", json=_initialize(version), headers=_ACCEPT)
    body = message_of(answer)
    assert body["result"]["protocolVersion"] == version
    assert body["result"]["capabilities"]["tools"] == {"listChanged": True}
    assert "time" in body["result"]["instructions"]


@pytest.mark.parametrize("transport", TRANSPORTS)
@pytest.mark.skipif(not has_node(), reason="this machine has no Node, which the TypeScript SDK needs")
def test_the_typescript_client_lists_searches_and_calls(server: Served, config: Path, transport: str) -> None:
    command = ["node", str(HOSTS / "typescript.mjs"), str(NODE_MODULES), transport]
    _did_all(_run([*command, *_where(server, config, transport)], config))


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_fastmcps_client_lists_searches_and_calls(server: Served, config: Path, transport: str) -> None:
    command = [str(FASTMCP), str(HOSTS / "fastmcp_client.py"), transport]
    _did_all(_run([*command, *_where(server, config, transport)], config))


@pytest.mark.parametrize(("transport", "era"), [("http", "modern"), ("http", "legacy"), ("sse", "legacy")])
@pytest.mark.skipif(not has_node(), reason="this machine has no Node, which the Inspector needs")
def test_the_inspector_lists(server: Served, config: Path, transport: str, era: str) -> None:
    where = ["--server-url", _where(server, config, transport)[0], "--transport", transport, "--protocol-era", era]
    listed = _run(["node", str(INSPECTOR), "--cli", "--method", "tools/list", *where], config)
    assert [tool["name"] for tool in listed["tools"]] == META


def test_it_says_how_it_is(server: Served) -> None:
    assert httpx.get(f"{server.url}/healthz").json() == {"status": "ok"}
    assert server.ready().json() == {"status": "ready"}


@pytest.mark.anyio
async def test_a_session_that_was_ended_is_unknown(server: Served) -> None:
    async with httpx.AsyncClient(headers=_ACCEPT) as client:
        begun = await client.post(f"{server.url}/mcp", json=_initialize("2025-11-25"))
        session = {"mcp-session-id": begun.headers["mcp-session-id"], "mcp-protocol-version": "2025-11-25"}
        ping = {"jsonrpc": "2.0", "id": 2, "method": "ping"}
        assert (await client.post(f"{server.url}/mcp", json=ping, headers=session)).status_code == 200
        assert (await client.delete(f"{server.url}/mcp", headers=session)).status_code == 200
        gone = await client.post(f"{server.url}/mcp", json=ping, headers=session)
        assert gone.status_code == 404


def test_a_port_that_is_taken_is_an_error_that_says_so(config: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        done = refusal(config, "--http", f"127.0.0.1:{taken.getsockname()[1]}")
    assert done.returncode == 2
    assert "cannot listen on 127.0.0.1" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("address", ["nowhere:99999", "[::1", "host:port", "a:b:c"])
def test_what_is_no_address_is_an_error_that_says_so(config: Path, address: str) -> None:
    done = refusal(config, "--http", address)
    assert done.returncode == 2
    assert "is not an address: write HOST:PORT" in done.stderr


def test_it_does_not_serve_other_machines_without_a_token(config: Path) -> None:
    done = refusal(config, "--http", "0.0.0.0:0")
    assert done.returncode == 2
    assert "toolweaver token add" in done.stderr
    assert "--insecure" in done.stderr


_ACCEPT = {"accept": "application/json, text/event-stream"}


def _initialize(version: str) -> dict[str, Any]:
    params = {"protocolVersion": version, "capabilities": {}, "clientInfo": {"name": "test", "version": "0"}}
    return {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": params}


def _client(server: Served, transport: str, mode: str) -> Client:
    if transport == "sse":
        return Client(sse_client(f"{server.url}/sse"), mode=mode, read_timeout_seconds=60)
    return Client(streamable_http_client(f"{server.url}/mcp"), mode=mode, read_timeout_seconds=60)


def _where(server: Served, config: Path, transport: str) -> list[str]:
    if transport == "stdio":
        return [*SERVE, "--config", str(config)]
    return [f"{server.url}/mcp" if transport == "http" else f"{server.url}/sse"]


def _run(command: list[str], config: Path) -> Any:
    done = subprocess.run(
        command, capture_output=True, text=True, env=environment(config.parent), timeout=100, check=False
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def _did_all(said: Any) -> None:
    assert said["listed"] == META
    assert said["found"] == "time__convert_time"
    assert "+09:00" in said["now"]
