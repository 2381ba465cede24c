"""A source that we have never listed stands in with what others listed, until it is listed by us."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

import anyio
import anyio.lowlevel
import pytest

from mcp_toolweaver.catalog.catalog import Catalog
from mcp_toolweaver.catalog.listings import Listings
from mcp_toolweaver.catalog.setup import SourceSetup
from mcp_toolweaver.catalog.shared_listings import SharedListings
from mcp_toolweaver.core.policy import SourcePolicy
from mcp_toolweaver.core.status import SourceState
from mcp_toolweaver.core.tools import ToolResult
from tests.unit.catalog.scripted import (
    EAGER,
    MemoryCache,
    Plugin,
    found,
    running,
    status_of,
    tool,
    until,
    until_snapshot,
)

pytestmark = pytest.mark.anyio

OURS, THEIRS = tool("s", "ours"), tool("s", "theirs")


class CountedCache(MemoryCache):
    """Counts how often it is asked."""

    def __init__(self) -> None:
        super().__init__()
        self.asked = 0

    async def get_many(self, keys: Sequence[str]) -> Sequence[bytes | None]:
        self.asked += 1
        return await super().get_many(keys)


def connected(
    plugin: Plugin,
    cache: MemoryCache,
    *,
    own: MemoryCache | None = None,
    domain: str | None = None,
    wait_ready: Callable[[], Awaitable[None]] = anyio.lowlevel.checkpoint,
    policy: SourcePolicy = EAGER,
) -> Catalog:
    """Return a catalog of one source over a shared cache, with listings of its own."""
    shared = SharedListings(cache, lifetime=60.0, definitions_lifetime=60.0, wait_ready=wait_ready)
    setup = SourceSetup("s", "kind", {}, "mcp.json: mcpServers.s", domain, policy=policy)
    return Catalog([setup], Listings(own or MemoryCache()), lambda _kind: plugin, shared)


async def listed(plugin: Plugin, cache: MemoryCache, own: MemoryCache | None = None) -> None:
    """Run a catalog until it has listed its source and told what it listed."""
    catalog = connected(plugin, cache, own=own)
    async with running(catalog):
        await catalog.wait_settled()
        await catalog.refresh()


def held() -> Plugin:
    """Return a source that is connecting until its gate is opened."""
    plugin = Plugin(OURS)
    plugin.gate = anyio.Event()
    return plugin


def opened(plugin: Plugin) -> None:
    assert plugin.gate is not None
    plugin.gate.set()


async def test_what_we_listed_is_there_for_a_process_that_has_never_listed_anything() -> None:
    cache = MemoryCache()
    await listed(Plugin(THEIRS), cache)
    plugin = held()
    catalog = connected(plugin, cache)
    async with running(catalog):
        assert not catalog.is_known
        await until_snapshot(catalog, "s::theirs")
        assert (catalog.is_known, catalog.is_settled) == (True, False)
        assert found(catalog, "s", "theirs") == THEIRS
        assert (status_of(catalog, "s").state, status_of(catalog, "s").tools) == (SourceState.CONNECTING, 1)


async def test_what_another_process_listed_starts_nothing_until_it_is_called() -> None:
    cache = MemoryCache()
    await listed(Plugin(THEIRS), cache)
    plugin = Plugin(THEIRS)
    catalog = connected(plugin, cache, policy=SourcePolicy())
    async with running(catalog):
        await until_snapshot(catalog, "s::theirs")
        await catalog.wait_settled()
        assert status_of(catalog, "s").state is SourceState.IDLE
        assert plugin.attempts == 0
        assert await catalog.call(found(catalog, "s", "theirs"), {})
        assert plugin.attempts == 1


async def test_our_listing_takes_the_place_of_theirs_and_is_told() -> None:
    cache = MemoryCache()
    await listed(Plugin(THEIRS), cache)
    plugin = held()
    catalog = connected(plugin, cache)
    async with running(catalog):
        await until_snapshot(catalog, "s::theirs")
        opened(plugin)
        await until_snapshot(catalog, "s::ours")
    third = connected(held(), cache)
    async with running(third):
        await until_snapshot(third, "s::ours")


async def test_a_listing_that_says_the_same_leaves_the_snapshot_as_it_is() -> None:
    """Who watches for a change, such as who keeps answers, sees none."""
    cache = MemoryCache()
    await listed(Plugin(tool("s", "ours")), cache)
    plugin = held()
    catalog = connected(plugin, cache)
    async with running(catalog):
        await until_snapshot(catalog, "s::ours")
        snapshot = catalog.snapshot
        opened(plugin)
        await catalog.wait_settled()
        assert await catalog.refresh() is snapshot
        assert await catalog.call(found(catalog, "s", "ours"), {})


async def test_theirs_is_not_kept_as_ours() -> None:
    cache, own = MemoryCache(), MemoryCache()
    await listed(Plugin(THEIRS), cache)
    catalog = connected(held(), cache, own=own)
    async with running(catalog):
        await until_snapshot(catalog, "s::theirs")
    assert own.values == {}


async def test_a_tool_of_theirs_can_be_called_once_the_source_is_open() -> None:
    cache = MemoryCache()
    await listed(Plugin(THEIRS), cache)
    plugin = held()
    catalog = connected(plugin, cache)
    results: list[ToolResult] = []

    async def call() -> None:
        results.append(await catalog.call(found(catalog, "s", "theirs"), {"a": 1}))

    async with running(catalog):
        await until_snapshot(catalog, "s::theirs")
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(call)
            await anyio.wait_all_tasks_blocked()
            assert plugin.calls == []
            opened(plugin)
    assert plugin.calls == [("theirs", {"a": 1})]
    assert not results[0].is_error


async def test_what_we_listed_in_an_earlier_run_wins_and_nobody_is_asked() -> None:
    own, cache = MemoryCache(), CountedCache()
    await listed(Plugin(OURS), MemoryCache(), own)
    await listed(Plugin(THEIRS), cache)
    cache.asked = 0
    catalog = connected(held(), cache, own=own)
    async with running(catalog):
        await anyio.wait_all_tasks_blocked()
        assert [str(each) for each in (await catalog.refresh()).tools] == ["s::ours"]
    assert cache.asked == 0


async def test_a_source_that_is_listed_before_the_others_answer_is_left_as_it_is() -> None:
    cache, ready = CountedCache(), anyio.Event()
    await listed(Plugin(THEIRS), cache)
    cache.asked = 0
    catalog = connected(Plugin(OURS), cache, wait_ready=ready.wait)
    async with running(catalog):
        await catalog.wait_settled()
        await anyio.wait_all_tasks_blocked()
        assert cache.asked == 0
        ready.set()
        await until(lambda: cache.asked == 2)  # the listing, and its definitions
        await anyio.sleep(0.02)
        assert [str(each) for each in (await catalog.refresh()).tools] == ["s::ours"]


async def test_an_empty_listing_of_theirs_is_one_too() -> None:
    cache = MemoryCache()
    await listed(Plugin(), cache)
    catalog = connected(held(), cache)
    async with running(catalog):
        await until(lambda: catalog.is_known)
        await catalog.wait_changed()


async def test_where_nobody_has_listed_it_a_source_is_waited_for() -> None:
    plugin = held()
    catalog = connected(plugin, MemoryCache())
    async with running(catalog):
        await anyio.wait_all_tasks_blocked()
        assert (catalog.is_known, len(await catalog.refresh())) == (False, 0)
        opened(plugin)
        await until_snapshot(catalog, "s::ours")


async def test_sources_do_not_wait_for_others_to_answer() -> None:
    catalog = connected(Plugin(OURS), MemoryCache(), wait_ready=anyio.sleep_forever)
    async with running(catalog):
        await until_snapshot(catalog, "s::ours")


async def test_tools_of_theirs_are_in_the_domain_that_our_owner_chose() -> None:
    cache = MemoryCache()
    await listed(Plugin(THEIRS), cache)
    catalog = connected(held(), cache, domain="ops")
    async with running(catalog):
        await until_snapshot(catalog, "s::theirs")
        assert found(catalog, "s", "theirs").domain == "ops"


async def test_a_listing_is_told_again_at_each_change_and_only_then() -> None:
    cache, plugin = MemoryCache(), Plugin(OURS)
    catalog = connected(plugin, cache)
    async with running(catalog):
        await catalog.wait_settled()
        assert cache.values == {}, "a listing is told with the snapshot that holds it"
        await catalog.refresh()
        assert len(cache.values) == 2
        cache.values.clear()
        await catalog.refresh()
        assert cache.values == {}
        plugin.change(tool("s", "new"))
        await until_snapshot(catalog, "s::new")
        await until(lambda: len(cache.values) == 2)
