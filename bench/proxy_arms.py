"""The arms of `bench/proxy.py`: real clients, each over stdio to a process of its own, with the same servers behind."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import AsyncGenerator, Callable, Coroutine, Generator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO, TypeAlias

from mcp.client.client import Client
from mcp.client.stdio import StdioServerParameters, stdio_client
from mcp.client.streamable_http import streamable_http_client
from mcp_types import CallToolResult, TextContent

from bench.proxy_process import children

ROOT = Path(__file__).parents[1]
SERVER = ROOT / "bench" / "proxy_server.py"
WILD, RAW = (ROOT / "tests" / "downstreams" / name for name in ("wild_stdio.py", "raw_stdio.py"))
FASTMCP = ROOT / ".venv" / "fastmcp" / "bin" / "python"

DIRECT, COPIED = "direct", "a process that copies bytes"
META, DIRECTLY = "toolweaver, call_tool", "toolweaver, the tool itself"
FRESH, KEPT = "FastMCP's proxy", "FastMCP's proxy, one session"

Servers: TypeAlias = Mapping[str, Mapping[str, Any]]
Call: TypeAlias = Callable[[str, Mapping[str, Any]], Coroutine[Any, Any, CallToolResult]]
"""Calls a tool, written ``server/tool``."""


def stdio_server() -> dict[str, Any]:
    """Return the configuration of our server over stdio."""
    return {"command": sys.executable, "args": [str(SERVER)]}


def raw_server(script: Path = WILD) -> dict[str, Any]:
    """Return the configuration of a server without any library, which starts in no time."""
    return {"command": sys.executable, "args": ["-I", "-S", str(script)]}


@contextmanager
def http_server() -> Generator[dict[str, Any]]:
    """Start our server over HTTP and yield its configuration."""
    command = [sys.executable, str(SERVER), "--http"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield {"url": f"http://127.0.0.1:{process.stdout.readline().strip()}/mcp"}
        assert process.stdin is not None
        process.stdin.close()


@dataclass(frozen=True, slots=True)
class Arm:
    """A client, and how it calls a tool of a server behind it."""

    client: Client
    call: Call
    pid: int
    """The process that it speaks with; 0 over HTTP."""


def text(result: CallToolResult) -> str:
    """Return the text of a result that is no error."""
    block = result.content[0]
    assert isinstance(block, TextContent)
    assert not result.is_error, block.text
    return block.text


def environment(folder: Path, **settings: str) -> dict[str, str]:
    """Return the environment of a Toolweaver that keeps its files in a folder of its own, and loads no model."""
    own = {"XDG_DATA_HOME": str(folder / "data"), "XDG_CACHE_HOME": str(folder / "cache"), "HOME": str(folder)}
    return {**os.environ, **own, "TOOLWEAVER_EMBEDDING__ENABLED": "false", **settings}


def serve_command(folder: Path, servers: Servers) -> list[str]:
    """Write the configuration and return the command that serves it."""
    return [sys.executable, "-m", "mcp_toolweaver", "serve", "--config", str(_written(folder, servers))]


def _written(folder: Path, servers: Servers) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    config = folder / "servers.json"
    config.write_text(json.dumps({"mcpServers": servers}), encoding="utf-8")
    return config


@asynccontextmanager
async def connected(command: list[str], env: Mapping[str, str], mode: str) -> AsyncGenerator[tuple[Client, int]]:
    """Start a process and yield a client of it over stdio, and its id."""
    parameters = StdioServerParameters(command=command[0], args=command[1:], env=dict(env))
    before = set(children(os.getpid()))
    with _nowhere() as errors:
        async with Client(stdio_client(parameters, errlog=errors), mode=mode, read_timeout_seconds=600) as client:
            [pid] = set(children(os.getpid())) - before
            yield client, pid


def _nowhere() -> TextIO:
    return Path(os.devnull).open("w", encoding="utf-8")


@asynccontextmanager
async def direct(server: Mapping[str, Any], mode: str) -> AsyncGenerator[Arm]:
    """Connect to one server without anything between."""
    if "url" in server:
        async with Client(streamable_http_client(server["url"]), mode=mode) as client:
            yield Arm(client, _calling(client, lambda name: name.partition("/")[2]), 0)
        return
    async with connected([server["command"], *server["args"]], os.environ, mode) as (client, pid):
        yield Arm(client, _calling(client, lambda name: name.partition("/")[2]), pid)


@asynccontextmanager
async def copied(server: Mapping[str, Any], mode: str) -> AsyncGenerator[Arm]:
    """Connect to one server with a process between that does nothing else: what the machine takes for one."""
    command = [sys.executable, str(ROOT / "bench" / "proxy_relay.py"), server["command"], *server["args"]]
    async with connected(command, os.environ, mode) as (client, pid):
        yield Arm(client, _calling(client, lambda name: name.partition("/")[2]), pid)


@asynccontextmanager
async def toolweaver(folder: Path, servers: Servers, mode: str, **settings: str) -> AsyncGenerator[dict[str, Arm]]:
    """Serve with all servers started; both ways to call a tool, of one process."""
    command, env = serve_command(folder, servers), environment(folder, **settings)
    env["TOOLWEAVER_EXPOSE__DIRECT_THRESHOLD"] = "1000"
    async with connected(command, env, mode) as (client, pid):
        names = await _names(client, 4 * len(servers))

        async def through(name: str, arguments: Mapping[str, Any]) -> CallToolResult:
            return await client.call_tool("call_tool", {"name": names[name], "arguments": dict(arguments)})

        yield {META: Arm(client, through, pid), DIRECTLY: Arm(client, _calling(client, names.__getitem__), pid)}


async def _names(client: Client, least: int) -> dict[str, str]:
    """Return our names by ``server/tool``, when all servers have listed their tools."""
    while True:
        listed = (await client.list_tools(cache_mode="refresh")).tools
        names = {tool.name.replace("__", "/"): tool.name for tool in listed if "__" in tool.name}
        if len(names) >= least:
            return names


@asynccontextmanager
async def fastmcp(folder: Path, servers: Servers, mode: str, how: str) -> AsyncGenerator[Arm]:
    """Serve FastMCP's proxy of all servers."""
    command = [str(FASTMCP), str(ROOT / "bench" / "proxy_fastmcp.py"), how, str(_written(folder, servers))]
    async with connected(command, os.environ, mode) as (client, pid):
        prefixed = len(servers) > 1  # that is how it names the tools of several servers
        yield Arm(client, _calling(client, lambda name: name.replace("/", "_") if prefixed else name[2:]), pid)


def fastmcp_arms(folder: Path, servers: Servers, mode: str) -> dict[str, AbstractAsyncContextManager[Arm]]:
    """Return both proxies of FastMCP, to be entered; none where it is not installed."""
    if not FASTMCP.exists():
        return {}
    hows = {FRESH: "fresh", KEPT: "kept"}
    return {name: fastmcp(folder / how, servers, mode, how) for name, how in hows.items()}


def _calling(client: Client, named: Callable[[str], str]) -> Call:
    async def call(name: str, arguments: Mapping[str, Any]) -> CallToolResult:
        return await client.call_tool(named(name), dict(arguments))

    return call


def scratch() -> tempfile.TemporaryDirectory[str]:
    """Return a folder for a part's files."""
    return tempfile.TemporaryDirectory(prefix="bench-proxy-", ignore_cleanup_errors=True)
