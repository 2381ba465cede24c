"""An index over an engine answers as an exact one does, writes only what changed, and outlives its process."""

from __future__ import annotations

import anyio
import numpy as np
import pytest

from mcp_toolweaver.core.query import Match
from mcp_toolweaver.core.tools import Snapshot, ToolId
from mcp_toolweaver.index.indexer import Indexer
from mcp_toolweaver.index.stored import StoredIndex, open_stored
from tests.contracts.asking import ask, asking
from tests.contracts.versions import CATALOG, MODEL, QUESTIONS, assert_same, entries, ids, version
from tests.fakes.embedder import FakeEmbedder
from tests.fakes.engine import FakeEngine, Step

pytestmark = pytest.mark.anyio

OLD, NEW = version(1), version(2)


async def opened(engine: FakeEngine) -> StoredIndex:
    return await open_stored(engine, CATALOG, 16)


async def filled(engine: FakeEngine) -> StoredIndex:
    index = await opened(engine)
    await index.apply(entries(OLD), [])
    return index


async def test_it_answers_as_an_exact_index_does() -> None:
    await assert_same(await filled(FakeEngine()), OLD)


@pytest.mark.parametrize("is_shared", [False, True])
async def test_after_a_restart_everything_is_there_and_nothing_is_written(is_shared: bool) -> None:  # noqa: FBT001
    engine, model = FakeEngine(is_shared=is_shared), FakeEmbedder(dimension=16)
    first = Indexer(await opened(engine), model)
    await first.sync_words(Snapshot.of(OLD))
    await first.sync_vectors()
    assert len(model.texts) == len(OLD)
    engine.steps.clear()
    index = await opened(engine)
    again = Indexer(index, model)
    await again.sync_words(Snapshot.of(OLD))
    await again.sync_vectors()
    assert (engine.about("write"), engine.about("remove"), len(model.texts)) == ([], [], len(OLD))
    assert len(await index.digests()) == len(OLD)
    assert await index.unembedded() == 0
    assert index.generation == Snapshot.of(OLD).generation


async def test_points_need_not_be_read_where_the_engine_keeps_the_view() -> None:
    engine = FakeEngine()
    await filled(engine)
    engine.steps.clear()
    await assert_same(await opened(engine), OLD)
    assert engine.about("points") == []


async def test_a_hundredth_of_the_tools_that_changed_is_all_that_is_touched() -> None:
    engine, model = FakeEngine(), FakeEmbedder(dimension=16)
    old = version(1, size=300)
    new = [*version(2, size=3), *old[3:]]
    indexer = Indexer(await opened(engine), model)
    for tools in (old, new):
        engine.steps.clear()
        model.batches.clear()
        await indexer.sync_words(Snapshot.of(tools))
        await indexer.sync_vectors()
    assert [set(points) for points in engine.about("write")] == [ids(new[:3])] * 2
    assert [set(points) for points in engine.about("remove")] == [ids(old[:3])]
    assert len(model.texts) == 3


async def test_old_versions_are_removed() -> None:
    engine = FakeEngine()
    index = await filled(engine)
    await index.apply(entries(NEW), [])
    assert engine.held.keys() == ids(NEW)
    await assert_same(index, NEW)


async def test_what_others_add_is_noticed_when_the_digests_are_asked_for() -> None:
    engine = FakeEngine(is_shared=True)
    one = await filled(engine)
    other = await opened(engine)
    more = version(1, size=50)[40:]
    await one.apply(entries(more), [])
    await assert_same(other, [*OLD, *more])


async def test_what_went_from_the_catalog_does_not_come_back_from_an_engine_that_keeps_it() -> None:
    engine = FakeEngine(is_shared=True)
    index = await filled(engine)
    await index.apply(entries(NEW[:5]), [tool.id for tool in OLD[30:]])
    assert engine.held.keys() == ids([*OLD, *NEW[:5]])
    await assert_same(index, [*NEW[:5], *OLD[5:30]])
    await index.apply(entries(OLD[30:]), [])
    await assert_same(index, [*NEW[:5], *OLD[5:]])


async def test_what_was_searchable_is_so_still_where_others_write_another_version() -> None:
    engine = FakeEngine(is_shared=True)
    one = await filled(engine)
    other = FakeEngine(is_shared=True)
    await (await opened(other)).apply(entries(NEW), [])
    engine.held.update(other.held)
    await assert_same(one, OLD)


async def test_a_question_that_a_change_overtakes_sees_the_old_or_the_new() -> None:
    engine = FakeEngine()
    index = await filled(engine)
    engine.waiting["search"] = gate = anyio.Event()
    found: list[dict[str, Match]] = []

    async def search() -> None:
        found.append(await ask(index, asking("thing", limit=100, vector=MODEL.vector("question"))))

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(search)
        await anyio.wait_all_tasks_blocked()
        await index.apply(entries(NEW), [])
        gate.set()
    assert [len(each) for each in found] == [len(NEW)]
    assert all(len(match.dense) == 1 for match in found[0].values())


@pytest.mark.parametrize("step", ["write", "write_view"])
async def test_a_question_during_a_change_is_answered_from_the_old_one(step: Step) -> None:
    engine = FakeEngine()
    index = await filled(engine)
    engine.waiting[step] = gate = anyio.Event()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(index.apply, entries(NEW), list[ToolId]())
        await anyio.wait_all_tasks_blocked()
        found = await ask(index, asking("version1 version2", limit=100))
        assert {match.id for match in found.values()} == {tool.id for tool in OLD}
        assert await index.digests() == {tool.id: tool.digest for tool in OLD}
        gate.set()
    await assert_same(index, NEW)


async def test_vectors_of_another_length_are_not_compared() -> None:
    index = await filled(FakeEngine())
    other = np.ones(3, dtype=np.float32)
    found = await index.query(asking("thing", limit=100, vector=other))
    assert len(found.matches) == len(OLD)
    assert {match.dense for match in found.matches} == {()}
    assert found.crowd is None
    assert (await index.query(asking("", vector=other))).matches == ()


async def test_a_question_takes_two_round_trips_at_most() -> None:
    engine = FakeEngine()
    index = await filled(engine)
    for question in QUESTIONS:
        engine.steps.clear()
        await index.query(question)
        assert len(engine.steps) <= 2
