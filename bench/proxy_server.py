"""The server behind every arm of `bench/proxy.py`: small and fast, on the SDK's low-level server.

    python bench/proxy_server.py [--http]

It speaks over stdio, or over streamable HTTP on a free port, which it prints; then it ends with its stdin.
"""

import argparse
import os
import socket
import sys
import threading
import time
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

import anyio
from mcp.server.context import ServerRequestContext
from mcp.server.lowlevel.server import Server
from mcp.server.stdio import stdio_server
from mcp_types import CallToolRequestParams, CallToolResult, ListToolsResult, PaginatedRequestParams, TextContent, Tool

_STDERR = 2
_MESSAGE = b'{"jsonrpc":"2.0","method":"notifications/message","params":{"level":"debug","data":"noise"}}\n'


def _properties(**types: str) -> dict[str, Any]:
    return {"type": "object", "properties": {name: {"type": kind} for name, kind in types.items()}}


_TOOLS = [
    Tool(name="small", description="Say a word again.", input_schema=_properties(word="string")),
    Tool(name="large", description="Answer with a long text.", input_schema=_properties(size="integer")),
    Tool(
        name="wait",
        description="Wait some seconds; note that it does, and the time if it is cancelled meanwhile.",
        input_schema=_properties(seconds="number", noted="string"),
    ),
    Tool(
        name="flood",
        description="Write noise, or messages, to stderr or stdout for some seconds, as fast as it is read.",
        input_schema=_properties(seconds="number", descriptor="integer", line="integer", messages="boolean"),
    ),
]


async def _small(arguments: Mapping[str, Any]) -> str:
    return str(arguments.get("word", ""))


async def _large(arguments: Mapping[str, Any]) -> str:
    return "a line of text, as texts are\n" * (int(arguments["size"]) // 29)


async def _wait(arguments: Mapping[str, Any]) -> str:
    noted = arguments.get("noted")
    _note(noted, "")
    try:
        await anyio.sleep(float(arguments["seconds"]))
    except anyio.get_cancelled_exc_class():
        _note(noted, str(time.monotonic()))
        raise
    return "waited"


def _note(file: str | None, text: str) -> None:
    if file is not None:
        Path(file).write_text(text, encoding="ascii")


async def _flood(arguments: Mapping[str, Any]) -> str:
    descriptor, line = int(arguments.get("descriptor", _STDERR)), int(arguments.get("line", 80))
    once = _MESSAGE if arguments.get("messages") else b"x" * (line - 1) + b"\n"
    noise = once * max(1, 65_536 // len(once))
    written = await anyio.to_thread.run_sync(_flooded, descriptor, noise, float(arguments["seconds"]))
    return str(written)


def _flooded(descriptor: int, noise: bytes, seconds: float) -> int:
    """Return the bytes written."""
    end, written = time.monotonic() + seconds, 0
    while time.monotonic() < end:
        written += os.write(descriptor, noise)
    return written


_CALLS: Mapping[str, Callable[[Mapping[str, Any]], Awaitable[str]]] = {
    "small": _small,
    "large": _large,
    "wait": _wait,
    "flood": _flood,
}


async def _list(_context: ServerRequestContext[Any], _params: PaginatedRequestParams | None) -> ListToolsResult:
    return ListToolsResult(tools=_TOOLS)


async def _call(_context: ServerRequestContext[Any], params: CallToolRequestParams) -> CallToolResult:
    text = await _CALLS[params.name](params.arguments or {})
    return CallToolResult(content=[TextContent(type="text", text=text)])


def _server() -> Server[Any]:
    return Server("bench", version="1", on_list_tools=_list, on_call_tool=_call)


async def _over_stdio() -> None:
    server = _server()
    async with stdio_server() as (read, write):
        await server.run(read, write, server.create_initialization_options())


def _over_http() -> None:
    import uvicorn  # noqa: PLC0415  stdio needs none

    # Made with its protocol named, so that asyncio sends without delay, as it does for sockets it makes itself.
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listening:
        listening.bind(("127.0.0.1", 0))
        print(listening.getsockname()[1], flush=True)
        app = _server().streamable_http_app()
        server = uvicorn.Server(uvicorn.Config(app, log_level="warning"))
        threading.Thread(target=_until_stdin_ends, args=[server], daemon=True).start()
        server.run(sockets=[listening])


def _until_stdin_ends(server: Any) -> None:
    sys.stdin.read()
    server.should_exit = True


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--http", action="store_true")
    if parser.parse_args().http:
        _over_http()
    else:
        anyio.run(_over_stdio)
