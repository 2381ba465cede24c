"""A source whose tools are known is opened when one of them is called, and left when nobody calls any."""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

import anyio
import pytest

from mcp_toolweaver.catalog.catalog import Catalog
from mcp_toolweaver.core.errors import CircuitOpen, ConfigurationError, NotSent, Unavailable, Unusable
from mcp_toolweaver.core.policy import SourcePolicy
from mcp_toolweaver.core.status import ASLEEP, SourceState
from mcp_toolweaver.core.tools import ToolResult
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

DAY = 24 * 3600.0
AWAY = Unavailable("server 's'", "nobody is at home")
DONE = ToolResult.from_text("called t")


@pytest.fixture(scope="module")
def anyio_backend() -> Any:
    return BACKEND


@pytest.fixture(autouse=True)
def _no_threads(monkeypatch: pytest.MonkeyPatch) -> None:  # pyright: ignore[reportUnusedFunction]
    monkeypatch.setattr("mcp_toolweaver.catalog.runner.run_in_thread", in_this_thread)


def now() -> float:
    """Return the wall's time, which passes as the loop's does."""
    return 1_800_000_000.0 + anyio.current_time()


class Slow(Plugin):
    """Takes some seconds for each call."""

    def __init__(self, seconds: float) -> None:
        super().__init__(tool("s", "t"))
        self.seconds = seconds

    async def call_tool(self, name: str, arguments: Mapping[str, Any]) -> ToolResult:
        await anyio.sleep(self.seconds)
        return await super().call_tool(name, arguments)


async def listed(plugin: Plugin, policy: SourcePolicy | None = None) -> MemoryCache:
    """Return a cache with the listing of an earlier run."""
    cache = MemoryCache()
    catalog = catalog_of({"s": plugin}, cache=cache, clock=now, policy=policy)
    async with running(catalog):
        await catalog.wait_settled()
        await catalog.refresh()
    plugin.attempts = plugin.lists = plugin.most_opening = 0
    plugin.tasks.clear()
    return cache


@asynccontextmanager
async def known(plugin: Plugin, **policy: Any) -> AsyncGenerator[Catalog]:
    """Run a catalog of one source that an earlier run has listed."""
    cache = await listed(plugin)
    catalog = catalog_of({"s": plugin}, cache=cache, clock=now, policy=SourcePolicy(**policy))
    async with running(catalog, patience=30 * DAY):
        yield catalog


async def test_a_known_source_is_settled_searchable_and_not_open() -> None:
    plugin = Plugin(tool("s", "t"))
    async with known(plugin) as catalog:
        await catalog.wait_settled()
        await anyio.sleep(3600)
        status = status_of(catalog, "s")
        assert (status.state, status.reason, status.tools) == (SourceState.IDLE, ASLEEP, 1)
        assert (catalog.is_known, catalog.is_settled, plugin.attempts) == (True, True, 0)


async def test_a_source_that_nobody_has_listed_is_opened_at_once() -> None:
    plugin = Plugin(tool("s", "t"))
    async with running(catalog_of({"s": plugin}, clock=now)):
        await until(lambda: plugin.lists == 1)


async def test_an_eager_source_is_opened_at_once_and_never_left() -> None:
    plugin = Plugin(tool("s", "t"))
    async with known(plugin, start="eager", idle_timeout=1.0) as catalog:
        await until(is_in(catalog, "s", SourceState.READY))
        await anyio.sleep(DAY)
        assert (plugin.attempts, plugin.tasks) == (1, [])


async def test_many_calls_at_once_open_it_once() -> None:
    plugin = Plugin(tool("s", "t"))
    async with known(plugin) as catalog:
        outcomes = await outcomes_of(30, partial(catalog.call, found(catalog, "s", "t"), {}))
        assert outcomes == [DONE] * 30
        assert (plugin.attempts, plugin.most_opening, plugin.lists) == (1, 1, 1)


async def test_a_caller_that_gives_up_leaves_the_opening_to_the_others() -> None:
    plugin = Plugin(tool("s", "t"))
    async with known(plugin) as catalog:
        plugin.gate = anyio.Event()
        with anyio.move_on_after(1):
            await catalog.call(found(catalog, "s", "t"), {})
        plugin.gate.set()
        assert await catalog.call(found(catalog, "s", "t"), {}) == DONE
        assert plugin.attempts == 1


