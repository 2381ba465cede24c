"""A source that failed or was lost is opened again, by itself or for a call."""

import logging
from functools import partial

import anyio
import pytest

from mcp_toolweaver.core.errors import ConfigurationError, ToolweaverError, Unavailable
from mcp_toolweaver.core.status import SourceState
from mcp_toolweaver.core.tools import ToolResult
from tests.unit.catalog.scripted import (
    EAGER,
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

AWAY = Unavailable("server 's'", "nobody is at home")


@pytest.fixture
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Retry within milliseconds."""
    monkeypatch.setattr("mcp_toolweaver.catalog.retries.FIRST", 0.001)


@pytest.fixture
def late(monkeypatch: pytest.MonkeyPatch) -> None:
    """Retry so late that it is never by the clock."""
    monkeypatch.setattr("mcp_toolweaver.catalog.retries.FIRST", 3600.0)
    monkeypatch.setattr("mcp_toolweaver.catalog.retries.LONGEST", 3600.0)


async def known(plugin: Plugin) -> MemoryCache:
    """Return a cache that holds the listing of an earlier run."""
    cache = MemoryCache()
    catalog = catalog_of({"s": plugin}, cache=cache)
    async with running(catalog):
        await until_snapshot(catalog, *(str(each.id) for each in plugin.tools))
    plugin.attempts = plugin.most_opening = plugin.lists = 0
    return cache


@pytest.mark.usefixtures("soon")
async def test_a_failed_source_is_tried_again_until_it_opens() -> None:
    plugin = Plugin(tool("s", "t"))
    plugin.refusals = [AWAY, RuntimeError("oops"), AWAY]
    catalog = catalog_of({"s": plugin})
    async with running(catalog):
        await until_snapshot(catalog, "s::t")
        assert plugin.attempts == 4
        assert status_of(catalog, "s").state is SourceState.READY
        assert status_of(catalog, "s").reason == ""


@pytest.mark.usefixtures("soon")
async def test_a_failure_that_repeats_itself_is_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    plugin = Plugin(tool("s", "t"))
    plugin.refusals = [AWAY, AWAY, AWAY, Unavailable("server 's'", "somebody screams"), AWAY]
    catalog = catalog_of({"s": plugin})
    async with running(catalog):
        await until(is_in(catalog, "s", SourceState.READY))
    errors = [record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR]
    assert [error.rpartition(": ")[2] for error in errors] == [
        "nobody is at home",
        "somebody screams",
        "nobody is at home",
    ]


@pytest.mark.usefixtures("late")
async def test_a_source_is_opened_at_once_when_what_it_failed_for_is_mended() -> None:
    mended, away = anyio.Event(), Unavailable("server 's'", "it needs a login")
    away.mended = mended.wait
    plugin = Plugin(tool("s", "t"))
    plugin.refusals = [away]
    catalog = catalog_of({"s": plugin})
    async with running(catalog):
        await catalog.wait_settled()
        assert (plugin.attempts, status_of(catalog, "s").state) == (1, SourceState.FAILED)
        mended.set()
        await until_snapshot(catalog, "s::t")
    assert plugin.attempts == 2


@pytest.mark.usefixtures("late")
async def test_retries_are_not_made_without_a_pause() -> None:
    plugin = Plugin()
    plugin.refusals = [AWAY] * 10
    catalog = catalog_of({"s": plugin})
    async with running(catalog):
        await catalog.wait_settled()
        with anyio.move_on_after(0.05):
            await until(lambda: plugin.attempts > 1)
        assert plugin.attempts == 1


@pytest.mark.usefixtures("late")
async def test_a_call_makes_a_failed_source_be_tried_at_once() -> None:
    plugin = Plugin(tool("s", "t"))
    cache = await known(plugin)
    plugin.refusals = [AWAY]
    catalog = catalog_of({"s": plugin}, cache=cache, policy=EAGER)
    async with running(catalog):
        await until(is_in(catalog, "s", SourceState.FAILED))
        result = await catalog.call(found(catalog, "s", "t"), {"a": 1})
        assert result == ToolResult.from_text("called t")
        assert plugin.calls == [("t", {"a": 1})]
        assert plugin.attempts == 2


@pytest.mark.usefixtures("late")
async def test_a_call_of_a_source_that_fails_again_says_why() -> None:
    plugin = Plugin(tool("s", "t"))
    cache = await known(plugin)
    plugin.refusals = [AWAY, Unavailable("server 's'", "still nobody")]
    catalog = catalog_of({"s": plugin}, cache=cache, policy=EAGER)
    async with running(catalog):
        await until(is_in(catalog, "s", SourceState.FAILED))
        with pytest.raises(Unavailable, match="server 's': still nobody"):
            await catalog.call(found(catalog, "s", "t"), {})
        assert plugin.attempts == 2
        assert plugin.calls == []


@pytest.mark.usefixtures("late")
async def test_many_calls_at_once_cause_one_attempt_and_each_gets_its_answer() -> None:
    plugin = Plugin(tool("s", "t"))
    cache = await known(plugin)
    plugin.refusals = [AWAY]
    catalog = catalog_of({"s": plugin}, cache=cache, policy=EAGER)
    async with running(catalog):
        await until(is_in(catalog, "s", SourceState.FAILED))
        plugin.gate = anyio.Event()
        outcomes: list[object] = []
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(_release_once_asked, plugin, plugin.gate)
            outcomes += await outcomes_of(30, partial(catalog.call, found(catalog, "s", "t"), {}))
        assert outcomes == [ToolResult.from_text("called t")] * 30
        assert len(plugin.calls) == 30
        assert (plugin.attempts, plugin.most_opening) == (2, 1)


@pytest.mark.usefixtures("late")
async def test_many_calls_of_a_source_that_stays_away_cause_one_attempt_and_all_fail() -> None:
    plugin = Plugin(tool("s", "t"))
    cache = await known(plugin)
    plugin.refusals = [AWAY] * 10
    catalog = catalog_of({"s": plugin}, cache=cache, policy=EAGER)
    async with running(catalog):
        await until(is_in(catalog, "s", SourceState.FAILED))
        plugin.gate = anyio.Event()
        outcomes: list[object] = []
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(_release_once_asked, plugin, plugin.gate)
            outcomes += await outcomes_of(30, partial(catalog.call, found(catalog, "s", "t"), {}))
        assert [str(outcome) for outcome in outcomes] == ["server 's': nobody is at home"] * 30
        assert (plugin.attempts, plugin.most_opening, plugin.calls) == (2, 1, [])


async def _release_once_asked(plugin: Plugin, gate: anyio.Event) -> None:
    await until(lambda: plugin.attempts == 2)
    gate.set()


async def test_a_call_during_the_first_opening_waits_for_it() -> None:
    plugin = Plugin(tool("s", "t"))
    cache = await known(plugin)
    plugin.gate = anyio.Event()
    catalog = catalog_of({"s": plugin}, cache=cache, policy=EAGER)
    async with running(catalog), anyio.create_task_group() as tasks:
        await until(lambda: plugin.opening == 1)
        tasks.start_soon(partial(catalog.call, found(catalog, "s", "t"), {}))
        assert plugin.calls == []
        plugin.gate.set()
        await until(lambda: plugin.calls == [("t", {})])
        assert plugin.attempts == 1


@pytest.mark.usefixtures("soon")
async def test_wrong_options_are_final_and_a_call_says_what_is_wrong() -> None:
    plugin, fine = Plugin(tool("s", "t")), Plugin(tool("fine", "t"))
    cache = await known(plugin)
    plugin.refusals = [ConfigurationError("url: must begin with https://")]
    catalog = catalog_of({"s": plugin, "fine": fine}, cache=cache, policy=EAGER)
    async with running(catalog):
        await catalog.wait_settled()
        assert status_of(catalog, "s").reason == "url: must begin with https://"
        with pytest.raises(ToolweaverError, match="url: must begin with https://"):
            await catalog.call(found(catalog, "s", "t"), {})
        with anyio.move_on_after(0.05):
            await until(lambda: plugin.attempts > 1)
        assert plugin.attempts == 1
        assert status_of(catalog, "fine").state is SourceState.READY


async def test_news_of_a_source_cause_a_new_listing_on_the_same_connection() -> None:
    plugin = Plugin(tool("s", "old"))
    catalog = catalog_of({"s": plugin})
    async with running(catalog):
        await until_snapshot(catalog, "s::old")
        generation = catalog.snapshot.generation
        plugin.change(tool("s", "old"), tool("s", "new"))
        await until_snapshot(catalog, "s::old", "s::new")
        assert catalog.snapshot.generation != generation
        plugin.change(tool("s", "new"))
        await until_snapshot(catalog, "s::new")
        assert (plugin.attempts, plugin.lists) == (1, 3)


async def test_a_snapshot_that_was_taken_does_not_change() -> None:
    plugin = Plugin(tool("s", "old"))
    catalog = catalog_of({"s": plugin})
    async with running(catalog):
        await until_snapshot(catalog, "s::old")
        taken = catalog.snapshot
        plugin.change(tool("s", "new"))
        await until_snapshot(catalog, "s::new")
        assert [str(each) for each in taken.tools] == ["s::old"]


@pytest.mark.usefixtures("soon")
@pytest.mark.parametrize("loss", [AWAY, RuntimeError("torn"), ExceptionGroup("torn", [OSError("pipe")])])
async def test_a_lost_connection_is_opened_again(loss: Exception) -> None:
    plugin = Plugin(tool("s", "old"))
    catalog = catalog_of({"s": plugin})
    async with running(catalog):
        await until_snapshot(catalog, "s::old")
        plugin.tools = [tool("s", "new")]
        plugin.lose(loss)
        await until_snapshot(catalog, "s::new")
        assert plugin.attempts == 2
        assert status_of(catalog, "s").state is SourceState.READY


@pytest.mark.usefixtures("late")
async def test_the_tools_of_the_last_listing_stay_while_their_source_is_away() -> None:
    plugin = Plugin(tool("s", "t"))
    catalog = catalog_of({"s": plugin})
    async with running(catalog):
        await until_snapshot(catalog, "s::t")
        plugin.refusals = [AWAY] * 10
        plugin.lose(AWAY)
        await until(is_in(catalog, "s", SourceState.FAILED))
        assert [str(each) for each in (await catalog.refresh()).tools] == ["s::t"]
        status = status_of(catalog, "s")
        assert (status.tools, status.reason) == (1, "nobody is at home")


@pytest.mark.usefixtures("late")
async def test_a_call_after_a_lost_connection_opens_it_again_at_once() -> None:
    plugin = Plugin(tool("s", "t"))
    catalog = catalog_of({"s": plugin})
    async with running(catalog):
        await until_snapshot(catalog, "s::t")
        plugin.lose(AWAY)
        await until(is_in(catalog, "s", SourceState.FAILED))
        assert await catalog.call(found(catalog, "s", "t"), {}) == ToolResult.from_text("called t")
        assert plugin.attempts == 2


@pytest.mark.usefixtures("soon")
async def test_a_call_while_a_lost_connection_is_being_closed_waits_for_the_next_one() -> None:
    plugin = Plugin(tool("s", "t"))
    plugin.closing = anyio.Event()
    catalog = catalog_of({"s": plugin})
    try:
        async with running(catalog), anyio.create_task_group() as tasks:
            await until_snapshot(catalog, "s::t")
            plugin.lose(AWAY)
            await until(lambda: len(plugin.tasks) == 1)  # leaving has begun, and takes as long as the gate is shut
            outcomes: list[object] = []

            async def call() -> None:
                outcomes.extend(await outcomes_of(1, partial(catalog.call, found(catalog, "s", "t"), {})))

            tasks.start_soon(call)
            await anyio.wait_all_tasks_blocked()
            plugin.closing.set()
            await until(lambda: len(outcomes) == 1)
            assert outcomes == [ToolResult.from_text("called t")]
    finally:
        plugin.closing.set()


async def test_an_error_of_a_call_is_the_callers_and_the_source_stays_open() -> None:
    class Failing(Plugin):
        async def call_tool(self, name: str, arguments: object) -> ToolResult:  # noqa: ARG002
            raise Unavailable("server 's'", f"{name} took too long")

    plugin = Failing(tool("s", "t"))
    catalog = catalog_of({"s": plugin})
    async with running(catalog):
        await until_snapshot(catalog, "s::t")
        with pytest.raises(Unavailable, match="t took too long"):
            await catalog.call(found(catalog, "s", "t"), {})
        assert status_of(catalog, "s").state is SourceState.READY
        assert plugin.attempts == 1
