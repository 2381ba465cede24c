"""Each source is opened in a task of its own, and what one does is no other's trouble."""

import logging
from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from typing import Any

import anyio
import pytest

from mcp_toolweaver.catalog.catalog import Catalog
from mcp_toolweaver.catalog.listings import Listings
from mcp_toolweaver.catalog.plugins import kinds, source_factory
from mcp_toolweaver.catalog.setup import SourceSetup
from mcp_toolweaver.core.errors import ConfigurationError, DeadlineExceeded, InvalidRequest, Unavailable
from mcp_toolweaver.core.interfaces import CatalogSource
from mcp_toolweaver.core.status import SourceState
from tests.unit.catalog.scripted import (
    PATIENCE,
    MemoryCache,
    Plugin,
    catalog_of,
    found,
    is_in,
    running,
    status_of,
    tool,
    until,
    until_snapshot,
)

pytestmark = pytest.mark.anyio


async def test_all_sources_are_opened_at_the_same_time() -> None:
    plugins = {name: Plugin(tool(name, "t")) for name in "abcde"}
    for plugin in plugins.values():
        plugin.gate = anyio.Event()
    async with running(catalog_of(plugins)):
        await until(lambda: all(plugin.opening == 1 for plugin in plugins.values()))


async def test_a_source_that_hangs_does_not_delay_the_others() -> None:
    hanging, quick = Plugin(tool("hanging", "t")), Plugin(tool("quick", "t"))
    hanging.gate = anyio.Event()
    catalog = catalog_of({"hanging": hanging, "quick": quick})
    async with running(catalog):
        await until_snapshot(catalog, "quick::t")
        assert (await catalog.call(found(catalog, "quick", "t"), {})).is_error is False
        assert status_of(catalog, "hanging").state is SourceState.CONNECTING
        assert status_of(catalog, "quick").state is SourceState.READY
        hanging.gate.set()
        await until_snapshot(catalog, "hanging::t", "quick::t")


async def test_statuses_come_in_the_order_of_the_configuration_and_count_the_tools() -> None:
    slow, quick = Plugin(tool("z", "one"), tool("z", "two")), Plugin(tool("a", "one"))
    slow.gate = anyio.Event()
    catalog = catalog_of({"z": slow, "a": quick})
    async with running(catalog):
        await until(is_in(catalog, "a", SourceState.READY))
        slow.gate.set()
        await catalog.wait_settled()
        assert [(status.name, status.kind, status.tools) for status in catalog.statuses] == [
            ("z", "kind-z", 2),
            ("a", "kind-a", 1),
        ]
        assert all(status.reason == "" for status in catalog.statuses)
        assert all(status.seconds is not None and status.seconds < PATIENCE for status in catalog.statuses)


async def test_a_source_that_fails_says_why_and_the_others_are_served(caplog: pytest.LogCaptureFixture) -> None:
    failing, fine = Plugin(), Plugin(tool("fine", "t"))
    failing.refusals = [Unavailable("server 'failing'", "the port is closed")]
    catalog = catalog_of({"failing": failing, "fine": fine})
    async with running(catalog):
        await catalog.wait_settled()
        await until_snapshot(catalog, "fine::t")
        status = status_of(catalog, "failing")
        assert (status.state, status.reason, status.tools) == (SourceState.FAILED, "the port is closed", 0)
        errors = [record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR]
        assert errors == ["mcp.json: mcpServers.failing: the port is closed"]


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (ZeroDivisionError("division by zero"), "the source 'bad' failed: ZeroDivisionError: division by zero"),
        (ExceptionGroup("two", [ValueError("a"), KeyError("b")]), "ExceptionGroup"),
        (DeadlineExceeded("server 'bad'", "took too long"), "took too long"),
        (InvalidRequest("nothing to ask"), "nothing to ask"),
        (TimeoutError(), "TimeoutError"),
        (StopAsyncIteration("over"), "StopAsyncIteration"),
    ],
)
async def test_whatever_a_plugin_raises_fails_only_its_own_source(error: Exception, reason: str) -> None:
    bad, fine = Plugin(), Plugin(tool("fine", "t"))
    bad.refusals = [error]
    catalog = catalog_of({"bad": bad, "fine": fine})
    async with running(catalog):
        await catalog.wait_settled()
        await until_snapshot(catalog, "fine::t")
        assert status_of(catalog, "bad").state is SourceState.FAILED
        if not isinstance(error, StopAsyncIteration):  # a generator turns it into a RuntimeError of its own
            assert reason in status_of(catalog, "bad").reason


async def test_an_error_while_listing_fails_the_source() -> None:
    bad, fine = Plugin(), Plugin(tool("fine", "t"))
    bad.tools = RuntimeError("no list today")
    catalog = catalog_of({"bad": bad, "fine": fine})
    async with running(catalog):
        await catalog.wait_settled()
        await until_snapshot(catalog, "fine::t")
        assert "no list today" in status_of(catalog, "bad").reason


