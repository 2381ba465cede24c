"""The store of the index as a host meets it: shared, away, back again."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import anyio
import pytest

from tests.fakes.qdrant_server import FakeQdrant
from tests.interaction.servers import COMPANY, TIME, environment, host, write_config

pytestmark = pytest.mark.anyio

QUERY = "get the money back to the buyer"
WANTED = "refund_payment"
PATIENCE = 100


@pytest.fixture(scope="module")
def by_meaning(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The settings of a host that searches anew each time, by meaning; what one test embedded, the others find."""
    return {
        "TOOLWEAVER_EMBEDDING__ENABLED": "true",
        "TOOLWEAVER_CACHE_DIR": str(tmp_path_factory.mktemp("embedded")),
        "TOOLWEAVER_CACHE__LIFETIMES__SEARCH": "0",
    }


@pytest.fixture
def config(tmp_path: Path) -> Path:
    return write_config(tmp_path, {"time": TIME}, sources=[COMPANY])


async def test_two_that_share_a_data_folder_both_answer_in_full(config: Path, by_meaning: dict[str, str]) -> None:
    async with host(config, **by_meaning) as first, host(config, **by_meaning) as second:
        for client in (first, second):
            found = await _once(client, lambda reply: not reply["degraded"])
            assert WANTED in _tools(found)
        assert await _search(first) == await _search(second)


async def test_what_was_indexed_is_there_for_the_next_process(config: Path, by_meaning: dict[str, str]) -> None:
    async with host(config, **by_meaning) as client:
        first = await _once(client, lambda reply: not reply["degraded"])
    status = _index_status(config, by_meaning)
    assert status["in_step"], status["reason"]
    assert status["store"]["engine"] == "embedded"
    assert status["tools"] == status["with_vector"] > 390
    async with host(config, **by_meaning) as client:
        assert await _once(client, lambda reply: not reply["degraded"]) == first


async def test_a_qdrant_server_that_goes_away_and_comes_back_is_hardly_missed(
    config: Path, by_meaning: dict[str, str]
) -> None:
    server = FakeQdrant()
    with anyio.fail_after(PATIENCE):
        async with server.listening():
            pass  # so that it has a port
        given = {**by_meaning, "TOOLWEAVER_INDEX__URL": server.url, "TOOLWEAVER_INDEX__GRPC": "false"}
        async with host(config, **given) as client:
            async with server.listening():
                await _until_it_answers(client, server)
                full = await _once(client, lambda reply: not reply["degraded"])
                assert WANTED in _tools(full)
            away = await _search(client)
            assert _tools(away) == _tools(full)
            assert "index" in " ".join(away["degraded"])
            async with server.listening():
                assert await _once(client, lambda reply: not reply["degraded"]) == full
                await _until_it_answers(client, server)


async def test_a_qdrant_server_that_never_was_there_is_named_and_search_goes_on(
    config: Path, by_meaning: dict[str, str]
) -> None:
    given = {**by_meaning, "TOOLWEAVER_INDEX__URL": "http://127.0.0.1:9"}
    async with host(config, **given) as client:
        found = await _once(client, lambda reply: "127.0.0.1:9" in " ".join(reply["degraded"]))
    assert WANTED in _tools(found)


async def _until_it_answers(client: Any, server: FakeQdrant) -> None:
    server.requests.clear()
    while not any("query" in request.path for request in server.requests):
        await _search(client)
        await anyio.sleep(0.1)


async def _once(client: Any, is_right: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    """Search until the reply is right."""
    with anyio.fail_after(PATIENCE):
        while not is_right(found := await _search(client)):
            await anyio.sleep(0.2)
    return found


async def _search(client: Any) -> dict[str, Any]:
    result = await client.call_tool("search_tools", {"query": QUERY})
    reply: dict[str, Any] = result.structured_content
    return reply


def _tools(reply: dict[str, Any]) -> list[str]:
    return [row["tool"] for row in reply["tools"]]


def _index_status(config: Path, by_meaning: dict[str, str]) -> dict[str, Any]:
    command = [sys.executable, "-m", "mcp_toolweaver", "index", "status", "--json", "--config", str(config)]
    surroundings = environment(config.parent, **by_meaning)
    done = subprocess.run(command, capture_output=True, text=True, env=surroundings, timeout=60, check=False)
    status: dict[str, Any] = json.loads(done.stdout)
    return status
