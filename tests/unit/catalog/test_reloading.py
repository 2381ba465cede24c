"""Other sources while we run, in virtual time: what stays is left alone, what goes is left in its task."""

from __future__ import annotations

import random
from collections.abc import AsyncGenerator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial
from typing import Any

import anyio
import pytest

from mcp_toolweaver.catalog.catalog import Catalog
from mcp_toolweaver.catalog.listings import Listings
from mcp_toolweaver.catalog.setup import SourceSetup
from mcp_toolweaver.core.errors import ConfigurationError, NotSent, Unavailable, UnknownTool
from mcp_toolweaver.core.interfaces import CatalogSource
from mcp_toolweaver.core.policy import SourcePolicy
from mcp_toolweaver.core.tools import Tool, ToolResult
from tests.fakes.virtual_time import BACKEND, in_this_thread
from tests.unit.catalog.scripted import (
    EAGER,
    MemoryCache,
    Plugin,
    found,
    outcomes_of,
    running,
    tool,
    until,
    until_snapshot,
)

pytestmark = pytest.mark.anyio

NAMES = ("a", "b", "c", "d")


@pytest.fixture(scope="module")
def anyio_backend() -> Any:
    return BACKEND


@pytest.fixture(autouse=True)
def _no_threads(monkeypatch: pytest.MonkeyPatch) -> None:  # pyright: ignore[reportUnusedFunction]
    monkeypatch.setattr("mcp_toolweaver.catalog.runner.run_in_thread", in_this_thread)


class Held(Plugin):
    """Takes a second to be left, whoever leaves it, and counts how often it is open."""

    def __init__(self, *tools: Tool) -> None:
        super().__init__(*tools)
        self.open = 0
        self.most_open = 0

    def __call__(self, name: str, options: Mapping[str, Any]) -> AbstractAsyncContextManager[CatalogSource]:
        return self._held(super().__call__(name, options))

    @asynccontextmanager
    async def _held(self, opened: AbstractAsyncContextManager[CatalogSource]) -> AsyncGenerator[CatalogSource]:
        self.open += 1
        self.most_open = max(self.most_open, self.open)
        try:
            async with opened as source:
                yield source
        finally:
            with anyio.CancelScope(shield=True):
                await anyio.sleep(1)
            self.open -= 1


class Slow(Plugin):
    """Takes some seconds for each call."""

    async def call_tool(self, name: str, arguments: Mapping[str, Any]) -> ToolResult:
        await anyio.sleep(3)
        return await super().call_tool(name, arguments)


def setup(name: str, policy: SourcePolicy = EAGER, **options: Any) -> SourceSetup:
    return SourceSetup(name, f"kind-{name}", options, f"mcp.json: {name}", policy=policy)


def catalog_with(plugins: Mapping[str, Plugin], *setups: SourceSetup, cache: MemoryCache | None = None) -> Catalog:
    return Catalog(setups, Listings(cache or MemoryCache()), lambda kind: plugins[kind.removeprefix("kind-")])


async def _listed(plugin: Plugin) -> MemoryCache:
    """Return a cache with the listing of an earlier run."""
    cache = MemoryCache()
    catalog = catalog_with({"a": plugin}, setup("a", SourcePolicy()), cache=cache)
    async with running(catalog, patience=100):
        await until_snapshot(catalog, "a::t")
    return cache


@pytest.fixture
def plugins() -> dict[str, Plugin]:
    return {name: Held(tool(name, "t")) for name in NAMES}


async def test_sources_come_and_go_and_those_that_stay_are_left_alone(plugins: dict[str, Plugin]) -> None:
    catalog = catalog_with(plugins, setup("a"), setup("b"))
    async with running(catalog, patience=100):
        await until_snapshot(catalog, "a::t", "b::t")
        await catalog.reload([setup("c"), setup("a")])
        assert [str(id_) for id_ in catalog.snapshot.tools] == ["a::t"]
        await until_snapshot(catalog, "c::t", "a::t")
        await until(lambda: len(plugins["b"].tasks) == 1)
        assert plugins["a"].attempts == 1
        assert not plugins["a"].tasks
    for plugin in plugins.values():
        assert all(entered == left for entered, left in plugin.tasks)


async def test_calls_of_a_source_that_goes_end_and_new_ones_are_refused(plugins: dict[str, Plugin]) -> None:
    plugins["a"] = Slow(tool("a", "t"))
    catalog = catalog_with(plugins, setup("a"))
    async with running(catalog, patience=100):
        await until_snapshot(catalog, "a::t")
        known, results = found(catalog, "a", "t"), list[ToolResult]()

        async def call() -> None:
            results.append(await catalog.call(known, {}))

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(call)
            await anyio.sleep(1)
            await catalog.reload([])
            with pytest.raises(UnknownTool):
                await catalog.call(known, {})
            assert not plugins["a"].tasks
        assert [result.is_error for result in results] == [False]
        await until(lambda: len(plugins["a"].tasks) == 1)


async def test_a_source_that_is_set_up_otherwise_is_never_open_twice() -> None:
    held = Held(tool("a", "t"))
    catalog = catalog_with({"a": held}, setup("a"))
    async with running(catalog, patience=100):
        await until_snapshot(catalog, "a::t")
        for number in range(4):
            await catalog.reload([setup("a", x=number)])
        await until(lambda: held.attempts >= 2)
        await anyio.sleep(10)
        assert (held.open, held.most_open) == (1, 1)


