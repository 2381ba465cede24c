"""The server that misbehaves, alone: what it is asked to do well, it does; else the tests over it prove nothing."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest
from mcp.client.stdio import StdioServerParameters
from mcp_types.version import MODERN_PROTOCOL_VERSIONS

from tests.interaction.oracle import ODD, Oracle
from tests.interaction.person import Person
from tests.interaction.servers import ROOT, text_of

pytestmark = pytest.mark.anyio

ERAS = pytest.mark.parametrize("era", ["legacy", "modern"])


def _alone(oracle: Oracle, era: str) -> StdioServerParameters:
    arguments = oracle.server(ODD, "--era", era)["args"]
    return StdioServerParameters(command=sys.executable, args=arguments, env={"PYTHONPATH": str(ROOT)})


@ERAS
@pytest.mark.parametrize(("tool", "words"), [("elicit", "Ada"), ("sample", "hello from Ada"), ("roots", "home/Ada")])
async def test_it_asks_a_host_and_tells_what_was_answered(tmp_path: Path, era: str, tool: str, words: str) -> None:
    oracle, person = Oracle(tmp_path), Person()
    async with person.client(_alone(oracle, era), "auto") as client:
        assert (client.protocol_version in MODERN_PROTOCOL_VERSIONS) == (era == "modern")
        result = await client.call_tool(tool, {"nonce": "n-1"})
    assert words in text_of(result)
    assert len(person.asked) == 1
    assert oracle.runs()["n-1"] == 1


@ERAS
async def test_it_tells_of_progress(tmp_path: Path, era: str) -> None:
    told: list[Any] = []

    async def hear(progress: float, total: float | None, message: str | None) -> None:
        told.append((progress, total, message))

    async with Person().client(_alone(Oracle(tmp_path), era), "auto") as client:
        await client.call_tool("progress", {"nonce": "n-1"}, progress_callback=hear)
    assert told == [(1, 3, "step 1"), (2, 3, "step 2"), (3, 3, "step 3")]


async def test_it_sends_log_messages(tmp_path: Path) -> None:
    person = Person()
    async with person.client(_alone(Oracle(tmp_path), "legacy"), "auto") as client:
        await client.call_tool("log", {"nonce": "n-1"})
        await client.call_tool("echo", {"nonce": "n-2"})
    assert person.logged == ["debug: debug n-1", "info: info n-1", "error: error n-1"]


@ERAS
async def test_it_keeps_a_ledger_of_calls_starts_and_its_end(tmp_path: Path, era: str) -> None:
    oracle = Oracle(tmp_path)
    async with Person().client(_alone(oracle, era), "auto") as client:
        for nonce in ("n-1", "n-2", "n-2"):
            await client.call_tool("echo", {"nonce": nonce})
    assert oracle.runs() == {"n-1": 1, "n-2": 2}
    assert len(oracle.starts()) == 1
    assert "ended" in oracle.ledger()[-1]
    with pytest.raises(AssertionError):
        oracle.at_most_once()
