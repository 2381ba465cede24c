"""Listings are made anew when they are old, when their source says so, and not more often than that."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

import anyio
import pytest

from mcp_toolweaver.catalog.catalog import Catalog
from mcp_toolweaver.core.errors import DeadlineExceeded
from mcp_toolweaver.core.policy import SourcePolicy
from mcp_toolweaver.core.status import SourceState
from mcp_toolweaver.core.tools import Tool
from tests.fakes.virtual_time import BACKEND, in_this_thread
from tests.unit.catalog.scripted import (
    MemoryCache,
    Plugin,
    catalog_of,
    found,
    is_in,
    outcomes_of,
    running,
    status_of,
    tool,
    until,
    until_snapshot,
)

pytestmark = pytest.mark.anyio

HOUR = 3600.0
DAY = 24 * HOUR


@pytest.fixture(scope="module")
def anyio_backend() -> Any:
    return BACKEND


@pytest.fixture(autouse=True)
def _no_threads(monkeypatch: pytest.MonkeyPatch) -> None:  # pyright: ignore[reportUnusedFunction]
    monkeypatch.setattr("mcp_toolweaver.catalog.runner.run_in_thread", in_this_thread)


class Wall:
    """The wall's time, which passes as the loop's does and may be set."""

    def __init__(self) -> None:
        self.ahead = 1_800_000_000.0

    def __call__(self) -> float:
        return self.ahead + anyio.current_time()


async def listed(plugins: dict[str, Plugin], wall: Wall) -> MemoryCache:
    cache = MemoryCache()
    catalog = catalog_of(plugins, cache=cache, clock=wall)
    async with running(catalog, patience=DAY):
        await catalog.wait_settled()
        await catalog.refresh()
    for plugin in plugins.values():
        plugin.attempts = plugin.lists = 0
    return cache


@asynccontextmanager
async def later(
    plugins: dict[str, Plugin], seconds: float, *, refresh_interval: float = 6 * HOUR, **policy: Any
) -> AsyncGenerator[Catalog]:
    """Run a catalog whose sources were listed so many seconds before."""
    wall = Wall()
    cache = await listed(plugins, wall)
    wall.ahead += seconds
    chosen = SourcePolicy(refresh_interval=refresh_interval, **policy)
    catalog = catalog_of(plugins, cache=cache, clock=wall, policy=chosen)
    async with running(catalog, patience=30 * DAY):
        yield catalog


async def test_an_old_listing_is_made_anew_after_the_start_and_the_source_is_left_again() -> None:
    plugin = Plugin(tool("s", "old"))
    async with later({"s": plugin}, DAY) as catalog:
        plugin.tools = [tool("s", "new")]
        assert [str(each) for each in catalog.snapshot.tools] == ["s::old"]
        assert (status_of(catalog, "s").state, plugin.attempts) == (SourceState.IDLE, 0)
        await anyio.sleep(5)
        assert plugin.attempts == 0, "commands that do one thing are over by then"
        await until_snapshot(catalog, "s::new")
        assert plugin.attempts == 1
        await anyio.sleep(60)
        assert status_of(catalog, "s").state is SourceState.IDLE
        assert len(plugin.tasks) == 2


async def test_a_young_listing_is_left_alone_until_it_is_old() -> None:
    plugin = Plugin(tool("s", "t"))
    async with later({"s": plugin}, HOUR):
        await anyio.sleep(4.4 * HOUR)
        assert plugin.attempts == 0
        await anyio.sleep(2 * HOUR)
        assert plugin.attempts == 1
        await anyio.sleep(7 * HOUR)
        assert plugin.attempts == 2


async def test_a_listing_from_the_future_is_old() -> None:
    plugin = Plugin(tool("s", "t"))
    async with later({"s": plugin}, -DAY):
        await anyio.sleep(60)
        assert plugin.attempts == 1


async def test_without_an_interval_nothing_is_listed_unasked() -> None:
    plugin = Plugin(tool("s", "t"))
    async with later({"s": plugin}, 100 * DAY, refresh_interval=0.0, idle_timeout=0.0) as catalog:
        await anyio.sleep(DAY)
        assert plugin.attempts == 0
        await catalog.call(found(catalog, "s", "t"), {})
        await anyio.sleep(DAY)
        assert plugin.lists == 1


async def test_old_listings_of_many_sources_are_made_anew_a_few_at_a_time_and_their_tools_stay() -> None:
    open_now, most = 0, 0

    class Counted(Plugin):
        async def list_tools(self) -> Sequence[Tool]:
            nonlocal open_now, most
            open_now += 1
            most = max(most, open_now)
            await anyio.sleep(30)
            open_now -= 1
            return await super().list_tools()

    plugins: dict[str, Plugin] = {f"s{number}": Counted(tool(f"s{number}", "t")) for number in range(40)}
    async with later(plugins, DAY) as catalog:
        most = 0
        while any(plugin.lists == 0 for plugin in plugins.values()):
            await anyio.sleep(1)
            assert len(await catalog.refresh()) == 40
            assert catalog.is_settled or not all(plugin.lists for plugin in plugins.values())
        assert most == 4
        await anyio.sleep(HOUR)
        assert [plugin.attempts for plugin in plugins.values()] == [1] * 40


async def test_one_that_hangs_does_not_keep_the_others_from_being_listed() -> None:
    """Not even if it takes longer than any deadline, and there are as many as may be opened at once."""
    plugins = {f"s{number}": Plugin(tool(f"s{number}", "t")) for number in range(36)}
    async with later(plugins, DAY):
        for plugin in list(plugins.values())[:30]:
            plugin.gate = anyio.Event()
        await anyio.sleep(1200)
        assert [plugin.lists for plugin in plugins.values()] == [0] * 30 + [1] * 6


async def test_a_call_of_a_source_that_is_being_listed_keeps_it_open_for_the_whole_idle_time() -> None:
    plugin = Plugin(tool("s", "t"))
    async with later({"s": plugin}, DAY, idle_timeout=600.0) as catalog:
        await until(is_in(catalog, "s", SourceState.READY))
        await catalog.call(found(catalog, "s", "t"), {})
        await anyio.sleep(599)
        assert status_of(catalog, "s").state is SourceState.READY


async def test_an_open_source_is_listed_at_its_interval_over_the_same_connection() -> None:
    plugin = Plugin(tool("s", "t"))
    catalog = catalog_of({"s": plugin}, clock=Wall(), policy=SourcePolicy(start="eager", refresh_interval=HOUR))
    async with running(catalog, patience=30 * DAY):
        await anyio.sleep(DAY)
        assert plugin.attempts == 1
        assert 22 <= plugin.lists <= 28


@pytest.mark.parametrize(
    ("said", "least", "most"), [(600.0, 130, 161), (0.0, 2600, 3201), (10 * DAY, 1, 2), (True, 22, 28), ("x", 22, 28)]
)
async def test_how_long_a_source_calls_its_listing_fresh_counts_within_bounds(said: Any, least: int, most: int) -> None:
    plugin = Plugin(tool("s", "t"))
    plugin.fresh_for = said  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue]
    catalog = catalog_of({"s": plugin}, clock=Wall(), policy=SourcePolicy(start="eager", refresh_interval=HOUR))
    async with running(catalog, patience=30 * DAY):
        await anyio.sleep(DAY)
        assert least <= plugin.lists <= most


async def test_a_source_that_is_asleep_is_not_woken_for_a_short_freshness() -> None:
    plugin = Plugin(tool("s", "t"))
    plugin.fresh_for = lambda: 30.0  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue]
    async with later({"s": plugin}, 0, idle_timeout=100.0) as catalog:
        await catalog.call(found(catalog, "s", "t"), {})
        await anyio.sleep(5 * HOUR)
        assert plugin.attempts == 1


async def test_a_burst_of_news_and_a_reconnect_are_one_listing_each() -> None:
    plugin = Plugin(tool("s", "t"))
    catalog = catalog_of({"s": plugin}, clock=Wall(), policy=SourcePolicy(start="eager"))
    async with running(catalog, patience=DAY):
        await until_snapshot(catalog, "s::t")
        for _ in range(20):
            plugin.change(tool("s", "t"))
            await anyio.sleep(0.01)
        await anyio.sleep(10)
        assert 2 <= plugin.lists <= 3
        before = plugin.lists
        plugin.change(tool("s", "u"))
        plugin.lose(DeadlineExceeded("server 's'", "gone"))
        await anyio.sleep(10)
        assert (plugin.lists - before, plugin.attempts) == (1, 2)


async def test_a_source_that_is_too_busy_to_be_listed_keeps_its_calls() -> None:
    class Busy(Plugin):
        async def call_tool(self, name: str, arguments: Any) -> Any:
            self.tools = DeadlineExceeded("server 's'", "did not list its tools within 60 s")
            await anyio.sleep(10 * HOUR)
            self.tools = [tool("s", "t")]
            return await super().call_tool(name, arguments)

    plugin = Busy(tool("s", "t"))
    async with later({"s": plugin}, 0, refresh_interval=HOUR) as catalog:
        (outcome,) = await outcomes_of(1, partial(catalog.call, found(catalog, "s", "t"), {}))
        assert not isinstance(outcome, Exception)
        assert plugin.attempts == 1
        assert plugin.lists > 5
