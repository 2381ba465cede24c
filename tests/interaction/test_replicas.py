"""Three Toolweavers behind a load balancer, with one Qdrant and one Redis."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import anyio
import httpx2
import pytest
from mcp.client.client import Client
from mcp.client.streamable_http import streamable_http_client

from tests.fakes.qdrant_server import FakeQdrant
from tests.interaction.round_robin import RoundRobin
from tests.interaction.servers import TIME, text_of, write_config
from tests.interaction.web_stage import Served, served
from tests.redis.server import redis_server

pytestmark = pytest.mark.anyio

PATIENCE = 110
QUERY = {"query": "convert a time between time zones"}
NOW = {"name": "time__get_current_time", "arguments": {"timezone": "Asia/Tokyo"}}


async def test_replicas_index_once_answer_alike_and_may_go(tmp_path: Path) -> None:
    qdrant = FakeQdrant()
    with anyio.fail_after(PATIENCE):
        async with AsyncExitStack() as stack:
            redis = await stack.enter_async_context(redis_server())
            await stack.enter_async_context(qdrant.listening())
            stores = {"TOOLWEAVER_INDEX__URL": qdrant.url, "TOOLWEAVER_INDEX__GRPC": "false"}
            stores["TOOLWEAVER_INDEX__CATALOG"] = "ours"
            shared = {**stores, "TOOLWEAVER_CACHE__REDIS__URL": redis.url, "TOOLWEAVER_EMBEDDING__ENABLED": "true"}
            replicas = [await _replica(stack, tmp_path / "0", shared)]
            await _answers_in_full(replicas[0].url)
            while len(written := await _points(qdrant)) < 2:  # memory may have answered in full before
                await anyio.sleep(0.1)
            assert len(written) == 2
            for number in (1, 2):
                replicas.append(await _replica(stack, tmp_path / str(number), shared))
                await _answers_in_full(replicas[-1].url)
            assert await _points(qdrant) == written
            assert len({text for replica in replicas for text in [await _found(replica.url)]}) == 1
            await _through_a_balancer(replicas)


async def _through_a_balancer(replicas: Sequence[Served]) -> None:
    balancer = RoundRobin([replica.url for replica in replicas])
    async with balancer.listening(), _client(balancer.url) as client:
        for _ in range(6):
            assert (await client.call_tool("search_tools", QUERY)).structured_content["confidence"] == "high"
            assert "+09:00" in text_of(await client.call_tool("call_tool", NOW))
        assert len(balancer.asked) == 3
        replicas[1].process.terminate()
        assert replicas[1].process.wait(60) == 0
    left = RoundRobin([replicas[0].url, replicas[2].url])
    async with left.listening(), _client(left.url) as client:
        for _ in range(2):
            assert "+09:00" in text_of(await client.call_tool("call_tool", NOW))


async def _replica(stack: AsyncExitStack, folder: Path, shared: dict[str, str]) -> Served:
    config = _config(folder)
    return stack.enter_context(served(config, **shared))


def _config(folder: Path) -> Path:
    folder.mkdir()
    return write_config(folder, {"time": TIME}, toolweaver={"expose": "search"})


async def _answers_in_full(url: str) -> None:
    async with _client(url) as client:
        while (await client.call_tool("search_tools", QUERY)).structured_content["degraded"]:
            await anyio.sleep(0.1)


async def _found(url: str) -> str:
    async with _client(url) as client:
        return text_of(await client.call_tool("search_tools", QUERY))


async def _points(qdrant: FakeQdrant) -> dict[Any, tuple[str, list[float]]]:
    """Return when each point was written, and its vector."""
    while not qdrant.store.made:
        await anyio.sleep(0.1)
    [name] = qdrant.store.made
    points, _more = await qdrant.store.client.scroll(name, limit=100, with_payload=True, with_vectors=True)
    payloads = {point.id: point.payload or {} for point in points}
    vectors: dict[Any, Any] = {point.id: point.vector for point in points}
    ours = [id_ for id_, payload in payloads.items() if "updated" in payload]
    return {id_: (str(payloads[id_]["updated"]), vectors[id_]["meaning"]) for id_ in ours}


@asynccontextmanager
async def _client(url: str) -> AsyncGenerator[Client]:
    """Yield a host of 2026-07-28 that makes a new connection for each request."""
    limits = httpx2.Limits(max_keepalive_connections=0)
    async with (
        httpx2.AsyncClient(limits=limits, timeout=60) as http,
        Client(streamable_http_client(f"{url}/mcp", http_client=http), mode="2026-07-28") as client,
    ):
        yield client
