"""Who calls a tool that has left is told what happened to it."""

from __future__ import annotations

import re
from typing import Any

import pytest

from mcp_toolweaver.catalog.departed import Departed
from mcp_toolweaver.core.access import Caller, Profile, Rules, as_caller
from mcp_toolweaver.core.errors import UnknownTool
from mcp_toolweaver.core.tools import Snapshot, Tool
from mcp_toolweaver.text.resolve import resolve
from tests.unit.catalog.scripted import MemoryCache, Plugin, catalog_of, running, status_of, tool, until_snapshot

pytestmark = pytest.mark.anyio

SCHEMA = {"type": "object", "properties": {"path": {"type": "string"}}, "required": ["path"]}


def shaped(name: str, description: str = "") -> Tool:
    return Tool.from_definition("s", {"name": name, "description": description, "inputSchema": SCHEMA})


def after(before: list[Tool], now: list[Tool]) -> Departed:
    departed = Departed(lambda: 1_800_000_000.0)
    departed.note(Snapshot.of(before), Snapshot.of(now))
    return departed


@pytest.mark.parametrize("name", ["s__foo", "s::foo", "s/foo", "foo"])
def test_it_is_known_by_every_name_that_it_could_be_called_by(name: str) -> None:
    happened = after([tool("s", "foo")], []).what_happened(name)
    assert happened is not None
    assert re.fullmatch(r"server 's' no longer has 'foo' \(it left its list at \d\d:\d\d\)", happened)
    assert after([tool("s", "foo")], []).what_happened("foo", "s") == happened


@pytest.mark.parametrize(
    ("before", "now"),
    [
        (tool("s", "foo", "Does it well."), tool("s", "foo_v2", "Does it well.")),
        (shaped("foo", "Reads a file."), shaped("foo_v2", "Reads files of all kinds.")),
    ],
    ids=["description", "arguments"],
)
def test_a_new_tool_that_looks_the_same_is_named(before: Tool, now: Tool) -> None:
    happened = after([before], [now]).what_happened("s__foo")
    assert happened is not None
    assert happened.endswith("; it now has 's__foo_v2', which looks the same")


@pytest.mark.parametrize(
    ("before", "now"),
    [
        ([tool("s", "foo")], [tool("s", "bar")]),  # both say nothing
        ([tool("s", "foo", "Same."), tool("s", "old", "Same.")], [tool("s", "old", "Same.")]),  # was there before
        ([tool("s", "foo", "Same.")], [tool("other", "bar", "Same.")]),  # another server's
    ],
)
def test_a_tool_that_did_not_come_in_its_place_is_not_named(before: list[Tool], now: list[Tool]) -> None:
    happened = after(before, now).what_happened("s__foo")
    assert happened is not None
    assert "looks the same" not in happened


def test_what_never_left_or_is_back_is_not_known() -> None:
    departed = after([tool("s", "foo")], [tool("s", "bar")])
    assert departed.what_happened("s__bar") is None
    assert departed.what_happened("nobody") is None
    departed.note(Snapshot.of([tool("s", "bar")]), Snapshot.of([tool("s", "foo")]))
    assert departed.what_happened("s__foo") is None
    assert departed.what_happened("s__bar") is not None


def test_only_so_many_are_remembered_the_last_ones() -> None:
    tools = [tool("s", f"t{number}") for number in range(1_500)]
    departed = after(tools, [])
    assert departed.what_happened("s__t0") is None
    assert departed.what_happened("s__t1499") is not None


async def test_a_catalog_tells_what_happened_and_resolving_says_it() -> None:
    plugin = Plugin(tool("s", "foo", "Does it well."), tool("s", "bar"))
    catalog = catalog_of({"s": plugin})
    async with running(catalog):
        await until_snapshot(catalog, "s::foo", "s::bar")
        plugin.change(tool("s", "bar"), tool("s", "foo_v2", "Does it well."))
        await until_snapshot(catalog, "s::bar", "s::foo_v2")
        with pytest.raises(UnknownTool) as unknown:
            resolve(catalog.snapshot, "s__foo", None, catalog.departed)
    message = str(unknown.value)
    assert "server 's' no longer has 'foo'" in message
    assert "it now has 's__foo_v2', which looks the same" in message
    assert "Closest names: s__foo_v2" in message


async def test_problems_of_a_listing_are_told_also_when_its_source_is_asleep() -> None:
    class Leaving(Plugin):
        problems: Any = ("tool 'x' has no schema\u200b",)

    plugin = Leaving(tool("s", "t"), tool("s", "t", "again"))
    cache = MemoryCache()
    for _ in range(2):
        catalog = catalog_of({"s": plugin}, cache=cache)
        async with running(catalog):
            await catalog.wait_settled()
            await catalog.refresh()
            problems = status_of(catalog, "s").problems
        assert problems == ("tool 'x' has no schema", "tool 't' is listed twice; the first counts")
    assert plugin.attempts == 1


@pytest.mark.parametrize(
    ("deny", "told"),
    [
        (Rules(), "server 's' no longer has 'foo' .*; it now has 's__foo_v2', which looks the same"),
        (Rules(tools=("*_v2",)), r"server 's' no longer has 'foo' \(it left its list at \d\d:\d\d\)"),
        (Rules(tools=("s::foo",)), None),
        (Rules(servers=("s",)), None),
    ],
)
@pytest.mark.parametrize("name", ["s__foo", "foo"])
def test_of_what_is_not_there_for_a_caller_nothing_is_told(deny: Rules, told: str | None, name: str) -> None:
    departed = after([tool("s", "foo", "Does it well.")], [tool("s", "foo_v2", "Does it well.")])
    with as_caller(Caller(profiles=(Profile("p", deny=deny),))):
        happened = departed.what_happened(name)
    assert happened is None if told is None else re.fullmatch(told, happened or "")
