"""Redis as a host meets it: not at all, whether it is there, away or back again."""

from __future__ import annotations

import sys
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import anyio
import pytest

from tests.interaction.servers import COMPANY, ROOT, host, write_config
from tests.redis.server import RedisServer, eventually, redis_server

pytestmark = pytest.mark.anyio

QUERY = "get the money back to the buyer"
PATIENCE = 100
RAW_SERVER = ROOT / "tests" / "downstreams" / "raw_stdio.py"
HANGS_IF_TOLD = """
import runpy, sys, time
from pathlib import Path
while Path(sys.argv[1]).exists():
    time.sleep(0.1)
sys.argv = [sys.argv[2]]
runpy.run_path(sys.argv[0], run_name="__main__")
"""


@pytest.fixture
async def server() -> AsyncGenerator[RedisServer]:
    async with redis_server() as running:
        yield running


def behind(server: RedisServer, **more: str) -> dict[str, str]:
    """Return what a host is told of it; the timeout is ample, since this machine may be busy."""
    given = {"TOOLWEAVER_CACHE__REDIS__URL": server.url, "TOOLWEAVER_CACHE__REDIS__TIMEOUT": "5"}
    return {**given, "TOOLWEAVER_CACHE__SECRET": "shared", "TOOLWEAVER_EXPOSE__DIRECT_THRESHOLD": "0", **more}


async def test_redis_keeps_answers_and_that_it_goes_away_and_comes_back_is_not_noticed(
    server: RedisServer, tmp_path: Path
) -> None:
    config = write_config(tmp_path, {}, sources=[COMPANY])
    async with host(config, **behind(server)) as client:
        with anyio.fail_after(PATIENCE):
            first = await _search(client, QUERY)
            assert first["tools"]
            await _searched_until_kept(client, server)
            assert await _search(client, QUERY) == first
            await server.kill()
            for number in range(20):
                assert await _search(client, QUERY) == first
                assert not (await _search(client, f"refund of order {number}"))["degraded"]
            await server.start()
            await _searched_until_kept(client, server, within=15)
            assert await _search(client, QUERY) == first
    told = (tmp_path / "stderr.txt").read_text(encoding="utf-8")
    assert "Traceback" not in told
    assert told.count("going on without it") == 1
    assert told.count("it answers again") == 1


async def test_a_redis_that_never_was_there_delays_nothing_and_is_told_of_once(tmp_path: Path) -> None:
    async with redis_server() as server:
        await server.kill()
        config = write_config(tmp_path, {}, sources=[COMPANY])
        async with host(config, **behind(server)) as client:
            assert (await _search(client, QUERY))["tools"]
            await anyio.sleep(2)  # some attempts
            assert (await _search(client, QUERY))["tools"]
    told = (tmp_path / "stderr.txt").read_text(encoding="utf-8")
    assert told.count("Redis: ") == 1
    assert "Traceback" not in told


async def test_a_new_process_knows_from_redis_what_a_server_lists_that_hangs_at_its_start(
    server: RedisServer, tmp_path: Path
) -> None:
    hangs = tmp_path / "hangs"
    script = tmp_path / "server.py"
    script.write_text(HANGS_IF_TOLD, encoding="utf-8")
    raw = {"command": sys.executable, "args": [str(script), str(hangs), str(RAW_SERVER)]}
    config = write_config(tmp_path, {"raw": raw})
    with anyio.fail_after(PATIENCE):
        async with host(config, **behind(server)) as client:
            assert "echo" in _tools(await _search(client, "echo"))
            await eventually(lambda: _has_keys(server, "*:catalog:*"), within=15)
        hangs.touch()
        empty = {"TOOLWEAVER_DATA_DIR": str(tmp_path / "new"), "TOOLWEAVER_CACHE_DIR": str(tmp_path / "new cache")}
        async with host(config, **behind(server, **empty)) as client:
            found: dict[str, Any] = {"tools": []}
            while "echo" not in _tools(found):
                found = await _search(client, "echo")
            hangs.unlink()
            result = await client.call_tool("call_tool", {"name": "raw__echo", "arguments": {"text": "hello"}})
            assert not result.is_error


async def _searched_until_kept(client: Any, server: RedisServer, *, within: float = 30) -> None:
    """Search for something else each time, until an answer lies in Redis."""
    number = 0

    async def is_kept() -> bool:
        nonlocal number
        number += 1
        await _search(client, f"{QUERY} {number}")
        return await _has_keys(server, "*:search:*")

    await eventually(is_kept, within=within)


async def _has_keys(server: RedisServer, pattern: str) -> bool:
    return bool(await server.keys(pattern))


async def _search(client: Any, query: str) -> dict[str, Any]:
    result = await client.call_tool("search_tools", {"query": query})
    assert not result.is_error, result
    reply: dict[str, Any] = result.structured_content
    return reply


def _tools(reply: dict[str, Any]) -> list[str]:
    return [row["tool"] for row in reply["tools"]]