async def test_it_is_left_after_its_idle_time_and_opened_again_by_a_call() -> None:
    plugin = Plugin(tool("s", "t"))
    async with known(plugin, idle_timeout=600.0) as catalog:
        for times in (1, 2):
            await catalog.call(found(catalog, "s", "t"), {})
            await anyio.sleep(599)
            assert status_of(catalog, "s").state is SourceState.READY
            await anyio.sleep(2)
            assert status_of(catalog, "s").state is SourceState.IDLE
            assert (plugin.attempts, len(plugin.tasks)) == (times, times)
        assert all(entered == left for entered, left in plugin.tasks)


async def test_each_call_begins_the_idle_time_anew() -> None:
    plugin = Plugin(tool("s", "t"))
    async with known(plugin, idle_timeout=600.0) as catalog:
        for _ in range(20):
            await catalog.call(found(catalog, "s", "t"), {})
            await anyio.sleep(500)
        assert plugin.attempts == 1


async def test_it_is_not_left_while_a_call_is_in_flight() -> None:
    plugin = Slow(5000.0)
    async with known(plugin, idle_timeout=600.0) as catalog:
        assert await catalog.call(found(catalog, "s", "t"), {}) == DONE
        assert (plugin.attempts, plugin.tasks) == (1, [])
        await anyio.sleep(599)
        assert plugin.tasks == []
        await anyio.sleep(2)
        assert len(plugin.tasks) == 1


async def test_an_idle_time_of_zero_never_leaves_it() -> None:
    plugin = Plugin(tool("s", "t"))
    async with known(plugin, idle_timeout=0.0) as catalog:
        await catalog.call(found(catalog, "s", "t"), {})
        await anyio.sleep(10 * DAY)
        assert (plugin.attempts, plugin.tasks) == (1, [])


async def test_a_source_that_was_opened_to_be_listed_is_left_too() -> None:
    plugin = Plugin(tool("s", "t"))
    catalog = catalog_of({"s": plugin}, clock=now)
    async with running(catalog, patience=DAY):
        await until(is_in(catalog, "s", SourceState.READY))
        await anyio.sleep(601)
        assert status_of(catalog, "s").state is SourceState.IDLE


async def test_a_call_while_it_is_being_left_waits_and_opens_it_again() -> None:
    plugin = Plugin(tool("s", "t"))
    async with known(plugin, idle_timeout=10.0) as catalog:
        await catalog.call(found(catalog, "s", "t"), {})
        closing = plugin.closing = anyio.Event()
        await until(lambda: len(plugin.tasks) == 1)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(partial(catalog.call, found(catalog, "s", "t"), {}))
            await anyio.sleep(5)
            assert (plugin.attempts, len(plugin.calls)) == (1, 1)
            closing.set()
        assert (plugin.attempts, len(plugin.calls)) == (2, 2)


async def test_one_that_does_not_end_well_is_asleep_all_the_same(caplog: pytest.LogCaptureFixture) -> None:
    class Clumsy(Plugin):
        @asynccontextmanager
        async def _open(self, _name: str, _options: Mapping[str, Any]) -> AsyncGenerator[Any]:
            async with super()._open(_name, _options) as source:
                yield source
            raise AWAY

    plugin = Clumsy(tool("s", "t"))
    cache = await listed(Plugin(tool("s", "t")))
    catalog = catalog_of({"s": plugin}, cache=cache, clock=now, policy=SourcePolicy(idle_timeout=10.0))
    with caplog.at_level(logging.INFO):
        async with running(catalog, patience=DAY):
            await catalog.call(found(catalog, "s", "t"), {})
            await anyio.sleep(3600)
            assert status_of(catalog, "s").state is SourceState.IDLE
            assert plugin.attempts == 1
    assert "it did not end well: nobody is at home" in caplog.text


async def test_whoever_uses_it_keeps_it_open() -> None:
    plugin = Plugin(tool("s", "t"))
    async with known(plugin, idle_timeout=10.0) as catalog:
        async with catalog.use("s") as source:
            assert source is plugin
            await anyio.sleep(3600)
            assert plugin.tasks == []
        await anyio.sleep(11)
        assert len(plugin.tasks) == 1


async def test_using_a_server_that_is_not_there_says_so() -> None:
    async with known(Plugin(tool("s", "t"))) as catalog:
        with pytest.raises(Unavailable, match="server 'nobody': is not part of the catalog"):
            async with catalog.use("nobody"):
                pass


