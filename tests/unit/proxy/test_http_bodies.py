"""A body over HTTP that is too large ends as an error of its call, and the session goes on."""

from __future__ import annotations

import json
import resource
import zlib
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import anyio
import pytest
from anyio.abc import SocketAttribute, SocketStream

from catalog_sources.mcp_server import open_source
from mcp_toolweaver.proxy.downstream import Downstream
from tests.unit.proxy.children import PATIENCE

pytestmark = pytest.mark.anyio

MIB = 1024 * 1024
LIMIT = MIB
CALLED: dict[str, tuple[str, str]] = {
    "json": ("application/json", ""),
    "events": ("text/event-stream", ""),
    "lines": ("text/event-stream", ""),
    "bomb": ("application/json", "gzip"),
    "small": ("application/json", "gzip"),
}


def answer(request_id: Any, size: int, *, indent: int | None = None) -> str:
    result = {"content": [{"type": "text", "text": "x" * size}]}
    return json.dumps({"jsonrpc": "2.0", "result": result, "id": request_id}, indent=indent)


def body(name: str, request_id: Any) -> Iterator[bytes]:
    if name == "events":
        yield f": hello\n\nevent: message\ndata: {answer(request_id, 30 * MIB)}\n\n".encode()
    elif name == "lines":
        lines = answer(request_id, 3 * MIB, indent=1).splitlines()
        yield ("event: message\r\n" + "".join(f"data: {line}\r\n" for line in lines) + "\r\n").encode()
    else:
        packing = zlib.compressobj(1, wbits=31) if CALLED[name][1] else None
        text = answer(request_id, 60 * MIB if name == "bomb" else 100 if name == "small" else 30 * MIB).encode()
        yield packing.compress(text) + packing.flush() if packing else text


def result_of(method: str) -> dict[str, Any] | None:
    if method == "initialize":
        server = {"name": "web", "version": "1"}
        return {"protocolVersion": "2025-06-18", "capabilities": {"tools": {}}, "serverInfo": server}
    return (
        {"tools": [{"name": name, "inputSchema": {"type": "object"}} for name in CALLED]} if "list" in method else None
    )


async def serve(stream: SocketStream) -> None:
    """Answer the requests of one connection in HTTP/1.1."""
    with suppress(anyio.BrokenResourceError):  # a body that nobody wants any more
        await answer_all(stream)


async def answer_all(stream: SocketStream) -> None:
    async with stream:
        buffer = b""
        async for chunk in stream:
            buffer += chunk
            head, is_whole, rest = buffer.partition(b"\r\n\r\n")
            length = next(
                (int(line[15:]) for line in head.lower().split(b"\r\n") if line[:15] == b"content-length:"), 0
            )
            if not is_whole or len(rest) < length:
                continue
            buffer = rest[length:]
            async for piece in response(json.loads(rest[:length] or b"{}")):
                await stream.send(piece)


async def response(message: dict[str, Any]) -> AsyncIterator[bytes]:
    method, request_id = message.get("method", ""), message.get("id")
    if request_id is None:
        yield b"HTTP/1.1 %s\r\ncontent-length: 0\r\n\r\n" % (b"202 Accepted" if method else b"405 No")
    elif method == "tools/call":
        name = message["params"]["name"]
        kind, packing = CALLED[name]
        packed = f"content-encoding: {packing}\r\n" if packing else ""
        yield f"HTTP/1.1 200 OK\r\ncontent-type: {kind}\r\n{packed}transfer-encoding: chunked\r\n\r\n".encode()
        for piece in body(name, request_id):
            yield b"%x\r\n%s\r\n" % (len(piece), piece)
        yield b"0\r\n\r\n"
    else:
        result = result_of(method)
        said = {"result": result} if result else {"error": {"code": -32601, "message": "no such method"}}
        data = json.dumps({"jsonrpc": "2.0", "id": request_id, **said}).encode()
        yield b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%s" % (len(data), data)


@asynccontextmanager
async def web() -> AsyncGenerator[Downstream]:
    listener = await anyio.create_tcp_listener(local_host="127.0.0.1")
    port = listener.extra(SocketAttribute.local_port)
    async with listener, anyio.create_task_group() as tasks:
        tasks.start_soon(listener.serve, serve)
        options = {"transport": "http", "url": f"http://127.0.0.1:{port}/mcp", "max_frame_bytes": LIMIT}
        async with open_source("web", options) as downstream:
            yield downstream
        tasks.cancel_scope.cancel()


@pytest.mark.parametrize("name", ["json", "events", "lines", "bomb"])
async def test_a_body_that_is_too_large_is_an_error_of_its_call(name: str) -> None:
    with anyio.fail_after(PATIENCE):
        async with web() as downstream:
            await downstream.call_tool("small", {})
            before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
            result = await downstream.call_tool(name, {})
            grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
            small = await downstream.call_tool("small", {})
    assert result.is_error
    assert "too large" in result.payload["content"][0]["text"]
    assert "maxFrameBytes" in result.payload["content"][0]["text"]
    assert small.payload["content"][0]["text"] == "x" * 100
    assert name == "bomb" or grown < 200 * 1024  # what the server of this test makes counts too
