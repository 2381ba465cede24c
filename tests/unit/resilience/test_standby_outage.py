"""What a standby index does when its store fails, and when it is back."""

import logging

import anyio
import pytest

from mcp_toolweaver.core.errors import DeadlineExceeded, InvalidRequest, Unavailable
from mcp_toolweaver.core.query import IndexEntry
from mcp_toolweaver.core.tools import ToolId
from mcp_toolweaver.resilience.standing import StoreState
from tests.contracts.asking import MAIL, READ, WRITE, asking
from tests.fakes.tools import make_tool
from tests.unit.resilience.standing_by import QUICK, Stand, by_words, embedded

pytestmark = pytest.mark.anyio

BOTH = pytest.mark.parametrize("keep_memory", [True, False], ids=["kept", "let go"])
GONE = Unavailable("store", "connection lost")
NO_IDS: tuple[ToolId, ...] = ()
SLOW = "index: no answer in 0.02 s; searched in memory instead"


async def in_step(stand: Stand, *entries: IndexEntry) -> None:
    """Let the store answer, over these."""
    await stand.index.apply(entries, [])
    await stand.becomes(StoreState.IN_STEP)


async def outage(stand: Stand) -> None:
    """Take the store away, and let a query meet that."""
    stand.store.refusal = stand.store.index.failure = GONE
    assert (await stand.degraded("disk"))[1] == "index: connection lost; searched in memory instead"
    assert stand.index.status().state is StoreState.AWAY


async def recovery(stand: Stand) -> None:
    """Bring the store back."""
    stand.store.refusal = stand.store.index.failure = None
    await stand.becomes(StoreState.IN_STEP)


@BOTH
async def test_a_query_that_the_store_refuses_is_answered_from_memory_and_flagged(*, keep_memory: bool) -> None:
    stand = Stand(keep_memory=keep_memory)
    async with stand.running():
        await in_step(stand, *embedded(READ, MAIL))
        await outage(stand)
        asked = stand.store.index.queries
        assert (await stand.degraded("message"))[0] == {"send_mail"}
        assert stand.store.index.queries == asked, "a store that is away is not asked"


@BOTH
async def test_a_store_that_is_back_has_what_it_missed_before_it_answers(*, keep_memory: bool) -> None:
    stand = Stand(keep_memory=keep_memory)
    renamed = make_tool("read_file", "Opens a zebra.", server="files")
    new = make_tool("draw_line", "Draws a line.")
    async with stand.running() as index:
        await in_step(stand, *embedded(READ, WRITE, MAIL))
        await outage(stand)
        await index.apply(embedded(renamed, new), [WRITE.id])
        assert (await stand.degraded("zebra"))[0] == {"read_file"}
        assert (await stand.degraded("file disk"))[0] == {"read_file"}
        stand.store.index.changes.clear()
        await recovery(stand)
        assert await stand.names("zebra") == {"read_file"}
        assert await stand.names("line") == {"draw_line"}
    assert stand.store.index.changes == [(["draw_line", "read_file"], ["write_file"])]
    assert stand.store.index.with_vectors == {"read_file", "draw_line", "send_mail"}


@BOTH
async def test_a_change_that_the_store_cannot_write_succeeds_in_memory(*, keep_memory: bool) -> None:
    stand = Stand(keep_memory=keep_memory)
    async with stand.running() as index:
        await in_step(stand, *embedded(READ))
        stand.store.refusal = stand.store.index.failure_of_changes = GONE
        await index.apply(embedded(MAIL), [READ.id])
        assert (await stand.degraded("message disk"))[0] == {"send_mail"}
        stand.store.refusal = stand.store.index.failure_of_changes = None
        await stand.becomes(StoreState.IN_STEP)
        assert await stand.names("message disk") == {"send_mail"}
    assert stand.store.index.with_vectors == {"send_mail"}


