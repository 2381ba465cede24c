"""Other sources while we run, in virtual time: what stays is left alone, what goes is left in its task."""

from __future__ import annotations

import random
from collections.abc import AsyncGenerator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import anyio
import pytest

from mcp_toolweaver.catalog.catalog import Catalog
from mcp_toolweaver.catalog.listings import Listings
from mcp_toolweaver.catalog.runner import SourceSetup
from mcp_toolweaver.core.errors import UnknownTool
from mcp_toolweaver.core.interfaces import CatalogSource
from mcp_toolweaver.core.policy import SourcePolicy
from mcp_toolweaver.core.tools import Tool, ToolResult
from tests.fakes.virtual_time import BACKEND, in_this_thread
from tests.unit.catalog.scripted import EAGER, MemoryCache, Plugin, found, running, tool, until, until_snapshot

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


def catalog_with(plugins: Mapping[str, Plugin], *setups: SourceSetup) -> Catalog:
    return Catalog(setups, Listings(MemoryCache()), lambda kind: plugins[kind.removeprefix("kind-")])


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
