"""What passes between a host and the server that its call has reached, beside the result: both ways, in both eras."""

from __future__ import annotations

import json
from pathlib import Path

import anyio
import pytest
from mcp.client.client import Client
from mcp.client.session import IncomingMessage
from mcp.client.stdio import StdioServerParameters, stdio_client

from tests.interaction.oracle import ODD, Oracle
from tests.interaction.person import Person
from tests.interaction.servers import SERVE, environment, text_of, write_config

pytestmark = pytest.mark.anyio

ERAS = pytest.mark.parametrize("era", ["legacy", "modern"])
MODES = pytest.mark.parametrize("mode", ["legacy", "auto"])


@pytest.fixture
def oracle(tmp_path: Path) -> Oracle:
    """Judge the calls of this test."""
    return Oracle(tmp_path, deadline=10.0)


def served(oracle: Oracle, *options: str) -> StdioServerParameters:
    """Return how a host starts Toolweaver with the calm and the odd server behind it."""
    config = write_config(oracle.folder, oracle.servers(*options))
    return StdioServerParameters(
        command=SERVE[0], args=[*SERVE[1:], "--config", str(config)], env=environment(config.parent)
    )


@ERAS
@MODES
@pytest.mark.parametrize(("tool", "words"), [("elicit", "Ada"), ("sample", "hello from Ada"), ("roots", "home/Ada")])
async def test_what_a_server_asks_during_a_call_reaches_the_host_that_called(
    oracle: Oracle, era: str, mode: str, tool: str, words: str
) -> None:
    """Whatever eras the two speak."""
    person = Person()
    async with person.client(served(oracle, "--era", era), mode) as client:
        outcome = await oracle.succeeds(client, tool)
    assert words in outcome.text
    assert len(person.asked) == 1


@ERAS
@MODES
async def test_progress_reaches_the_host_in_order_before_the_answer(oracle: Oracle, era: str, mode: str) -> None:
    told: list[tuple[float, float | None, str | None]] = []

    async def hear(progress: float, total: float | None, message: str | None) -> None:
        told.append((progress, total, message))

    async with Person().client(served(oracle, "--era", era), mode) as client:
        call = {"name": f"{ODD}__progress", "arguments": {"nonce": "n"}}
        result = await client.call_tool("call_tool", call, progress_callback=hear)
    assert "told" in text_of(result)
    assert told == [(1, 3, "step 1"), (2, 3, "step 2"), (3, 3, "step 3")]


async def test_a_host_that_wants_no_progress_gets_none(oracle: Oracle) -> None:
    """The server is asked for it all the same, since a call may take as long as it shows some."""
    told: list[str] = []

    async def hear(message: IncomingMessage) -> None:
        told.append(type(message).__name__)

    async with Person().client(served(oracle), "legacy", message_handler=hear) as client:
        assert "told" in (await oracle.succeeds(client, "progress")).text
    assert "ProgressNotification" not in told


async def test_log_messages_of_a_server_reach_a_host_of_the_older_eras(oracle: Oracle) -> None:
    person = Person()
    async with person.client(served(oracle), "legacy") as client:
        outcome = await oracle.succeeds(client, "log")
        with anyio.fail_after(2):
            while len(person.logged) < 3:
                await anyio.sleep(0.02)
    assert [line.partition(":")[0] for line in person.logged] == ["debug", "info", "error"]
    assert all(outcome.nonce in line for line in person.logged)


async def test_a_host_that_can_answer_nothing_is_told_so_and_the_call_ends(oracle: Oracle) -> None:
    """The server learns that it cannot ask; it answers all the same, and nothing hangs."""
    async with Client(stdio_client(served(oracle)), mode="legacy", read_timeout_seconds=30) as client:
        for tool in ("elicit", "sample", "roots"):
            outcome = await oracle.call(client, tool)
            if not outcome.is_error:
                assert json.loads(outcome.text.partition(outcome.nonce)[2])["code"] < 0
        await oracle.succeeds(client)
        await oracle.neighbour_is_well(client, times=1)
    oracle.at_most_once()
