"""The owner sees what the cache holds and whether it helps, and empties it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import anyio
import pytest

from tests.interaction.servers import COMPANY, environment, host, write_config
from tests.redis.server import free_port, redis_server

pytestmark = pytest.mark.anyio

QUESTIONS = ("send an email", "open a ticket", "send an email", "send an email")


@pytest.fixture
def config(tmp_path: Path) -> Path:
    return write_config(tmp_path, {}, sources=[COMPANY])


async def run(config: Path, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "mcp_toolweaver", *arguments, "--config", str(config)]
    env = environment(config.parent, COLUMNS="160", **more)
    done = await anyio.run_process(command, env=env, check=False)
    return subprocess.CompletedProcess(command, done.returncode, done.stdout.decode(), done.stderr.decode())


async def stats(config: Path, **more: str) -> dict[str, Any]:
    done = await run(config, "cache", "stats", "--json", **more)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


async def ask(config: Path, **more: str) -> None:
    """Ask the same things of a server as a host does."""
    async with host(config, **more) as client:
        for question in QUESTIONS:
            result = await client.call_tool("search_tools", {"query": question})
            assert not result.is_error


def layer(found: dict[str, Any], name: str) -> dict[str, Any]:
    return next(each for each in found["layers"] if each["name"] == name)


async def test_before_anything_was_asked_there_is_nothing_and_no_complaint(config: Path) -> None:
    found = await stats(config)
    assert found["tiers"]["search"]["hit_rate"] is None
    assert found["tiers"]["search"]["lifetime"] == 3600
    assert [each["tiers"] for each in found["layers"]] == [{}, {}]
    assert found["processes"] == []


async def test_a_replayed_workload_is_found_in_the_file_by_the_next_process(config: Path) -> None:
    await ask(config)
    search = (await stats(config))["tiers"]["search"]
    asked = sum(search["hits"].values()) + search["misses"]
    assert search["hits"]["memory"] >= 2
    await ask(config)
    after = (await stats(config))["tiers"]["search"]
    assert sum(after["hits"].values()) + after["misses"] >= asked + len(QUESTIONS)
    assert after["misses"] == search["misses"], "nothing was searched again"
    assert after["hits"]["file"] >= 2


async def test_people_see_a_table_and_can_empty_one_tier_or_all(config: Path) -> None:
    await ask(config)
    shown = await run(config, "cache", "stats")
    assert shown.returncode == 0, shown.stderr
    for said in ("search", "60 min", "memory", "listings", "of catalog", "of search"):
        assert said in shown.stdout
    done = await run(config, "cache", "clear", "search")
    assert done.returncode == 0
    assert "of search" in done.stdout
    found = await stats(config)
    assert "search" not in layer(found, "file")["tiers"]
    assert layer(found, "listings")["tiers"]["catalog"]["entries"] == 1
    assert found["tiers"]["search"]["misses"], "what was counted stays"
    removed = json.loads((await run(config, "cache", "clear", "--json")).stdout)["removed"]
    assert removed["listings"]["catalog"] == 1
    emptied = await stats(config)
    assert [each["tiers"] for each in emptied["layers"]] == [{}, {}]
    assert not emptied["tiers"]["search"]["misses"]


async def test_questions_are_forgotten_when_the_owner_says_so(config: Path) -> None:
    await ask(config)
    for kept in (1, 0):
        done = await run(config, "cache", "clear", "search", "--questions", "--json")
        assert json.loads(done.stdout)["removed"]["listings"]["usage"] == kept


async def test_an_unknown_tier_is_answered_with_those_that_are(config: Path) -> None:
    done = await run(config, "cache", "clear", "everything")
    assert done.returncode == 2
    assert "'definitions'" in done.stderr


async def test_a_running_process_shows_what_it_holds_and_how_redis_is(config: Path) -> None:
    async with redis_server() as redis:
        own = {"TOOLWEAVER_CACHE__REDIS__URL": redis.url}
        async with host(config, **own) as client:
            await client.call_tool("search_tools", {"query": "send an email"})
            with anyio.fail_after(30):
                while not (seen := await stats(config, **own))["processes"] or not seen["processes"][0]["redis"]:
                    await anyio.sleep(0.2)
                while (seen := await stats(config, **own))["processes"][0]["redis"] != "closed":
                    await anyio.sleep(0.2)
            assert layer(seen, "redis")["tiers"]["definitions"]["entries"] == 398
            assert layer(seen, "redis")["where"] == redis.url
            await redis.kill()
            with anyio.fail_after(40):
                asked = 0
                while "cannot be reached" not in (await run(config, "status", **own)).stdout:
                    for _ in range(3):  # what is in memory is not asked of Redis
                        asked += 1
                        await client.call_tool("search_tools", {"query": f"open a ticket, number {asked}"})
                    await anyio.sleep(0.5)


async def test_a_redis_that_is_away_is_one_clear_line_and_status_1(config: Path) -> None:
    url = f"redis://:s3cret@127.0.0.1:{free_port()}"
    own = {"TOOLWEAVER_CACHE__REDIS__URL": url}
    found = await stats(config, **own)
    assert "cannot be reached; start it, or correct cache.redis.url" in layer(found, "redis")["away"]
    for command in (("cache", "stats"), ("cache", "clear"), ("doctor",)):
        done = await run(config, *command, **own)
        assert done.returncode == 1
        assert "s3cret" not in done.stdout + done.stderr
        assert "Traceback" not in done.stderr
    assert "the file is the cache" in (await run(config, "doctor", **own)).stdout
