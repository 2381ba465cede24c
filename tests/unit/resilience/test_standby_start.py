"""How a standby index starts: with a store that is there, comes late, belongs to another, or is not there."""

import anyio
import pytest

from mcp_toolweaver.core.errors import ConfigurationError, InUse, Unavailable, Unneeded
from mcp_toolweaver.core.tools import ToolId
from mcp_toolweaver.resilience.patience import Patience
from mcp_toolweaver.resilience.standing import StoreState
from tests.contracts.asking import MAIL, READ, WRITE
from tests.fakes.flaky_store import FlakyStore
from tests.fakes.tools import make_tool
from tests.unit.resilience.standing_by import Stand, by_words, embedded

pytestmark = pytest.mark.anyio

NO_IDS: tuple[ToolId, ...] = ()
BOTH = pytest.mark.parametrize("keep_memory", [True, False], ids=["kept", "let go"])
CHANGED = make_tool("read_file", "Opens a zebra from the disk.", server="files", domain="storage")


@BOTH
async def test_memory_answers_unflagged_while_the_store_opens_and_the_store_then(*, keep_memory: bool) -> None:
    stand = Stand(keep_memory=keep_memory)
    stand.store.gate = anyio.Event()
    async with stand.running() as index:
        await index.apply(embedded(READ, MAIL), [])
        assert await stand.names("disk") == {"read_file"}
        assert (index.status().state, index.status().answers) == (StoreState.OPENING, "memory")
        stand.store.gate.set()
        await stand.becomes(StoreState.IN_STEP)
        asked = stand.store.index.queries
        assert await stand.names("disk") == {"read_file"}
        assert (stand.store.index.queries, index.status().answers) == (asked + 1, "store")
    assert stand.store.index.with_vectors == {"read_file", "send_mail"}


@BOTH
async def test_a_store_answers_what_it_was_left_with_before_anything_is_applied(*, keep_memory: bool) -> None:
    stand = Stand(await FlakyStore().left_with(*by_words(READ)), keep_memory=keep_memory)
    async with stand.running() as index:
        await stand.becomes(StoreState.IN_STEP)
        assert await stand.names("disk") == {"read_file"}
        assert await index.digests() == {}
        assert list(await index.without_vector()) == []
    assert stand.store.index.changes == []


@BOTH
@pytest.mark.parametrize("is_open_before", [True, False])
async def test_the_first_change_writes_only_what_the_store_was_not_left_with(
    *, is_open_before: bool, keep_memory: bool
) -> None:
    same = [make_tool(f"same_{number}") for number in range(5)]
    stand = Stand(await FlakyStore().left_with(*embedded(READ, WRITE, *same)), keep_memory=keep_memory)
    async with stand.running() as index:
        if is_open_before:
            await stand.becomes(StoreState.IN_STEP)
        await index.apply(by_words(CHANGED, MAIL, *same), [])
        await stand.becomes(StoreState.IN_STEP)
        assert await stand.names("zebra") == {"read_file"}
    assert stand.store.index.changes == [(["read_file", "send_mail"], ["write_file"])]
    assert stand.store.index.with_vectors == {tool.id.name for tool in same}


async def test_a_store_that_knows_little_of_the_first_change_does_not_answer_until_it_knows_all() -> None:
    stand = Stand(await FlakyStore().left_with(*embedded(WRITE)))
    stand.store.index.changes_held = anyio.Event()
    async with stand.running() as index:
        await stand.becomes(StoreState.IN_STEP)
        await index.apply(by_words(READ, MAIL), [])
        assert (await stand.names("disk"), index.status().state) == ({"read_file"}, StoreState.BEHIND)
        stand.store.index.changes_held.set()
        await stand.becomes(StoreState.IN_STEP)
        assert await stand.names("disk") == {"read_file"}
    assert stand.store.index.names == {"read_file", "send_mail"}


async def test_a_store_that_knows_most_of_the_first_change_answers_as_it_was_left_meanwhile() -> None:
    stand = Stand(await FlakyStore().left_with(*embedded(READ, WRITE)), keep_memory=False)
    stand.store.index.changes_held = anyio.Event()
    async with stand.running() as index:
        await stand.becomes(StoreState.IN_STEP)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(index.apply, by_words(READ, WRITE, MAIL), NO_IDS)
            await anyio.wait_all_tasks_blocked()
            assert await stand.names("file message") == {"read_file", "write_file"}
            stand.store.index.changes_held.set()
        assert await stand.names("file message") == {"read_file", "write_file", "send_mail"}
    assert stand.memories == []


async def test_deleting_alone_is_no_first_change_that_everything_else_would_have_to_go_for() -> None:
    stand = Stand(await FlakyStore().left_with(*embedded(READ, WRITE)), keep_memory=False)
    async with stand.running() as index:
        await stand.becomes(StoreState.IN_STEP)
        await index.apply([], [WRITE.id])
        assert await stand.names("file") == {"read_file"}


async def test_a_store_that_fails_while_the_first_change_is_compared_is_not_compared_on() -> None:
    stand = Stand(await FlakyStore().left_with(*embedded(WRITE)))
    async with stand.running() as index:
        await stand.becomes(StoreState.IN_STEP)
        stand.store.index.held = stand.store.index.reads_held = anyio.Event()
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(index.apply, by_words(READ, MAIL), NO_IDS)
            await anyio.wait_all_tasks_blocked()
            stand.store.index.failure = stand.store.refusal = Unavailable("store", "gone")
            assert (await stand.degraded("disk"))[0] == {"read_file"}
            stand.store.index.failure = None
            stand.store.index.reads_held.set()
        assert index.status().state is StoreState.AWAY
    assert stand.store.index.changes == []


