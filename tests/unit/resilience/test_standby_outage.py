"""What a standby index does when its store fails, and when it is back."""

import logging

import anyio
import pytest

from mcp_toolweaver.core.errors import InvalidRequest, Unavailable
from mcp_toolweaver.core.tools import ToolId
from mcp_toolweaver.resilience.patience import Patience
from mcp_toolweaver.resilience.standing import StoreState
from tests.contracts.asking import MAIL, READ, WRITE
from tests.fakes.tools import make_tool
from tests.unit.resilience.standing_by import GONE, QUICK, Stand, by_words, embedded

pytestmark = pytest.mark.anyio

BOTH = pytest.mark.parametrize("keep_memory", [True, False], ids=["kept", "let go"])
NO_IDS: tuple[ToolId, ...] = ()


@BOTH
async def test_a_query_that_the_store_refuses_is_answered_from_memory_and_flagged(*, keep_memory: bool) -> None:
    stand = Stand(keep_memory=keep_memory)
    async with stand.running():
        await stand.in_step(*embedded(READ, MAIL))
        await stand.outage()
        asked = stand.store.index.queries
        assert (await stand.degraded("message"))[0] == {"send_mail"}
        assert stand.store.index.queries == asked, "a store that is away is not asked"


@BOTH
async def test_a_store_that_is_back_has_what_it_missed_before_it_answers(*, keep_memory: bool) -> None:
    stand = Stand(keep_memory=keep_memory)
    renamed = make_tool("read_file", "Opens a zebra.", server="files")
    new = make_tool("draw_line", "Draws a line.")
    async with stand.running() as index:
        await stand.in_step(*embedded(READ, WRITE, MAIL))
        await stand.outage()
        await index.apply(embedded(renamed, new), [WRITE.id])
        assert (await stand.degraded("zebra"))[0] == {"read_file"}
        assert (await stand.degraded("file disk"))[0] == {"read_file"}
        stand.store.index.changes.clear()
        await stand.recovery()
        assert await stand.names("zebra") == {"read_file"}
        assert await stand.names("line") == {"draw_line"}
    assert stand.store.index.changes == [(["draw_line", "read_file"], ["write_file"])]
    assert stand.store.index.with_vectors == {"read_file", "draw_line", "send_mail"}


@BOTH
async def test_a_change_that_the_store_cannot_write_succeeds_in_memory(*, keep_memory: bool) -> None:
    stand = Stand(keep_memory=keep_memory)
    async with stand.running() as index:
        await stand.in_step(*embedded(READ))
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
        await stand.in_step(*embedded(*old))
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
        await stand.in_step(*embedded(READ, WRITE))
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
        await stand.in_step(*embedded(READ))
        stand.store.index.changes_held = anyio.Event()
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(index.apply, embedded(MAIL), NO_IDS)
            await anyio.wait_all_tasks_blocked()
            await stand.outage()
        assert (await stand.degraded("message"))[0] == {"send_mail"}


async def test_a_change_that_takes_for_ever_is_given_up_with_the_store() -> None:
    stand = Stand(patience=Patience(change=0.01, change_each=0.001))
    async with stand.running() as index:
        await stand.in_step(*embedded(READ))
        stand.store.refusal, stand.store.index.changes_held = GONE, anyio.Event()
        await index.apply(embedded(MAIL), [])
        names, flag = await stand.degraded("message")
        assert (names, flag.startswith("index: ")) == ({"send_mail"}, True)


@BOTH
async def test_changes_go_on_through_two_outages_in_a_row(*, keep_memory: bool) -> None:
    stand = Stand(keep_memory=keep_memory)
    async with stand.running() as index:
        await stand.in_step(*embedded(READ))
        for tool in (WRITE, MAIL):
            await stand.outage()
            await index.apply(embedded(tool), [])
            await stand.recovery()
            assert tool.id.name in await stand.names("file message")
    assert stand.store.index.with_vectors == {"read_file", "write_file", "send_mail"}
    assert stand.store.opened_by == stand.store.left_by


async def test_a_store_that_fails_while_it_catches_up_is_tried_again_and_never_answers_too_early() -> None:
    stand = Stand()
    async with stand.running() as index:
        await stand.in_step(*embedded(READ))
        await stand.outage()
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


async def test_a_change_at_the_moment_when_the_store_gets_in_step_is_not_lost() -> None:
    """Changes come faster than the store is written, until they have to wait for it."""
    stand = Stand()
    *tools, last = [make_tool(f"t{number}", "thing") for number in range(5)]
    gates = [anyio.Event() for _ in tools]
    stand.store.gate = anyio.Event()
    async with stand.running() as index:
        for number, each in enumerate(tools):
            await index.apply(by_words(each), [])
            stand.store.index.changes_held = gates[number]
            (stand.store.gate if number == 0 else gates[number - 1]).set()
            while len(stand.store.index.changes) <= number:
                await anyio.sleep(0.001)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(index.apply, by_words(last), NO_IDS)
            await anyio.wait_all_tasks_blocked()
            gates[-1].set()
        await stand.becomes(StoreState.IN_STEP)
        assert await stand.names("thing") == {"t0", "t1", "t2", "t3", "t4"}
    assert stand.store.index.names == {"t0", "t1", "t2", "t3", "t4"}


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
        await stand.in_step(*embedded(READ))
        stand.store.refusal = stand.store.index.failure = error
        with caplog.at_level(logging.ERROR):
            assert (await stand.degraded("disk"))[0] == {"read_file"}
        faults = [record for record in caplog.records if record.exc_info]
        assert bool(faults) is not isinstance(error, InvalidRequest), "what nobody foresaw is logged whole"
        await stand.recovery()
        assert await stand.names("disk") == {"read_file"}


async def test_an_outage_is_logged_once_and_its_end_too(caplog: pytest.LogCaptureFixture) -> None:
    stand = Stand()
    async with stand.running():
        await stand.in_step(*embedded(READ))
        await stand.outage()
        attempts = stand.store.attempts
        while stand.store.attempts < attempts + 5:
            await anyio.sleep(0.001)
        await stand.recovery()
    lost, back = (record.getMessage() for record in caplog.records)
    assert lost.startswith("index: connection lost;")
    assert back.startswith("index: in step again")


async def test_a_store_that_does_not_let_itself_be_left_is_opened_again_all_the_same() -> None:
    stand = Stand(patience=QUICK)
    stand.store.leaving = anyio.Event()
    async with stand.running():
        await stand.in_step(*by_words(READ))
        await stand.outage()
        await stand.recovery()
        stand.store.leaving = None
    assert len(stand.store.opened_by) == 2


@BOTH
async def test_whoever_waits_for_another_index_to_answer_is_told(*, keep_memory: bool) -> None:
    stand = Stand(keep_memory=keep_memory)
    async with stand.running() as index:
        await stand.in_step(*embedded(READ))
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(index.wait_switched)
            await anyio.wait_all_tasks_blocked()
            await stand.outage()
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(index.wait_switched)
            await anyio.wait_all_tasks_blocked()
            await stand.recovery()


async def test_what_others_took_out_of_a_shared_store_is_written_again() -> None:
    stand = Stand(patience=Patience(recheck=0.01, query=10.0))
    async with stand.running():
        await stand.in_step(*embedded(READ, MAIL))
        await stand.store.index.apply([], [READ.id])
        while READ.id not in await stand.store.index.digests():
            await anyio.sleep(0.001)
        assert await stand.names("disk") == {"read_file"}