@pytest.mark.parametrize("listing", [None, 5, [{"name": "a"}], ["text"], [None]])
async def test_a_plugin_that_lists_what_are_no_tools_fails_only_its_own_source(listing: Any) -> None:
    bad, fine = Plugin(), Plugin(tool("fine", "t"))
    bad.tools = listing
    catalog = catalog_of({"bad": bad, "fine": fine})
    async with running(catalog):
        await catalog.wait_settled()
        await until_snapshot(catalog, "fine::t")
        assert status_of(catalog, "bad").state is SourceState.FAILED


async def test_a_plugin_that_raises_before_it_returns_a_context_fails_only_its_own_source() -> None:
    class Broken(Plugin):
        def __call__(self, name: str, options: Mapping[str, Any]) -> AbstractAsyncContextManager[CatalogSource]:
            raise OSError(f"{name} cannot be made of {options}")

    catalog = catalog_of({"bad": Broken(), "fine": Plugin(tool("fine", "t"))})
    async with running(catalog):
        await catalog.wait_settled()
        await until_snapshot(catalog, "fine::t")
        assert "bad cannot be made of {}" in status_of(catalog, "bad").reason


async def test_a_kind_without_a_plugin_fails_for_good_and_names_the_kinds_there_are() -> None:
    setup = SourceSetup("odd", "no_such_kind", {}, "mcp.json: sources[0]")
    catalog = Catalog([setup], Listings(MemoryCache()))
    async with running(catalog):
        await catalog.wait_settled()
        reason = status_of(catalog, "odd").reason
        assert "no_such_kind" in reason
        assert "json_file, mcp_server" in reason


async def test_a_source_whose_configuration_was_refused_is_not_opened(caplog: pytest.LogCaptureFixture) -> None:
    plugin, fine = Plugin(tool("s", "t")), Plugin(tool("fine", "t"))
    refused = SourceSetup("s", "kind-s", {}, "mcp.json: mcpServers.s", refused="has neither a command nor a url")
    plugins = {"kind-s": plugin, "kind-fine": fine}
    setups = [refused, SourceSetup("fine", "kind-fine", {}, "mcp.json: mcpServers.fine")]
    catalog = Catalog(setups, Listings(MemoryCache()), lambda kind: plugins[kind])
    async with running(catalog):
        await catalog.wait_settled()
        await until_snapshot(catalog, "fine::t")
        status = status_of(catalog, "s")
        assert (status.state, status.reason) == (SourceState.FAILED, "has neither a command nor a url")
    assert plugin.attempts == 0
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]


def test_the_built_in_kinds_are_found_as_any_plugin_is() -> None:
    assert {"json_file", "mcp_server"} <= set(kinds())
    assert callable(source_factory("json_file"))


async def test_the_task_that_enters_a_source_is_the_task_that_leaves_it() -> None:
    plugin = Plugin(tool("s", "t"))
    catalog = catalog_of({"s": plugin})
    async with running(catalog):
        await until_snapshot(catalog, "s::t")
        await catalog.call(found(catalog, "s", "t"), {})
        plugin.lose(Unavailable("server 's'", "gone"))
        await until(lambda: len(plugin.tasks) == 1)
        await catalog.call(found(catalog, "s", "t"), {})
    assert len(plugin.tasks) == 2
    assert all(entered == left for entered, left in plugin.tasks)
    assert anyio.get_current_task().id not in {entered for entered, _left in plugin.tasks}


async def test_sources_are_left_when_the_catalog_is_told_to_stop() -> None:
    plugins = {name: Plugin(tool(name, "t")) for name in "ab"}
    catalog = catalog_of(plugins)
    async with running(catalog):
        await catalog.wait_settled()
    assert [len(plugin.tasks) for plugin in plugins.values()] == [1, 1]


async def test_a_catalog_without_sources_is_known_and_empty() -> None:
    catalog = catalog_of({})
    async with running(catalog):
        await catalog.wait_settled()
        assert catalog.is_known
        assert len(await catalog.refresh()) == 0


async def test_a_catalog_is_known_once_each_source_was_listed_or_failed() -> None:
    slow, failing = Plugin(tool("slow", "t")), Plugin()
    slow.gate = anyio.Event()
    failing.refusals = [ConfigurationError("url: is missing")]
    catalog = catalog_of({"slow": slow, "failing": failing})
    async with running(catalog):
        await until(is_in(catalog, "failing", SourceState.FAILED))
        assert not catalog.is_known
        slow.gate.set()
        await catalog.wait_settled()
        assert catalog.is_known
