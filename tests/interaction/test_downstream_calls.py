"""A server that misbehaves in a call: one answer or one error, nothing runs twice, and its neighbour is well."""

from __future__ import annotations

import json
from pathlib import Path

import anyio
import pytest

from tests.interaction.oracle import ODD, Oracle
from tests.interaction.servers import host, write_config

pytestmark = pytest.mark.anyio

ERAS = pytest.mark.parametrize("era", ["legacy", "modern"])


@pytest.fixture
def oracle(tmp_path: Path) -> Oracle:
    """Judge the calls of this test."""
    return Oracle(tmp_path)


@ERAS
async def test_a_call_that_is_answered_badly_but_clearly_is_answered_once(oracle: Oracle, era: str) -> None:
    """Noise, floods, answers for nobody and answers twice hurt neither this call nor the next."""
    async with host(write_config(oracle.folder, oracle.servers("--era", era))) as client:
        for tool in ("noise", "flood", "unknown_id", "twice", "bad_utf8", "slow", "echo"):
            await oracle.succeeds(client, tool)
            await oracle.neighbour_is_well(client, times=1)
        refused = await oracle.failed(client, "refuse")
        assert "the moon is in the wrong phase" in refused.text
        assert "-32042" in refused.text
        await oracle.succeeds(client)
    assert len(oracle.starts()) == 1
    oracle.at_most_once()


@pytest.mark.parametrize("tool", ["crash_before", "crash_after", "unfinished"])
async def test_a_server_that_dies_in_a_call_is_back_for_the_next_and_nothing_is_repeated(
    oracle: Oracle, tool: str
) -> None:
    async with host(write_config(oracle.folder, oracle.servers())) as client:
        await oracle.succeeds(client)
        failed = await oracle.failed(client, tool)
        assert "connection was lost" in failed.text
        await oracle.neighbour_is_well(client)
        await oracle.recovers(client)
    oracle.at_most_once()
    assert len(oracle.starts()) == 2


@pytest.mark.parametrize("tool", ["hang", "wrong_id", "malformed"])
async def test_a_call_that_is_never_answered_ends_at_its_deadline(oracle: Oracle, tool: str) -> None:
    async with host(write_config(oracle.folder, oracle.servers())) as client:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(oracle.failed, client, tool)
            await oracle.neighbour_is_well(client, times=10)
        await oracle.succeeds(client)
    oracle.at_most_once()


async def test_a_call_given_up_at_its_deadline_is_cancelled_at_the_server(oracle: Oracle) -> None:
    async with host(write_config(oracle.folder, oracle.servers())) as client:
        await oracle.failed(client, "hang")
        with anyio.fail_after(1):
            while not any("cancelled" in entry for entry in oracle.ledger()):
                await anyio.sleep(0.02)


async def test_many_calls_at_once_are_told_apart(oracle: Oracle) -> None:
    """Fast, slow, refused and dying ones over one connection each get their own answer."""
    oracle.deadline = 20.0
    async with host(write_config(oracle.folder, oracle.servers())) as client, anyio.create_task_group() as tasks:
        for number in range(16):
            tasks.start_soon(oracle.succeeds, client, "echo")
            tasks.start_soon(oracle.failed, client, "refuse")
            if number < 4:
                tasks.start_soon(oracle.succeeds, client, "slow")
    oracle.at_most_once()


async def test_calls_under_way_when_a_server_dies_all_end_in_an_error(oracle: Oracle) -> None:
    oracle.deadline = 20.0
    async with host(write_config(oracle.folder, oracle.servers())) as client:
        await oracle.succeeds(client)
        async with anyio.create_task_group() as tasks:
            for _number in range(6):
                tasks.start_soon(oracle.failed, client, "hang")
            with anyio.fail_after(10):
                while sum("ran" in entry for entry in oracle.ledger()) < 7:
                    await anyio.sleep(0.02)
            tasks.start_soon(oracle.failed, client, "crash_after")
        await oracle.recovers(client)
    oracle.at_most_once()


async def test_a_result_of_fifty_megabytes_is_answered_and_the_session_goes_on(oracle: Oracle) -> None:
    oracle.deadline = 60.0
    async with host(write_config(oracle.folder, oracle.servers())) as client:
        await oracle.succeeds(client)
        with anyio.fail_after(10):
            answer = await oracle.call(client, "big", bytes=50_000_000)
        assert len(answer.text) < 1_000_000
        await oracle.neighbour_is_well(client)
        await oracle.succeeds(client)
    assert len(oracle.starts()) == 1


@ERAS
async def test_a_result_arrives_whole_but_for_what_speaks_of_the_connection(oracle: Oracle, era: str) -> None:
    async with host(write_config(oracle.folder, oracle.servers("--era", era))) as client:
        outcome = await oracle.call(client, "rich")
    got = json.loads(outcome.result.model_dump_json(by_alias=True, exclude_none=True))
    kinds = [block["type"] for block in got["content"]]
    assert kinds == ["text", "image", "audio", "resource_link", "resource"]
    assert got["content"][0]["annotations"] == {"audience": ["user"], "priority": 0.5}
    assert got["content"][4]["resource"]["text"] == "inside"
    assert outcome.result.structured_content == {"half": 0.5, "nested": {"list": [1, None, "x"]}}
    assert outcome.is_error
    assert got["_meta"]["example.com/trace"] == "t-1"
    assert got["_meta"].get("io.modelcontextprotocol/serverInfo", {}).get("name") != "liar"
    assert ODD not in outcome.text