async def test_a_call_that_waits_for_a_source_which_goes_is_told_at_once(plugins: dict[str, Plugin]) -> None:
    cache = await _listed(plugins["a"])
    catalog = catalog_with(plugins, setup("a", SourcePolicy()), cache=cache)
    async with running(catalog, patience=100):
        plugins["a"].gate = anyio.Event()
        outcomes = list[object]()

        async def call() -> None:
            outcomes.extend(await outcomes_of(1, partial(catalog.call, found(catalog, "a", "t"), {})))

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(call)
            await anyio.sleep(1)
            await catalog.reload([])
        [outcome] = outcomes
        assert isinstance(outcome, NotSent)
        assert "taken out of the configuration" in str(outcome)
        assert plugins["a"].calls == []


async def test_a_call_that_waits_for_a_source_goes_to_the_one_in_its_place(plugins: dict[str, Plugin]) -> None:
    cache = await _listed(plugins["a"])
    catalog = catalog_with(plugins, setup("a", SourcePolicy()), cache=cache)
    async with running(catalog, patience=100):
        gate = plugins["a"].gate = anyio.Event()
        outcomes = list[object]()

        async def call() -> None:
            outcomes.extend(await outcomes_of(5, partial(catalog.call, found(catalog, "a", "t"), {})))

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(call)
            await anyio.sleep(1)
            assert await catalog.reload([setup("a", x=1)]) == {"a"}
            gate.set()
        assert outcomes == [ToolResult.from_text("called t")] * 5
        assert len(plugins["a"].calls) == 5


async def test_a_source_that_is_opened_otherwise_keeps_its_tools_until_it_is_listed(plugins: dict[str, Plugin]) -> None:
    catalog = catalog_with(plugins, setup("a"))
    async with running(catalog, patience=100):
        await until_snapshot(catalog, "a::t")
        plugins["a"].gate = anyio.Event()
        plugins["a"].tools = (tool("a", "u"),)
        await catalog.reload([setup("a", x=1)])
        assert [str(id_) for id_ in (await catalog.refresh()).tools] == ["a::t"]
        plugins["a"].gate.set()
        await until_snapshot(catalog, "a::u")


async def test_what_cannot_be_opened_any_more_has_no_tools(plugins: dict[str, Plugin]) -> None:
    catalog = catalog_with(plugins, setup("a"))
    async with running(catalog, patience=100):
        await until_snapshot(catalog, "a::t")
        plugins["a"].refusals = [Unavailable("server 'a'", "nobody is at home")] * 100
        await catalog.reload([setup("a", x=1)])
        await until_snapshot(catalog)


async def test_one_that_is_only_treated_otherwise_stays_open(plugins: dict[str, Plugin]) -> None:
    catalog = catalog_with(plugins, setup("a"))
    async with running(catalog, patience=10_000):
        await until_snapshot(catalog, "a::t")
        assert await catalog.reload([setup("a", SourcePolicy(start="eager", deadline=1.0))]) == set()
        await anyio.sleep(5_000)
        assert (plugins["a"].attempts, plugins["a"].tasks) == (1, [])
        await catalog.reload([setup("a", SourcePolicy(start="lazy", idle_timeout=10.0))])
        await until(lambda: len(plugins["a"].tasks) == 1)
        await anyio.sleep(100)
        await catalog.reload([setup("a")])
        await until(lambda: plugins["a"].attempts == 2)


async def test_one_that_is_to_be_listed_more_often_is(plugins: dict[str, Plugin]) -> None:
    catalog = catalog_with(plugins, setup("a", SourcePolicy(start="eager", refresh_interval=0)))
    async with running(catalog, patience=10_000):
        await until_snapshot(catalog, "a::t")
        await anyio.sleep(5_000)
        assert plugins["a"].lists == 1
        await catalog.reload([setup("a", SourcePolicy(start="eager", refresh_interval=60))])
        await until(lambda: plugins["a"].lists == 3)
        assert plugins["a"].attempts == 1


async def test_one_that_failed_for_good_is_tried_again(plugins: dict[str, Plugin]) -> None:
    plugins["a"].refusals = [ConfigurationError("no such thing")]
    catalog = catalog_with(plugins, setup("a"))
    async with running(catalog, patience=100):
        await catalog.wait_settled()
        await anyio.sleep(10)
        assert plugins["a"].attempts == 1
        assert await catalog.reload([setup("a")]) == {"a"}
        await until_snapshot(catalog, "a::t")


@pytest.mark.parametrize("seed", range(20))
async def test_however_it_got_there_the_catalog_is_that_of_the_last_configuration(
    seed: int,
) -> None:
    plugins = {name: Held(tool(name, "t")) for name in NAMES}
    chance, wanted = random.Random(seed), list[str]()
    catalog = catalog_with(plugins, *(setup(name) for name in NAMES))
    async with running(catalog, patience=1_000):
        for _ in range(6):
            wanted = chance.sample(NAMES, chance.randrange(len(NAMES) + 1))
            await catalog.reload([setup(name, x=chance.randrange(2)) for name in wanted])
            await anyio.sleep(chance.choice([0, 0.01, 1, 20]))
        while {id_.server for id_ in (await catalog.refresh()).tools} != set(wanted):
            await catalog.wait_changed()
        assert [status.name for status in catalog.statuses] == wanted
        await anyio.sleep(60)
        for name, plugin in plugins.items():
            assert plugin.most_open <= 1
            assert plugin.open == (name in wanted)