@BOTH
async def test_half_a_change_that_a_crash_left_in_the_store_is_never_seen_and_made_whole(*, keep_memory: bool) -> None:
    stand = Stand(keep_memory=keep_memory)
    old, new = ([make_tool(f"{age}_{number}", "thing") for number in range(6)] for age in ("old", "new"))
    async with stand.running() as index:
        await in_step(stand, *embedded(*old))
        stand.store.refusal = stand.store.index.failure_of_changes = GONE
        stand.store.index.tears = True
        await index.apply(embedded(*new), [tool.id for tool in old])
        assert len(stand.store.index.names) == 9, "three of the new ones are there, and all of the old ones"
        assert (await stand.degraded("thing"))[0] == {tool.id.name for tool in new}
        stand.store.refusal = stand.store.index.failure_of_changes = None
        stand.store.index.tears = False
        await stand.becomes(StoreState.IN_STEP)
        assert await stand.names("thing") == {tool.id.name for tool in new}
    assert stand.store.index.names == {tool.id.name for tool in new}


async def test_a_change_that_is_cancelled_leaves_the_store_to_be_compared_again() -> None:
    stand = Stand(keep_memory=False)
    async with stand.running() as index:
        await in_step(stand, *embedded(READ, WRITE))
        stand.store.index.changes_held = held = anyio.Event()
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(index.apply, embedded(MAIL), NO_IDS)
            await anyio.wait_all_tasks_blocked()
            tasks.cancel_scope.cancel()
        held.set()
        await stand.becomes(StoreState.IN_STEP)
        assert await stand.names("message") == {"send_mail"}
    assert stand.store.index.names == {"read_file", "write_file", "send_mail"}


async def test_a_change_that_hangs_ends_when_the_store_is_given_up() -> None:
    stand = Stand()
    async with stand.running() as index:
        await in_step(stand, *embedded(READ))
        stand.store.index.changes_held = anyio.Event()
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(index.apply, embedded(MAIL), NO_IDS)
            await anyio.wait_all_tasks_blocked()
            await outage(stand)
        assert (await stand.degraded("message"))[0] == {"send_mail"}


@BOTH
async def test_changes_go_on_through_two_outages_in_a_row(*, keep_memory: bool) -> None:
    stand = Stand(keep_memory=keep_memory)
    async with stand.running() as index:
        await in_step(stand, *embedded(READ))
        for tool in (WRITE, MAIL):
            await outage(stand)
            await index.apply(embedded(tool), [])
            await recovery(stand)
            assert tool.id.name in await stand.names("file message")
    assert stand.store.index.with_vectors == {"read_file", "write_file", "send_mail"}
    assert stand.store.opened_by == stand.store.left_by


async def test_a_store_that_fails_while_it_catches_up_is_tried_again_and_never_answers_too_early() -> None:
    stand = Stand()
    async with stand.running() as index:
        await in_step(stand, *embedded(READ))
        await outage(stand)
        await index.apply(embedded(MAIL), [])
        stand.store.index.failure_of_changes = Unavailable("store", "disk full")
        stand.store.refusal = stand.store.index.failure = None
        attempts = stand.store.attempts
        while stand.store.attempts < attempts + 3:
            assert (await stand.degraded("message"))[0] == {"send_mail"}
            await anyio.sleep(0.001)
        assert index.status().reason == "disk full"
        stand.store.index.failure_of_changes = None
        await stand.becomes(StoreState.IN_STEP)
        assert await stand.names("message") == {"send_mail"}


async def test_what_is_applied_while_the_store_catches_up_is_in_it_when_it_answers() -> None:
    stand = Stand(keep_memory=False)
    stand.store.index.changes_held = held = anyio.Event()
    async with stand.running() as index:
        await index.apply(embedded(READ), [])
        await stand.becomes(StoreState.BEHIND)
        await anyio.wait_all_tasks_blocked()
        await index.apply(embedded(MAIL), [READ.id])
        assert await stand.names("disk message") == {"send_mail"}
        held.set()
        await stand.becomes(StoreState.IN_STEP)
        assert await stand.names("disk message") == {"send_mail"}
    assert stand.store.index.changes == [(["read_file"], []), (["send_mail"], ["read_file"])]


