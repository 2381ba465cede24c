"""The main job through a real host-side client: search, look, call, on real servers."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from mcp.client.client import Client
from mcp.client.stdio import StdioServerParameters, stdio_client

from tests.interaction.servers import (
    COMPANY,
    TIME,
    everything_server,
    git_server,
    has_node,
    host,
    text_of,
    write_config,
)

pytestmark = pytest.mark.anyio

ERAS = pytest.mark.parametrize("mode", ["auto", "legacy"])


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """Two real servers and a file of a few hundred tools."""
    return write_config(tmp_path, {"time": TIME, "git": git_server(tmp_path)}, sources=[COMPANY])


@ERAS
async def test_host_sees_three_meta_tools_that_its_own_search_does_not_hide(config: Path, mode: str) -> None:
    async with host(config, mode=mode) as client:
        tools = (await client.list_tools()).tools
    assert [tool.name for tool in tools] == ["search_tools", "get_tool_details", "call_tool", "read_result"]
    assert all(tool.meta == {"anthropic/alwaysLoad": True} for tool in tools)
    assert all(len((tool.description or "").encode()) <= 2000 for tool in tools)
    assert "git (12)" in (tools[0].description or "")
    assert "412 tools" in (tools[0].description or "")


@ERAS
async def test_search_returns_one_object_as_structured_content_and_as_text(config: Path, mode: str) -> None:
    async with host(config, mode=mode) as client:
        query = {"query": "convert a time between time zones", "limit": 4}
        result = await client.call_tool("search_tools", query)
        whole = await client.call_tool("search_tools", {**query, "detail": "schema"})
    reply = result.structured_content
    assert json.loads(text_of(result)) == reply
    assert set(reply) >= {"tools", "confidence", "degraded", "hint"}
    rows = reply["tools"]
    assert len(rows) == 4
    assert rows[0]["name"] == "time__convert_time"
    assert (rows[0]["server"], rows[0]["tool"]) == ("time", "convert_time")
    assert "source_timezone: string" in rows[0]["signature"]
    schema = whole.structured_content["tools"][0]["inputSchema"]
    assert schema["required"] == ["source_timezone", "time", "target_timezone"]
    assert all("inputSchema" not in row for row in rows[1:])
    assert all(re.fullmatch(r"[A-Za-z0-9_-]{1,46}", row["name"]) for row in rows)
    assert [row["score"] for row in rows] == sorted((row["score"] for row in rows), reverse=True)


@ERAS
async def test_call_tool_reaches_the_real_server(config: Path, mode: str) -> None:
    async with host(config, mode=mode) as client:
        arguments = {"timezone": "Asia/Tokyo"}
        result = await client.call_tool("call_tool", {"name": "time__get_current_time", "arguments": arguments})
        log = await client.call_tool("call_tool", {"name": "git__git_log", "arguments": {"repo_path": _repo(config)}})
    assert not result.is_error
    assert "+09:00" in text_of(result)
    assert "The first commit" in text_of(log)


async def test_names_are_forgiven_where_they_are_clear(config: Path) -> None:
    spellings: list[dict[str, Any]] = [
        {"name": "get_current_time", "server": "time"},
        {"name": "time::get_current_time"},
        {"name": "get_current_time"},
    ]
    async with host(config) as client:
        for spelling in spellings:
            result = await client.call_tool("call_tool", {**spelling, "arguments": {"timezone": "UTC"}})
            assert not result.is_error, spelling
        nested = {"name": "time__get_current_time", "arguments": {"arguments": {"timezone": "UTC"}}}
        assert not (await client.call_tool("call_tool", nested)).is_error
        written = {"name": "time__get_current_time", "arguments": '{"timezone": "UTC"}'}
        assert not (await client.call_tool("call_tool", written)).is_error
        assert not (await client.call_tool("time__get_current_time", {"timezone": "UTC"})).is_error


@ERAS
async def test_mistakes_are_answered_with_what_to_do(config: Path, mode: str) -> None:
    async with host(config, mode=mode) as client:
        unknown = await client.call_tool("call_tool", {"name": "time__get_curent_time", "arguments": {}})
        wrong = await client.call_tool("call_tool", {"name": "time__get_current_time", "arguments": {"timezone": 5}})
        missing = await client.call_tool("call_tool", {"name": "time__convert_time", "arguments": {}})
        from_file = await client.call_tool("call_tool", {"name": "paydesk__refund_payment", "arguments": {}})
        empty = await client.call_tool("search_tools", {"query": "   "})
        negative = await client.call_tool("search_tools", {"query": "time", "limit": -3})
        nonsense = await client.call_tool("search_tools", {"qery": "time"})
        no_such_tool = await client.call_tool("no_such_tool", {})
    answers = (unknown, wrong, missing, from_file, empty, negative, nonsense, no_such_tool)
    assert all(answer.is_error for answer in answers)
    assert "time__get_current_time" in text_of(unknown)
    assert "timezone" in text_of(wrong)
    assert "get_current_time(timezone: string)" in text_of(wrong)
    assert "convert_time(source_timezone: string" in text_of(missing)
    assert "no server stands behind it" in text_of(from_file)
    assert "empty" in text_of(empty)
    assert "limit" in text_of(negative)
    assert "query" in text_of(nonsense)


async def test_details_give_full_definitions_and_name_what_is_unknown(config: Path) -> None:
    async with host(config) as client:
        names = ["git__git_diff", "time__convert_time", "git__git_dif"]
        result = await client.call_tool("get_tool_details", {"names": names})
    reply = result.structured_content
    assert [tool["name"] for tool in reply["tools"]] == ["git__git_diff", "time__convert_time"]
    assert reply["tools"][0]["inputSchema"]["properties"]["target"]
    assert reply["unknown"][0]["name"] == "git__git_dif"
    assert "git__git_diff" in reply["unknown"][0]["closest"]


async def test_search_can_be_kept_to_a_domain_or_a_server(config: Path) -> None:
    async with host(config) as client:
        kept = await client.call_tool("search_tools", {"query": "send a message", "domain": "communication"})
        server = await client.call_tool("search_tools", {"query": "show changes", "domain": "git"})
        unknown = await client.call_tool("search_tools", {"query": "send a message", "domain": "nowhere"})
    assert {row["server"] for row in kept.structured_content["tools"]} <= {"teamchat", "postbox"}
    assert {row["server"] for row in server.structured_content["tools"]} == {"git"}
    assert unknown.structured_content["tools"]
    assert "nowhere" in " ".join(unknown.structured_content["degraded"])


@ERAS
async def test_a_plan_of_several_needs_is_answered_in_one_round_trip(config: Path, mode: str) -> None:
    plan = ["what time is it in Tokyo", "which files did the last commit touch", "refund a payment"]
    async with host(config, mode=mode) as client:
        result = await client.call_tool("search_tools", {"queries": plan, "limit": 3})
        short = await client.call_tool("search_tools", {"queries": plan, "limit": 3, "max_tokens": 300})
    reply = result.structured_content
    assert json.loads(text_of(result)) == reply
    assert [need["query"] for need in reply["needs"]] == plan
    assert all(1 <= len(need["tools"]) <= 3 for need in reply["needs"])
    assert "time__get_current_time" in reply["needs"][0]["tools"]
    assert "paydesk__refund_payment" in reply["needs"][2]["tools"]
    rows = [row["name"] for row in reply["tools"]]
    assert len(rows) == len(set(rows))
    assert {need["tools"][0] for need in reply["needs"]} <= set(rows)
    assert len(text_of(short)) < len(text_of(result))


async def test_a_reply_is_as_detailed_and_as_long_as_the_model_asks(config: Path) -> None:
    async with host(config) as client:
        lengths: list[int] = []
        for detail in ("names", "signature", "schema"):
            result = await client.call_tool("search_tools", {"query": "send a message", "detail": detail})
            lengths.append(len(text_of(result)))
        short = await client.call_tool("search_tools", {"query": "send a message", "limit": 40, "max_tokens": 200})
    assert lengths == sorted(set(lengths))
    assert short.structured_content["left_out"] > 0
    assert len(text_of(short)) < 1_200


async def test_names_are_the_same_in_the_next_run(config: Path) -> None:
    replies: list[Any] = []
    for _run in range(2):
        async with host(config) as client:
            found = await client.call_tool("search_tools", {"query": "create an issue", "limit": 20})
            replies.append([row["name"] for row in found.structured_content["tools"]])
    assert replies[0] == replies[1]


@pytest.mark.skipif(not has_node(), reason="this machine has no Node, which the server from npm needs")
@ERAS
async def test_results_pass_through_whole(tmp_path: Path, mode: str) -> None:
    """What the reference server returns directly is what it returns through us."""
    server = everything_server()
    config = write_config(tmp_path, {"everything": server}, toolweaver={"expose": {"direct_threshold": 0}})
    calls: list[tuple[str, dict[str, Any]]] = [
        ("echo", {"message": "täst ✓"}),
        ("get-tiny-image", {}),
        ("get-structured-content", {"location": "New York"}),
        ("get-annotated-message", {"messageType": "error", "includeImage": True}),
        ("get-resource-reference", {"resourceType": "Text", "resourceId": 1}),
    ]
    direct = stdio_client(StdioServerParameters(command=server["command"], args=server["args"]))
    async with Client(direct) as alone, host(config, mode=mode) as client:
        for name, arguments in calls:
            expected = await alone.call_tool(name, arguments)
            through = await client.call_tool("call_tool", {"name": f"everything__{name}", "arguments": arguments})
            assert _comparable(through) == _comparable(expected), name


async def test_few_tools_are_listed_as_themselves(tmp_path: Path) -> None:
    config = write_config(tmp_path, {"time": TIME})
    async with host(config) as client:
        tools = {tool.name: tool for tool in (await client.list_tools()).tools}
        result = await client.call_tool("time__get_current_time", {"timezone": "UTC"})
        found = await client.call_tool("search_tools", {"query": "current time"})
    assert list(tools)[:3] == ["search_tools", "get_tool_details", "call_tool"]
    assert set(tools) - {"search_tools", "get_tool_details", "call_tool", "read_result"} == {
        "time__get_current_time",
        "time__convert_time",
    }
    assert tools["time__convert_time"].input_schema["required"] == ["source_timezone", "time", "target_timezone"]
    assert not result.is_error
    assert found.structured_content["tools"][0]["name"] == "time__get_current_time"


_TIME_OF_DAY = re.compile(r"\d{1,2}:\d\d:\d\d( [AP]M)?")


def _repo(config: Path) -> str:
    return str(config.parent / "repository")


def _comparable(result: Any) -> Any:
    """Leave out what speaks of the connection or the moment: the server's own stamp, and the time of day."""
    dumped = json.loads(_TIME_OF_DAY.sub("now", result.model_dump_json(by_alias=True, exclude_none=True)))
    meta = {key: value for key, value in dumped.pop("_meta", {}).items() if not key.startswith("io.modelcontext")}
    return {**dumped, **({"_meta": meta} if meta else {})}
