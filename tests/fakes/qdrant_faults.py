"""What may go wrong between a Qdrant server and its client, for `FakeQdrant.fault`."""

from __future__ import annotations

from functools import partial

import anyio
from anyio.abc import SocketStream

from tests.fakes.qdrant_http import Request, Response

PAGE = b"<!doctype html><html><body><h1>Welcome to nginx!</h1></body></html>"


async def says_nothing(request: Request, response: Response, stream: SocketStream) -> bool:
    """Accept the request, and never answer."""
    del request, response, stream
    await anyio.sleep_forever()
    return True


async def drips(request: Request, response: Response, stream: SocketStream) -> bool:
    """Answer so slowly that no single read times out."""
    del request
    await stream.send(Response(200, b" " * 1_000_000 + response.body).head())
    while True:
        await stream.send(b" ")
        await anyio.sleep(0.02)


async def dies_in_the_middle(request: Request, response: Response, stream: SocketStream) -> bool:
    """Send half of the body and hang up."""
    del request
    await stream.send(response.head() + response.body[: len(response.body) // 2])
    return True


async def hangs_up(request: Request, response: Response, stream: SocketStream) -> bool:
    """Hang up without a word."""
    del request, response, stream
    return True


async def speaks_no_http(request: Request, response: Response, stream: SocketStream) -> bool:
    """Send bytes that are nothing."""
    del request, response
    await stream.send(b"\x00\xff\xfe\x16\x03garbage\x00" * 20 + b"\r\n\r\n")
    return True


async def _answer(other: Response, request: Request, response: Response, stream: SocketStream) -> bool:
    del request, response
    await stream.send(other.head() + other.body)
    return True


fails = partial(_answer, Response(500, b'{"status":{"error":"Service internal error: disk is full\\nat /x"},"time":0}'))
is_restarting = partial(_answer, Response(503, b"Service Unavailable", "text/plain"))
forbids = partial(_answer, Response(403, b'{"status":{"error":"Forbidden: read-only access"},"time":0}'))
is_busy = partial(_answer, Response(429, b'{"status":{"error":"Rate limit"},"time":0}'))
shows_a_page = partial(_answer, Response(200, PAGE, "text/html"))
shows_a_missing_page = partial(_answer, Response(404, PAGE, "text/html"))
answers_null = partial(_answer, Response(200, b"null"))
answers_other_json = partial(_answer, Response(200, b'{"result": {"a": [3]}, "status": "ok", "time": 0}'))
answers_no_result = partial(_answer, Response(200, b'{"result": null, "status": "ok", "time": 0}'))
answers_broken_json = partial(_answer, Response(200, b'{"result": [{"points": [{"id": 1, "sco'))
answers_binary = partial(_answer, Response(200, bytes(range(256)) * 8, "application/octet-stream"))
