"""A server whose list of tools is odd or changes: only the tools concerned are affected, and names stay unique."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import anyio
import pytest
from mcp.client.client import Client

from tests.downstreams.misbehaving_tools import HIDDEN, WAYS
from tests.interaction.oracle import CALM, ODD, Oracle, search
from tests.interaction.servers import host, text_of, write_config

pytestmark = pytest.mark.anyio

ERAS = pytest.mark.parametrize("era", ["legacy", "modern"])


@pytest.fixture
def oracle(tmp_path: Path) -> Oracle:
    """Judge the calls of this test."""
    return Oracle(tmp_path)


@ERAS
async def test_malformed_definitions_affect_only_themselves(oracle: Oracle, era: str) -> None:
    async with host(write_config(oracle.folder, oracle.servers("--malformed", "--era", era))) as client:
        await oracle.succeeds(client)
        await oracle.succeeds(client, "typeless")
        await oracle.neighbour_is_well(client)
        names = await _names(client, ODD)
    assert {f"{ODD}__{name}" for name in WAYS} <= names
    assert f"{ODD}__listed" not in names


@pytest.mark.parametrize("era", ["legacy", "modern"])
async def test_an_output_schema_that_is_no_object_is_no_obstacle(oracle: Oracle, era: str) -> None:
    """The SDK's models of the older eras refuse a list with such a tool."""
    async with host(write_config(oracle.folder, oracle.servers("--arrays", "--era", era))) as client:
        await oracle.succeeds(client)
        await oracle.succeeds(client, "out_listed")


async def test_a_huge_schema_and_a_long_description_are_no_obstacle(oracle: Oracle) -> None:
    async with host(write_config(oracle.folder, oracle.servers("--large"))) as client:
        await oracle.succeeds(client, "huge_schema", field_007="x")
        await oracle.succeeds(client, "long_story")
        wrong = await oracle.failed(client, "huge_schema", field_007=5)
        assert "field_007" in wrong.text
        reply = await client.call_tool("search_tools", {"query": f"{ODD} long_story", "limit": 10})
    assert len(text_of(reply)) < 8_000


async def test_hidden_characters_of_a_description_reach_nobody(oracle: Oracle) -> None:
    async with host(write_config(oracle.folder, oracle.servers("--hidden"))) as client:
        await oracle.succeeds(client, "hidden")
        found = await client.call_tool("search_tools", {"query": f"{ODD} hidden adds numbers", "limit": 50})
        details = await client.call_tool("get_tool_details", {"names": [f"{ODD}__hidden"]})
        listed = await client.list_tools()
    hidden = {each for each in HIDDEN if not (each.isascii() and each.isprintable())}
    assert hidden
    for shown in (text_of(found), text_of(details), listed.model_dump_json()):
        assert not hidden & set(shown)
        assert "\\u202e" not in shown
    assert "Adds numbers" in text_of(details)


@ERAS
async def test_a_tool_that_is_announced_is_found_and_called(oracle: Oracle, era: str) -> None:
    async with host(write_config(oracle.folder, oracle.servers("--era", era))) as client:
        await oracle.succeeds(client, "add")
        await _until(client, lambda names: f"{ODD}__added" in names)
        await oracle.succeeds(client, "added")
    assert len(oracle.starts()) == 1


@ERAS
async def test_a_tool_that_was_dropped_is_no_longer_offered_and_the_call_says_what_is_there_instead(
    oracle: Oracle, era: str
) -> None:
    async with host(write_config(oracle.folder, oracle.servers("--era", era))) as client:
        await oracle.succeeds(client, "drop", which="slow")
        await _until(client, lambda names: f"{ODD}__slow" not in names)
        gone = await oracle.failed(client, "slow")
        await oracle.succeeds(client)
    assert f"{ODD}__" in gone.text.replace(f"{ODD}__slow", "")


@ERAS
async def test_a_call_by_the_old_name_of_a_renamed_tool_names_the_new_one(oracle: Oracle, era: str) -> None:
    async with host(write_config(oracle.folder, oracle.servers("--era", era))) as client:
        await oracle.succeeds(client, "rename", which="echo")
        await _until(client, lambda names: f"{ODD}__echo_v2" in names)
        gone = await oracle.call(client, "echo")
        assert gone.is_error
        await oracle.succeeds(client, "echo_v2")
    assert f"{ODD}__echo_v2" in gone.text


async def test_a_call_of_a_tool_that_was_dropped_silently_names_what_is_there_instead(oracle: Oracle) -> None:
    async with host(write_config(oracle.folder, oracle.servers())) as client:
        await oracle.succeeds(client, "rename", which="echo", quiet=True)
        gone = await oracle.failed(client, "echo")
        assert f"{ODD}__echo_v2" in gone.text
        await oracle.succeeds(client, "echo_v2")


async def test_two_servers_with_the_same_tools_have_unique_names(oracle: Oracle) -> None:
    async with host(write_config(oracle.folder, oracle.servers())) as client:
        names = await _names(client, None)
        assert {f"{CALM}__echo", f"{ODD}__echo"} <= names
        both = await client.call_tool("call_tool", {"name": "echo", "arguments": {"nonce": "both"}})
        assert both.is_error
        assert f"{CALM}__echo" in text_of(both)
        assert f"{ODD}__echo" in text_of(both)
    assert oracle.runs()["both"] == 0


async def _names(client: Client, server: str | None) -> set[str]:
    """Return the names of all tools, by searches that together find each of them."""
    more: dict[str, Any] = {} if server is None else {"domain": server}
    found = await client.call_tool(
        "search_tools", {"query": "echo answer", "limit": 50, "detail": "names", "max_tokens": 20_000, **more}
    )
    names = {row["name"] for row in found.structured_content["tools"]}
    for name in [*WAYS, "listed", "added", "echo_v2"]:
        reply = await search(client, f"{server or ODD} {name}", limit=3, detail="names", **more)
        names |= {row["name"] for row in reply["tools"]}
    return names


async def _until(client: Client, condition: Callable[[set[str]], bool]) -> None:
    with anyio.fail_after(20):
        while True:
            reply = await search(client, f"{ODD} added slow echo_v2", limit=50, detail="names", domain=ODD)
            if condition({row["name"] for row in reply["tools"]}):
                return
            await anyio.sleep(0.1)