async def test_vectors_that_the_store_has_already_are_not_written_again() -> None:
    stand = Stand(await FlakyStore().left_with(*embedded(READ, WRITE), *by_words(MAIL)))
    async with stand.running() as index:
        await index.apply(by_words(READ, WRITE, MAIL), [])
        await stand.becomes(StoreState.IN_STEP)
        assert {id_.name for id_ in await index.without_vector()} == {"read_file", "write_file", "send_mail"}
        await index.apply(embedded(READ, WRITE, MAIL), [])
        assert list(await index.without_vector()) == []
    assert stand.store.index.changes == [(["send_mail"], [])]
    assert stand.memories[0].with_vectors == {"read_file", "write_file", "send_mail"}


async def test_without_a_memory_to_keep_only_the_vectors_that_the_store_lacks_are_wanted() -> None:
    stand = Stand(await FlakyStore().left_with(*embedded(READ, WRITE), *by_words(MAIL)), keep_memory=False)
    async with stand.running() as index:
        await index.apply(by_words(READ, WRITE, MAIL), [])
        await stand.becomes(StoreState.IN_STEP)
        assert {id_.name for id_ in await index.without_vector()} == {"send_mail"}
        assert await index.unembedded() == 1
    assert stand.memories == []


@BOTH
async def test_a_store_that_is_away_at_the_start_is_flagged_at_once(*, keep_memory: bool) -> None:
    stand = Stand(keep_memory=keep_memory)
    stand.store.refusal = Unavailable("store", "connection refused")
    async with stand.running() as index:
        await stand.becomes(StoreState.AWAY)
        await index.apply(embedded(READ, MAIL), [])
        found = await stand.degraded("disk")
        assert found == ({"read_file"}, "index: connection refused; searched in memory instead")
        assert index.status().reason == "connection refused"
        stand.store.refusal = None
        await stand.becomes(StoreState.IN_STEP)
        assert (await stand.names("disk"), index.status().reason) == ({"read_file"}, "")
    assert stand.store.index.with_vectors == {"read_file", "send_mail"}


@pytest.mark.parametrize("kind", [InUse, Unneeded])
async def test_a_store_that_another_process_has_is_not_missed_and_taken_when_it_is_free(
    kind: type[Unavailable],
) -> None:
    stand = Stand(keep_memory=False)
    stand.store.refusal = kind("store", "another process has the folder")
    async with stand.running() as index:
        await index.apply(embedded(READ), [])
        await stand.becomes(StoreState.AWAY)
        assert await stand.names("disk") == {"read_file"}
        assert index.status().reason == "another process has the folder"
        stand.store.index.changes_held = anyio.Event()
        stand.store.refusal = None
        await stand.becomes(StoreState.BEHIND)
        assert (await stand.names("disk"), index.status().reason) == ({"read_file"}, "")
        stand.store.index.changes_held.set()
        await stand.becomes(StoreState.IN_STEP)
        assert await stand.names("disk") == {"read_file"}
    assert stand.store.index.with_vectors == {"read_file"}


@pytest.mark.parametrize("error", [ValueError("a bug"), ConfigurationError("no such key"), OSError("disk full")])
async def test_whatever_else_is_wrong_with_opening_memory_answers(error: Exception) -> None:
    stand = Stand()
    stand.store.refusal = error
    async with stand.running() as index:
        await stand.becomes(StoreState.AWAY)
        await index.apply(embedded(READ), [])
        assert (await stand.degraded("disk"))[0] == {"read_file"}
        assert stand.store.attempts > 0


async def test_a_first_start_is_excused_for_a_while_only() -> None:
    now = [0.0]
    stand = Stand(patience=Patience(grace=60), clock=lambda: now[0])
    stand.store.gate = anyio.Event()
    async with stand.running() as index:
        await index.apply(by_words(READ), [])
        now[0] = 59.0
        assert await stand.names("disk") == {"read_file"}
        now[0] = 61.0
        assert await stand.degraded("disk") == (
            {"read_file"},
            "index: it takes long to open; searched in memory instead",
        )
        assert index.status().seconds == 61.0


async def test_opening_that_hangs_is_given_up_and_tried_again() -> None:
    stand = Stand(patience=Patience(opening=0.01, first_pause=0.001))
    stand.store.gate = anyio.Event()
    async with stand.running():
        await stand.becomes(StoreState.AWAY)
        assert "did not open" in (await stand.degraded("disk"))[1]
        stand.store.gate = None
        await stand.becomes(StoreState.IN_STEP)
    assert stand.store.attempts > 1


async def test_the_task_that_opens_the_store_leaves_it() -> None:
    stand = Stand()
    async with stand.running() as index:
        await index.apply(by_words(READ), [])
        await stand.becomes(StoreState.IN_STEP)
        stand.store.index.failure = Unavailable("store", "gone")
        await stand.degraded("disk")
        stand.store.index.failure = None
        await stand.becomes(StoreState.IN_STEP)
    assert len(stand.store.opened_by) == 2
    assert stand.store.opened_by == stand.store.left_by


@pytest.mark.parametrize("state", [StoreState.OPENING, StoreState.BEHIND, StoreState.IN_STEP])
async def test_stopping_leaves_the_store_and_memory_goes_on(state: StoreState) -> None:
    stand = Stand(keep_memory=False)
    if state is StoreState.OPENING:
        stand.store.gate = anyio.Event()
    if state is StoreState.BEHIND:
        stand.store.index.changes_held = anyio.Event()
    async with stand.running() as index:
        await index.apply(by_words(READ), [])
        await stand.becomes(state)
        await anyio.wait_all_tasks_blocked()
    assert stand.store.opened_by == stand.store.left_by
    assert (await stand.degraded("disk"))[0] == {"read_file"}
    assert index.status().state is StoreState.AWAY
