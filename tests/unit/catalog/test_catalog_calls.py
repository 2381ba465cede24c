"""Many sources are one catalog: each tool has one owner, and calls go to it."""

from collections.abc import Mapping
from functools import partial
from typing import Any

import anyio
import pytest

from mcp_toolweaver.core.errors import ToolNotCallable, UnknownTool
from mcp_toolweaver.core.tools import ToolResult
from tests.unit.catalog.scripted import Plugin, catalog_of, found, outcomes_of, running, tool, until_snapshot

pytestmark = pytest.mark.anyio


async def test_a_call_goes_to_the_source_that_lists_the_tool() -> None:
    a, b = Plugin(tool("a", "same")), Plugin(tool("b", "same"))
    catalog = catalog_of({"a": a, "b": b})
    async with running(catalog):
        await until_snapshot(catalog, "a::same", "b::same")
        await catalog.call(found(catalog, "b", "same"), {"x": 1})
        assert (a.calls, b.calls) == ([], [("same", {"x": 1})])


async def test_of_two_sources_with_one_tool_the_one_configured_first_counts() -> None:
    first, second = Plugin(tool("s", "t", "of the first")), Plugin(tool("s", "t", "of the second"), tool("s", "u"))
    first.gate = anyio.Event()
    catalog = catalog_of({"first": first, "second": second})
    async with running(catalog):
        await until_snapshot(catalog, "s::t", "s::u")
        assert found(catalog, "s", "t").description == "of the second"
        first.gate.set()
        await catalog.wait_settled()
        await until_snapshot(catalog, "s::t", "s::u")
        assert found(catalog, "s", "t").description == "of the first"
        await catalog.call(found(catalog, "s", "t"), {})
        assert (first.calls, second.calls) == ([("t", {})], [])


async def test_a_tool_moves_to_the_second_source_when_the_first_drops_it() -> None:
    first, second = Plugin(tool("s", "t")), Plugin(tool("s", "t", "of the second"))
    catalog = catalog_of({"first": first, "second": second})
    async with running(catalog):
        await catalog.wait_settled()
        await until_snapshot(catalog, "s::t")
        first.change()
        await catalog.wait_changed()
        await until_snapshot(catalog, "s::t")
        assert found(catalog, "s", "t").description == "of the second"
        await catalog.call(found(catalog, "s", "t"), {})
        assert (first.calls, second.calls) == ([], [("t", {})])


async def test_a_tool_of_a_file_is_not_callable_and_the_error_says_what_to_do() -> None:
    catalog = catalog_of({"files": Plugin(tool("jira", "create", is_callable=False))})
    async with running(catalog):
        await until_snapshot(catalog, "jira::create")
        with pytest.raises(ToolNotCallable) as refused:
            await catalog.call(found(catalog, "jira", "create"), {})
    message = str(refused.value)
    assert "jira::create" in message
    assert "mcp.json: mcpServers.files" in message
    assert "add the server 'jira' to mcpServers" in message


async def test_who_still_holds_a_tool_that_is_gone_is_told_what_happened() -> None:
    plugin = Plugin(tool("s", "t"))
    catalog = catalog_of({"s": plugin})
    async with running(catalog):
        await until_snapshot(catalog, "s::t")
        held = found(catalog, "s", "t")
        plugin.change()
        await until_snapshot(catalog)
        with pytest.raises(UnknownTool, match=r"server 's' no longer has 't' \(it left its list at \d\d:\d\d\)"):
            await catalog.call(held, {})
        assert plugin.calls == []


async def test_the_owners_domain_counts_for_each_tool_of_a_source() -> None:
    catalog = catalog_of({"s": Plugin(tool("s", "t"), tool("s", "u"))}, domain="office")
    async with running(catalog):
        await until_snapshot(catalog, "s::t", "s::u")
        assert {each.domain for each in catalog.snapshot.tools.values()} == {"office"}


async def test_calls_of_one_source_run_side_by_side() -> None:
    class Meeting(Plugin):
        """Answers no call before it has two."""

        async def call_tool(self, name: str, arguments: Mapping[str, Any]) -> ToolResult:
            self.calls.append((name, arguments))
            if len(self.calls) == 2:
                both.set()
            await both.wait()
            return ToolResult.from_text("met")

    both = anyio.Event()
    catalog = catalog_of({"s": Meeting(tool("s", "t"))})
    async with running(catalog):
        await until_snapshot(catalog, "s::t")
        results = await outcomes_of(2, partial(catalog.call, found(catalog, "s", "t"), {}))
        assert results == [ToolResult.from_text("met")] * 2