@pytest.mark.parametrize("error", [ValueError("not JSON"), KeyError("result"), InvalidRequest("no such field")])
async def test_nonsense_from_the_store_is_an_outage(error: Exception, caplog: pytest.LogCaptureFixture) -> None:
    stand = Stand()
    async with stand.running():
        await in_step(stand, *embedded(READ))
        stand.store.refusal = stand.store.index.failure = error
        with caplog.at_level(logging.ERROR):
            assert (await stand.degraded("disk"))[0] == {"read_file"}
        faults = [record for record in caplog.records if record.exc_info]
        assert bool(faults) is not isinstance(error, InvalidRequest), "what nobody foresaw is logged whole"
        await recovery(stand)
        assert await stand.names("disk") == {"read_file"}


async def test_an_outage_is_logged_once_and_its_end_too(caplog: pytest.LogCaptureFixture) -> None:
    stand = Stand()
    async with stand.running():
        await in_step(stand, *embedded(READ))
        await outage(stand)
        attempts = stand.store.attempts
        while stand.store.attempts < attempts + 5:
            await anyio.sleep(0.001)
        await recovery(stand)
    lost, back = (record.getMessage() for record in caplog.records)
    assert lost.startswith("index: connection lost;")
    assert back.startswith("index: in step again")


async def test_one_late_answer_is_given_by_memory_and_the_store_stays() -> None:
    stand = Stand(patience=QUICK)
    async with stand.running() as index:
        await in_step(stand, *embedded(READ))
        for _ in range(3):
            stand.store.index.held = anyio.Event()
            assert await stand.degraded("disk") == ({"read_file"}, SLOW)
            assert index.status().state is StoreState.IN_STEP
            stand.store.index.held = None
            assert await stand.names("disk") == {"read_file"}
    assert len(stand.store.opened_by) == 1


@pytest.mark.parametrize("late", ["hanging", "its own deadline"])
async def test_a_second_late_answer_in_a_row_is_an_outage(late: str) -> None:
    stand = Stand(patience=QUICK)
    async with stand.running() as index:
        await in_step(stand, *embedded(READ))
        stand.store.refusal = GONE
        stand.store.index.held = anyio.Event()
        if late != "hanging":
            stand.store.index.failure = DeadlineExceeded("store", "no answer in 1 s")
        assert await stand.degraded("disk") == ({"read_file"}, SLOW)
        assert index.status().state is StoreState.IN_STEP
        await index.unembedded()
        await stand.degraded("disk")
        assert index.status().state is StoreState.AWAY
        stand.store.index.held = None
        await recovery(stand)
        assert await stand.names("disk") == {"read_file"}


async def test_questions_that_wait_for_the_same_late_answer_count_once() -> None:
    stand = Stand(patience=QUICK)
    async with stand.running() as index:
        await in_step(stand, *embedded(READ))
        stand.store.index.held = anyio.Event()
        async with anyio.create_task_group() as tasks:
            for _ in range(5):
                tasks.start_soon(stand.degraded, "disk")
        assert index.status().state is StoreState.IN_STEP


@BOTH
async def test_a_caller_that_leaves_is_no_failure_of_the_store(*, keep_memory: bool) -> None:
    stand = Stand(keep_memory=keep_memory)
    async with stand.running() as index:
        await in_step(stand, *embedded(READ))
        stand.store.index.held = anyio.Event()
        for _ in range(5):
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(index.query, asking("disk"))
                await anyio.wait_all_tasks_blocked()
                tasks.cancel_scope.cancel()
        stand.store.index.held = None
        assert await stand.names("disk") == {"read_file"}
    assert len(stand.store.opened_by) == 1


async def test_a_store_that_does_not_let_itself_be_left_is_opened_again_all_the_same() -> None:
    stand = Stand(patience=QUICK)
    stand.store.leaving = anyio.Event()
    async with stand.running():
        await in_step(stand, *by_words(READ))
        await outage(stand)
        await recovery(stand)
        stand.store.leaving = None
    assert len(stand.store.opened_by) == 2


@BOTH
async def test_whoever_waits_for_another_index_to_answer_is_told(*, keep_memory: bool) -> None:
    stand = Stand(keep_memory=keep_memory)
    async with stand.running() as index:
        await in_step(stand, *embedded(READ))
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(index.wait_switched)
            await anyio.wait_all_tasks_blocked()
            await outage(stand)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(index.wait_switched)
            await anyio.wait_all_tasks_blocked()
            await recovery(stand)
