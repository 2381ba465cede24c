"""How much one caller may ask."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import anyio
import anyio.lowlevel
import httpx
import pytest
from starlette.types import Receive, Scope, Send

from mcp_toolweaver.core.access import Caller
from mcp_toolweaver.server.web.admitting import AdmissionGuard
from mcp_toolweaver.server.web.limits import RateLimit, StreamLimit

pytestmark = pytest.mark.anyio


class ByName:
    """An `Admission` in which a token is its own name."""

    challenge = ""

    async def admit(self, bearer: str | None) -> Caller:
        return Caller(bearer or "")


class Slow:
    """Answers when it may."""

    def __init__(self) -> None:
        self.may_answer = anyio.Event()
        self.asked = 0

    async def __call__(self, _scope: Scope, _receive: Receive, send: Send) -> None:
        self.asked += 1
        await self.may_answer.wait()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b""})


async def test_each_caller_has_a_bucket_of_its_own_that_fills_again() -> None:
    now = [0.0]
    slow = Slow()
    slow.may_answer.set()
    app = AdmissionGuard(RateLimit(slow, per_second=2, at_once=0, clock=lambda: now[0]), ByName())
    async with _client(app) as client:
        assert [await _status(client, "a") for _ in range(5)] == [200, 200, 200, 200, 429]
        assert await _status(client, "b") == 200
        now[0] = 0.5
        assert [await _status(client, "a") for _ in range(2)] == [200, 429]


async def test_only_so_many_requests_of_one_caller_are_answered_at_once() -> None:
    slow = Slow()
    app = AdmissionGuard(RateLimit(slow, per_second=0, at_once=2), ByName())
    async with _client(app) as client, anyio.create_task_group() as tasks:
        for _ in range(2):
            tasks.start_soon(_status, client, "a")
        while slow.asked < 2:
            await anyio.lowlevel.checkpoint()
        refused = await client.post("/", headers=_token("a"))
        assert refused.status_code == 429
        assert refused.headers["retry-after"] == "1"
        slow.may_answer.set()
        assert await _status(client, "b") == 200
    async with _client(app) as client:
        assert await _status(client, "a") == 200


async def test_only_so_many_streams_are_open() -> None:
    slow = Slow()
    async with _client(StreamLimit(slow, most=1)) as client, anyio.create_task_group() as tasks:
        tasks.start_soon(client.get, "/sse")
        while not slow.asked:
            await anyio.lowlevel.checkpoint()
        refused = await client.get("/p/some/sse")
        assert refused.status_code == 503
        assert refused.headers["retry-after"]
        slow.may_answer.set()
        assert (await client.get("/healthz")).status_code == 200
        assert (await client.post("/")).status_code == 200


def _client(app: Any) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost")


async def _status(client: httpx.AsyncClient, name: str) -> int:
    return (await client.post("/", headers=_token(name))).status_code


def _token(name: str) -> Mapping[str, str]:
    return {"authorization": f"Bearer {name}"}
