"""A store that answers late: once is forgiven, twice in a row is an outage, and a caller that leaves is neither."""

import anyio
import pytest

from mcp_toolweaver.core.errors import DeadlineExceeded
from mcp_toolweaver.resilience.standing import StoreState
from tests.contracts.asking import READ, asking
from tests.unit.resilience.standing_by import GONE, QUICK, Stand, embedded

pytestmark = pytest.mark.anyio

BOTH = pytest.mark.parametrize("keep_memory", [True, False], ids=["kept", "let go"])
SLOW = "index: no answer in 0.02 s; searched in memory instead"


async def test_one_late_answer_is_given_by_memory_and_the_store_stays() -> None:
    stand = Stand(patience=QUICK)
    async with stand.running() as index:
        await stand.in_step(*embedded(READ))
        for _ in range(3):
            stand.store.index.held = anyio.Event()
            assert await stand.degraded("disk") == ({"read_file"}, SLOW)
            assert index.status().state is StoreState.IN_STEP
            stand.store.index.held = None
            assert await stand.names("disk") == {"read_file"}
    assert len(stand.store.opened_by) == 1


@pytest.mark.parametrize("late", ["hanging", "hanging and translating", "its own deadline"])
async def test_a_second_late_answer_in_a_row_is_an_outage(late: str) -> None:
    stand = Stand(patience=QUICK)
    async with stand.running() as index:
        await stand.in_step(*embedded(READ))
        stand.store.refusal = GONE
        stand.store.index.held = anyio.Event()
        stand.store.index.translates_cancellation = late == "hanging and translating"
        if late == "its own deadline":
            stand.store.index.failure = DeadlineExceeded("store", "no answer in 1 s")
        assert await stand.degraded("disk") == ({"read_file"}, SLOW)
        assert index.status().state is StoreState.IN_STEP
        await index.unembedded()
        await stand.degraded("disk")
        assert index.status().state is StoreState.AWAY
        stand.store.index.held = None
        await stand.recovery()
        assert await stand.names("disk") == {"read_file"}


async def test_questions_that_wait_for_the_same_late_answer_count_once() -> None:
    stand = Stand(patience=QUICK)
    async with stand.running() as index:
        await stand.in_step(*embedded(READ))
        stand.store.index.held = anyio.Event()
        async with anyio.create_task_group() as tasks:
            for _ in range(5):
                tasks.start_soon(stand.degraded, "disk")
        assert index.status().state is StoreState.IN_STEP


@BOTH
@pytest.mark.parametrize("translates", [True, False])
async def test_a_caller_that_leaves_is_no_failure_of_the_store(*, translates: bool, keep_memory: bool) -> None:
    stand = Stand(keep_memory=keep_memory)
    stand.store.index.translates_cancellation = translates
    async with stand.running() as index:
        await stand.in_step(*embedded(READ))
        stand.store.index.held = stand.store.index.reads_held = anyio.Event()
        for _ in range(5):
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(index.query, asking("disk"))
                tasks.start_soon(index.unembedded)
                await anyio.wait_all_tasks_blocked()
                tasks.cancel_scope.cancel()
        stand.store.index.held = stand.store.index.reads_held = None
        assert await stand.names("disk") == {"read_file"}
    assert len(stand.store.opened_by) == 1
