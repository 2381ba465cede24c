"""Whatever a model sends, it gets an answer or an error that it can read, and the session goes on."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import anyio
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from mcp.client.client import Client

from mcp_toolweaver.core.errors import ToolNotCallable
from mcp_toolweaver.core.status import SourceStatus
from mcp_toolweaver.core.tools import Snapshot, Tool, ToolResult
from mcp_toolweaver.index.indexer import Indexer
from mcp_toolweaver.index.memory import MemoryIndex
from mcp_toolweaver.proxy.arguments import CheckedCaller
from mcp_toolweaver.search.lexical import LexicalSearcher
from mcp_toolweaver.search.names import CurrentNames
from mcp_toolweaver.server.exposure import Exposure
from mcp_toolweaver.server.gateway import Gateway
from tests.fakes.embedder import FakeEmbedder

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(st.characters(codec="utf-8")),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
NAMES = st.sampled_from(["search_tools", "get_tool_details", "call_tool", "box__open", "no_such_tool"])
SEARCH_KEYS = ["query", "queries", "limit", "domain", "detail", "max_tokens"]
KEYS = st.sampled_from([*SEARCH_KEYS, "names", "name", "arguments", "server", "other"])
QUERIES = [
    "the of and to",
    "'; DROP TABLE tools; --",
    ".*+?^${}()|[]\\",
    '{"query": "open", "limit": 5}',
    "開ける 打开 열다 открыть",
    "\u200b\u202e\x07open\x00",
    "open " * 20_000,
    "🧰" * 5_000,
    "open\ud800\udfff the box",
    "[" * 50_000,
    "5",
    "null",
]
UNUSABLE: list[dict[str, Any]] = [
    {},
    {"query": None},
    {"query": " \n\t "},
    {"query": "\u200b\x00\ud800"},
    {"query": 5},
    {"queries": []},
    {"queries": ["", "  "]},
    {"queries": [["open"]]},
    {"query": "open", "limit": -1},
    {"query": "open", "limit": 0},
    {"query": "open", "limit": "many"},
    {"query": "open", "max_tokens": 0},
    {"query": "open", "max_tokens": -(10**40)},
    {"query": "open", "max_tokens": "few"},
    {"query": "open", "detail": "all"},
    {"query": "open", "x" * 100_000: 1},
]


class Box:
    """A catalog of two tools that end in nothing."""

    def __init__(self) -> None:
        definitions = [{"name": "open", "description": "Open the box."}, {"name": "close", "inputSchema": SCHEMA}]
        self.snapshot = Snapshot.of(Tool.from_definition("box", definition) for definition in definitions)
        self.statuses: tuple[SourceStatus, ...] = ()

    async def call(self, tool: Tool, arguments: Mapping[str, Any]) -> ToolResult:
        if arguments.get("fail"):
            raise ToolNotCallable(f"{tool.id} is stuck")
        return ToolResult.from_text("done")


SCHEMA = {"type": "object", "properties": {"how": {"enum": ["softly", "hard"]}}, "additionalProperties": False}


@asynccontextmanager
async def connected() -> AsyncGenerator[Client]:
    catalog, index = Box(), MemoryIndex()
    await Indexer(index, FakeEmbedder()).sync_words(catalog.snapshot)
    searcher, caller = LexicalSearcher(catalog, index, CurrentNames(catalog)), CheckedCaller(catalog)
    gateway = Gateway(catalog, searcher, caller, exposure=Exposure(direct_threshold=0), wait_searchable=_at_once)
    async with Client(gateway.server, mode="legacy") as client:
        yield client


async def _at_once() -> None:
    return None


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.tuples(NAMES, st.dictionaries(KEYS, JSON, max_size=4)), min_size=1, max_size=10))
def test_any_arguments_get_an_answer_and_the_session_goes_on(calls: list[tuple[str, dict[str, Any]]]) -> None:
    async def scenario() -> None:
        async with connected() as client:
            for name, arguments in calls:
                answer = await client.call_tool(name, arguments)
                assert answer.content
                assert "a fault of its own" not in str(answer.content)
            assert not (await client.call_tool("search_tools", {"query": "open"})).is_error

    anyio.run(scenario)


@pytest.mark.anyio
@pytest.mark.parametrize("query", QUERIES, ids=range(len(QUERIES)))
async def test_any_text_is_a_query(query: str) -> None:
    async with connected() as client:
        answer = await client.call_tool("search_tools", {"query": query})
    assert not answer.is_error
    assert set(answer.structured_content) - {"why"} == {"tools", "confidence", "degraded", "hint"}
    assert ("why" in answer.structured_content) or answer.structured_content["confidence"] != "none"


@pytest.mark.anyio
@pytest.mark.parametrize("query", QUERIES, ids=range(len(QUERIES)))
async def test_any_texts_are_queries_and_come_back_short(query: str) -> None:
    async with connected() as client:
        answer = await client.call_tool("search_tools", {"queries": [query, "close the box", query * 2]})
    assert not answer.is_error
    assert answer.structured_content["needs"][1]["tools"]
    assert all(len(need["query"]) < 200 for need in answer.structured_content["needs"])


@pytest.mark.anyio
@pytest.mark.parametrize("arguments", UNUSABLE, ids=range(len(UNUSABLE)))
async def test_what_cannot_be_searched_for_is_an_error_that_says_why(arguments: dict[str, Any]) -> None:
    async with connected() as client:
        answer = await client.call_tool("search_tools", arguments)
        assert answer.is_error
        (block,) = answer.content
        assert block.type == "text"
        assert "search_tools" in block.text or "query is empty" in block.text
        assert len(block.text) < 1_000
        assert not (await client.call_tool("search_tools", {"query": "open"})).is_error


@pytest.mark.anyio
async def test_any_length_is_a_length() -> None:
    async with connected() as client:
        shortest = await client.call_tool("search_tools", {"query": "the box", "max_tokens": 1})
        longest = await client.call_tool("search_tools", {"query": "the box", "max_tokens": 10**30, "detail": "schema"})
    assert shortest.structured_content["tools"]
    assert [row["inputSchema"]["type"] for row in longest.structured_content["tools"]] == ["object", "object"]


@pytest.mark.anyio
async def test_a_huge_limit_is_the_largest_one() -> None:
    async with connected() as client:
        answer = await client.call_tool("search_tools", {"query": "box", "limit": 10**9})
    assert len(answer.structured_content["tools"]) == 2
