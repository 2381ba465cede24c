"""Clients without any library of the protocol, so that what is measured is the server: one for each transport.

Each speaks 2025-11-25 with a session, as hosts of today do, and returns the text of a tool's result.
"""

from __future__ import annotations

import asyncio
import itertools
import json
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Coroutine, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, TypeAlias

import httpx

Ask: TypeAlias = Callable[[str, Mapping[str, Any]], Coroutine[Any, Any, Any]]
"""Makes a request of a method with parameters, and returns its result."""
Open: TypeAlias = Callable[[], AbstractAsyncContextManager[Ask]]

_LINE = 64 * 1024 * 1024
_PATIENCE = httpx.Timeout(600)
_LIMITS = httpx.Limits(keepalive_expiry=2.0)  # sooner than any server closes what is idle
_HELLO = {
    "protocolVersion": "2025-11-25",
    "capabilities": {},
    "clientInfo": {"name": "bench", "version": "0"},
}


class Refused(Exception):
    """The server answered with an error of the protocol."""


class _Waiting:
    """The requests of a session that have no answer yet."""

    def __init__(self) -> None:
        self._numbers = itertools.count(1)
        self._answers: dict[int, asyncio.Future[Any]] = {}

    def begin(self, method: str, params: Mapping[str, Any]) -> tuple[dict[str, Any], asyncio.Future[Any]]:
        """Return a request, and what its answer will be."""
        number = next(self._numbers)
        answer = self._answers[number] = asyncio.get_running_loop().create_future()
        return {"jsonrpc": "2.0", "id": number, "method": method, "params": params}, answer

    def take(self, text: str | bytes) -> None:
        """Take a message of the server."""
        message = json.loads(text)
        if "method" in message or not (answer := self._answers.pop(message["id"], None)):
            return
        if "result" in message:
            answer.set_result(message["result"])
        else:
            answer.set_exception(Refused(message["error"]["message"]))

    def end(self) -> None:
        """Let those who still wait know that nothing will come."""
        for answer in self._answers.values():
            if not answer.done():
                answer.set_exception(ConnectionError("the server went away without an answer"))


async def greeted(ask: Ask, notify: Callable[[Mapping[str, Any]], Coroutine[Any, Any, None]]) -> None:
    """Shake hands."""
    await ask("initialize", _HELLO)
    await notify({"jsonrpc": "2.0", "method": "notifications/initialized"})


@asynccontextmanager
async def stdio(command: Sequence[str], env: Mapping[str, str]) -> AsyncGenerator[tuple[Ask, int]]:
    """Start a server and yield its one host, which may ask many things at once, and the process's id."""
    process = await asyncio.create_subprocess_exec(
        *command,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        env=dict(env),
        limit=_LINE,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    writing, reading, waiting = process.stdin, process.stdout, _Waiting()

    async def notify(message: Mapping[str, Any]) -> None:
        writing.write(json.dumps(message).encode() + b"\n")
        await writing.drain()

    async def ask(method: str, params: Mapping[str, Any]) -> Any:
        request, answer = waiting.begin(method, params)
        await notify(request)
        return await answer

    async def listen() -> None:
        async for line in reading:
            waiting.take(line)
        waiting.end()

    listening = asyncio.create_task(listen())
    await greeted(ask, notify)
    yield ask, process.pid
    writing.close()
    await process.wait()
    await listening


@asynccontextmanager
async def http(url: str) -> AsyncGenerator[Ask]:
    """Yield a session over streamable HTTP on one connection, which asks one thing after another."""
    headers = {"accept": "application/json, text/event-stream", "mcp-protocol-version": "2025-11-25"}
    waiting = _Waiting()
    async with httpx.AsyncClient(headers=headers, timeout=_PATIENCE, limits=_LIMITS) as client:

        async def notify(message: Mapping[str, Any]) -> None:
            (await client.post(url, json=message)).raise_for_status()

        async def ask(method: str, params: Mapping[str, Any]) -> Any:
            request, answer = waiting.begin(method, params)
            response = (await client.post(url, json=request)).raise_for_status()
            if session := response.headers.get("mcp-session-id"):
                client.headers["mcp-session-id"] = session
            for text in _bodies(response):
                waiting.take(text)
            return answer.result()

        await greeted(ask, notify)
        yield ask


def _bodies(response: httpx.Response) -> Sequence[str]:
    """Return the messages of a response, whether it is one or a stream of events."""
    if response.headers["content-type"].startswith("application/json"):
        return [response.text]
    return [
        line.removeprefix("data:")
        for line in response.text.splitlines()
        if line.startswith("data:") and line[5:].strip()
    ]


@asynccontextmanager
async def sse(url: str) -> AsyncGenerator[Ask]:
    """Yield a session over the transport of 2024-11-05: events come by one request, messages go by others."""
    waiting = _Waiting()
    async with httpx.AsyncClient(timeout=_PATIENCE, limits=_LIMITS) as client, client.stream("GET", url) as stream:
        events = _events(stream)
        where = httpx.URL(url).join(await anext(events))

        async def notify(message: Mapping[str, Any]) -> None:
            (await client.post(where, json=message)).raise_for_status()

        async def ask(method: str, params: Mapping[str, Any]) -> Any:
            request, answer = waiting.begin(method, params)
            await notify(request)
            return await answer

        async def listen() -> None:
            async for text in events:
                waiting.take(text)
            waiting.end()

        listening = asyncio.create_task(listen())
        await greeted(ask, notify)
        yield ask
        listening.cancel()


async def _events(stream: httpx.Response) -> AsyncIterator[str]:
    async for line in stream.aiter_lines():
        if line.startswith("data:"):
            yield line.removeprefix("data:").strip()
