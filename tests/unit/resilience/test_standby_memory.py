"""Where memory is not kept, it is let go while the store answers and made again when it does not."""

import anyio
import pytest

from mcp_toolweaver.resilience.standing import StoreState
from tests.contracts.asking import MAIL, MODEL, READ, WRITE, asking
from tests.unit.resilience.standing_by import GONE, QUICK, Stand, by_words, embedded

pytestmark = pytest.mark.anyio


async def test_a_memory_that_is_kept_follows_every_change() -> None:
    stand = Stand()
    async with stand.running() as index:
        await stand.becomes(StoreState.IN_STEP)
        await index.apply(embedded(READ, WRITE), [])
        await stand.becomes(StoreState.IN_STEP)
        await index.apply(embedded(MAIL), [READ.id])
    (memory,) = stand.memories
    assert memory.with_vectors == stand.store.index.with_vectors == {"write_file", "send_mail"}


async def test_no_memory_is_made_while_the_store_answers() -> None:
    stand = Stand(keep_memory=False)
    async with stand.running() as index:
        await index.apply(embedded(READ, WRITE), [])
        await stand.becomes(StoreState.IN_STEP)
        await index.apply(embedded(MAIL), [READ.id])
        assert await stand.names("message") == {"send_mail"}
    assert stand.memories == []


async def test_memory_is_made_again_by_words_and_gets_its_vectors_back() -> None:
    stand = Stand(keep_memory=False)
    async with stand.running() as index:
        await index.apply(embedded(READ, MAIL), [])
        await stand.becomes(StoreState.IN_STEP)
        assert (await index.unembedded(), list(await index.without_vector())) == (0, [])
        stand.store.refusal = stand.store.index.failure = GONE
        assert (await stand.degraded("disk"))[0] == {"read_file"}
        assert stand.memories[-1].with_vectors == set()
        assert (await index.unembedded(), set(await index.without_vector())) == (2, {READ.id, MAIL.id})
        await index.apply(embedded(READ, MAIL), [])
        assert stand.memories[-1].with_vectors == {"read_file", "send_mail"}
        found = await index.query(asking("", vector=MODEL.vector("read_file"), limit=1))
        assert [match.id for match in found.matches] == [READ.id]
        assert list(await index.without_vector()) == []


async def test_the_vectors_of_a_change_are_let_go_once_the_store_has_them() -> None:
    stand = Stand(keep_memory=False)
    async with stand.running() as index:
        await index.apply(embedded(READ), [])
        await stand.becomes(StoreState.IN_STEP)
        await index.apply(embedded(MAIL), [])
        stand.store.refusal = stand.store.index.failure = GONE
        await stand.degraded("disk")
        assert set(await index.without_vector()) == {READ.id, MAIL.id}


async def test_memory_is_let_go_again_when_the_store_is_back() -> None:
    stand = Stand(keep_memory=False)
    async with stand.running() as index:
        for outage in range(3):
            await index.apply(embedded(READ), [])
            await stand.becomes(StoreState.IN_STEP)
            stand.store.refusal = stand.store.index.failure = GONE
            assert (await stand.degraded("disk"))[0] == {"read_file"}
            assert len(stand.memories) == outage + 1
            stand.store.refusal = stand.store.index.failure = None
            await stand.becomes(StoreState.IN_STEP)


async def test_memory_is_made_once_however_many_ask() -> None:
    stand = Stand(keep_memory=False)
    async with stand.running() as index:
        await index.apply(embedded(READ), [])
        await stand.becomes(StoreState.IN_STEP)
        stand.store.refusal = stand.store.index.failure = GONE
        stand.memory_gate = anyio.Event()
        async with anyio.create_task_group() as tasks:
            for _ in range(5):
                tasks.start_soon(stand.degraded, "disk")
            await anyio.wait_all_tasks_blocked()
            stand.memory_gate.set()
    assert len(stand.memories) == 1


async def test_memory_is_made_even_if_whoever_asked_for_it_leaves() -> None:
    stand = Stand(keep_memory=False)
    async with stand.running() as index:
        await index.apply(embedded(READ), [])
        await stand.becomes(StoreState.IN_STEP)
        stand.store.refusal = stand.store.index.failure = GONE
        stand.memory_gate = anyio.Event()
        with anyio.move_on_after(0.01):
            await index.query(asking("disk"))
        stand.memory_gate.set()
        while not stand.memories[-1].names:
            await anyio.sleep(0.001)
        made = len(stand.memories)
        assert (await stand.degraded("disk"))[0] == {"read_file"}
    assert len(stand.memories) == made


async def test_a_store_that_is_back_before_memory_is_made_answers_who_waits_for_memory() -> None:
    stand = Stand(keep_memory=False)
    async with stand.running() as index:
        await index.apply(embedded(READ), [])
        await stand.becomes(StoreState.IN_STEP)
        stand.store.refusal = stand.store.index.failure = GONE
        stand.memory_gate = anyio.Event()
        answers: list[set[str]] = []

        async def ask() -> None:
            answers.append(await stand.names("disk"))

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(ask)
            await stand.becomes(StoreState.AWAY)
            stand.store.refusal = stand.store.index.failure = None
        assert answers == [{"read_file"}]
        stand.memory_gate.set()
        await anyio.wait_all_tasks_blocked()
        made = len(stand.memories)
        stand.store.refusal = stand.store.index.failure = GONE
        assert (await stand.degraded("disk"))[0] == {"read_file"}
    assert len(stand.memories) == made + 1, "what was made too late was not kept"


async def test_a_late_store_is_asked_once_more_before_memory_is_made_for_one_question() -> None:
    stand = Stand(keep_memory=False, patience=QUICK)
    async with stand.running() as index:
        await index.apply(by_words(READ), [])
        await stand.becomes(StoreState.IN_STEP)
        stand.store.index.held = anyio.Event()
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(stand.names, "disk")
            while stand.store.index.queries < 2:
                await anyio.sleep(0.001)
            stand.store.index.held.set()
    assert stand.memories == []
    assert len(stand.store.opened_by) == 1


async def test_a_change_of_memory_that_is_cut_short_leaves_nothing_half_done() -> None:
    stand = Stand()
    stand.store.refusal = GONE
    async with stand.running() as index:
        await index.apply(by_words(READ), [])
        await stand.becomes(StoreState.AWAY)
        stand.memories[0].tears = True
        stand.memories[0].failure_of_changes = RuntimeError("no memory left")
        with pytest.raises(RuntimeError):
            await index.apply(by_words(WRITE, MAIL), [])
        assert (await stand.degraded("file message"))[0] == {"read_file"}