async def test_a_request_that_was_not_sent_is_made_again_once() -> None:
    plugin = Plugin(tool("s", "t"))
    asked: list[object] = []

    async def request(source: object) -> str:
        asked.append(source)
        if len(asked) == 1:
            plugin.lose(AWAY)
            raise NotSent("server 's'", "the connection is gone")
        return "read"

    async with known(plugin) as catalog:
        assert await catalog.ask("s", request) == "read"
        assert (len(asked), plugin.attempts) == (2, 2)


async def test_a_source_that_keeps_failing_is_not_opened_for_each_call() -> None:
    plugin = Plugin(tool("s", "t"))
    async with known(plugin) as catalog:
        plugin.refusals = [AWAY] * 100_000
        started = anyio.current_time()
        outcomes: list[object] = []
        while anyio.current_time() - started < 600:
            outcomes += await outcomes_of(5, partial(catalog.call, found(catalog, "s", "t"), {}))
            await anyio.sleep(0.1)
        assert len(outcomes) > 20_000
        assert plugin.most_opening == 1
        assert plugin.attempts <= 5 + 600 / 5, "once in five seconds, and a few at the beginning"
        refused = [outcome for outcome in outcomes if isinstance(outcome, CircuitOpen)]
        assert str(refused[-1]).startswith("server 's': nobody is at home; it is tried again in ")


async def test_a_crash_loop_without_calls_is_tried_once_a_minute_in_the_end() -> None:
    plugin = Plugin(tool("s", "t"))
    plugin.refusals = [AWAY] * 100_000
    async with running(catalog_of({"s": plugin}, clock=now), patience=30 * DAY):
        await anyio.sleep(3600)
        before = plugin.attempts
        await anyio.sleep(3600)
        assert 60 <= plugin.attempts - before <= 121
        assert before < 130


async def test_one_that_opens_and_dies_at_once_is_opened_ever_later_too() -> None:
    class Dying(Plugin):
        async def wait_changed(self) -> None:
            raise AWAY

    plugin = Dying(tool("s", "t"))
    async with running(catalog_of({"s": plugin}, clock=now), patience=DAY):
        await anyio.sleep(600)
        assert plugin.attempts < 30


async def test_one_that_dies_of_each_call_is_opened_once_in_a_few_seconds() -> None:
    class Dying(Plugin):
        async def call_tool(self, name: str, arguments: Mapping[str, Any]) -> ToolResult:  # noqa: ARG002
            self.lose(AWAY)
            await anyio.sleep(0.01)
            raise AWAY

    plugin = Dying(tool("s", "t"))
    async with known(plugin) as catalog:
        for _ in range(1000):
            await outcomes_of(1, partial(catalog.call, found(catalog, "s", "t"), {}))
            await anyio.sleep(0.1)
        assert plugin.attempts <= 5 + 110 / 5


async def test_a_source_that_has_worked_is_opened_at_once_for_the_call_after_its_loss() -> None:
    plugin = Plugin(tool("s", "t"))
    async with known(plugin) as catalog:
        for times in range(1, 6):
            assert await catalog.call(found(catalog, "s", "t"), {}) == DONE
            assert plugin.attempts == times
            plugin.lose(AWAY)
            await until(is_in(catalog, "s", SourceState.FAILED))


async def test_wrong_options_are_no_passing_trouble() -> None:
    plugin = Plugin(tool("s", "t"))
    async with known(plugin) as catalog:
        plugin.refusals = [ConfigurationError("url: is missing")]
        for _ in range(2):
            with pytest.raises(Unusable, match="url: is missing"):
                await catalog.call(found(catalog, "s", "t"), {})
        assert plugin.attempts == 1


async def test_a_hundred_known_sources_start_nothing() -> None:
    plugins = {f"s{number}": Plugin(tool(f"s{number}", "t")) for number in range(100)}
    cache = MemoryCache()
    first = catalog_of(plugins, cache=cache, clock=now)
    async with running(first):
        await first.wait_settled()
        await until_snapshot(first, *(f"{name}::t" for name in plugins))
    for plugin in plugins.values():
        plugin.attempts = 0
    second = catalog_of(plugins, cache=cache, clock=now)
    async with running(second, patience=DAY):
        await second.wait_settled()
        assert len(second.snapshot) == 100
        await anyio.sleep(3600)
        await second.call(found(second, "s42", "t"), {})
        assert {name: plugin.attempts for name, plugin in plugins.items() if plugin.attempts} == {"s42": 1}
