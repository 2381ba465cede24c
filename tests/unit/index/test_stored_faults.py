"""An index over an engine is right whatever else lies in the engine, and whatever goes wrong there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from mcp_toolweaver.core.errors import Unavailable
from mcp_toolweaver.core.query import IndexEntry
from mcp_toolweaver.core.tools import Tool
from mcp_toolweaver.index.engine import MEANING, Found, Lane
from mcp_toolweaver.index.stored import StoredIndex, open_stored
from tests.contracts.asking import ask, asking
from tests.contracts.versions import CATALOG, MODEL, QUESTIONS, assert_same, entries, ids, version
from tests.fakes.engine import FakeEngine, Step
from tests.fakes.tools import make_tool

pytestmark = pytest.mark.anyio

OLD, NEW = version(1), version(2)


async def opened(engine: FakeEngine, catalog: str = CATALOG) -> StoredIndex:
    return await open_stored(engine, catalog, 16)


async def filled(engine: FakeEngine, tools: Sequence[Tool] = OLD) -> StoredIndex:
    index = await opened(engine)
    await index.apply(entries(tools), [])
    return index


async def litter(engine: FakeEngine, tools: Sequence[Tool], text: str) -> None:
    """Leave points of another catalog in the engine, whose vectors are all that of a text."""
    other = FakeEngine()
    await (await opened(other, "theirs")).apply([IndexEntry(tool, MODEL.vector(text)) for tool in tools], [])
    engine.held.update(other.held)


async def fail(engine: FakeEngine, index: StoredIndex, step: Step, *, left: int = 0) -> None:
    """Fail to change to the new version, at a step, and let the engine work again."""
    engine.failing, engine.left_of_failures = {step}, left
    with pytest.raises(Unavailable):
        await index.apply(entries(NEW), [])
    engine.failing, engine.left_of_failures = (), 0


async def test_the_points_of_others_are_not_found_however_near_they_are() -> None:
    engine = FakeEngine()
    index = await filled(engine)
    for text in ("question", "other", "a"):
        crowd = [make_tool(f"near_{text}_{at}", "thing thing", server="server1") for at in range(40)]
        await litter(engine, crowd, text)
    await assert_same(index, OLD)


async def test_points_that_nobody_knows_are_not_found() -> None:
    engine = FakeEngine()
    index = await filled(engine)
    engine.answer = lambda lane, found: [(7, 1.0), *found[: lane.limit - 1]]
    await assert_same(index, OLD)


async def test_points_that_the_engine_forgot_are_missed_and_nothing_else() -> None:
    engine = FakeEngine()
    index = await filled(engine)
    for point in ids(OLD[:10]):
        del engine.held[point]
    found = await ask(index, asking("thing", limit=100, vector=MODEL.vector("question")))
    assert set(found) == {tool.id.name for tool in OLD[10:]}
    again = await opened(engine)
    assert set(await again.digests()) == {tool.id for tool in OLD[10:]}
    await again.apply(entries(OLD[:10]), [])
    await assert_same(again, OLD)


async def test_an_engine_that_finds_nothing_leaves_nothing_to_answer() -> None:
    engine = FakeEngine()
    index = await filled(engine)
    engine.answer = lambda _lane, _found: []
    assert (await index.query(QUESTIONS[0])).matches == ()


async def test_a_tool_without_a_score_by_meaning_has_none_at_all() -> None:
    engine = FakeEngine()
    index = await filled(engine, OLD[:5])

    def only_one(lane: Lane, found: Found) -> Found:
        return found[:1] if lane.space == MEANING else found

    engine.answer = only_one
    found = await index.query(replace(QUESTIONS[5], likely=()))
    assert len(found.matches) == 5
    assert all(len(match.dense) in {0, 2} for match in found.matches)


async def test_a_change_that_is_half_written_is_not_searchable() -> None:
    engine = FakeEngine()
    index = await filled(engine)
    await fail(engine, index, "write", left=20)
    assert len(engine.held) == len(OLD) + 20
    await assert_same(index, OLD)
    await assert_same(await opened(engine), OLD)


@pytest.mark.parametrize(("step", "left"), [("write", 0), ("write", 7), ("write", 40), ("write_view", 0)])
async def test_after_a_change_that_failed_the_old_one_is_searchable_and_a_retry_heals(step: Step, left: int) -> None:
    engine = FakeEngine()
    index = await filled(engine)
    await fail(engine, index, step, left=left)
    await assert_same(index, OLD)
    await index.apply(entries(NEW), [])
    await assert_same(index, NEW)
    assert engine.held.keys() == ids(NEW)


@pytest.mark.parametrize("step", ["write", "write_view"])
async def test_what_a_change_that_failed_left_is_removed_by_the_next_one(step: Step) -> None:
    engine = FakeEngine()
    index = await filled(engine)
    await fail(engine, index, step, left=7)
    newest = version(3)
    await index.apply(entries(newest), [])
    await assert_same(index, newest)
    assert engine.held.keys() == ids(newest)


@pytest.mark.parametrize("left", [0, 7, 40])
async def test_old_versions_that_cannot_be_removed_do_no_harm(left: int) -> None:
    engine = FakeEngine()
    index = await filled(engine)
    engine.failing, engine.left_of_failures = {"remove"}, left
    await index.apply(entries(NEW), [])
    await assert_same(index, NEW)
    engine.failing = ()
    await assert_same(await opened(engine), NEW)
    await index.apply(entries(version(3, size=1)), [])
    assert engine.held.keys() == ids([*version(3, size=1), *NEW[1:]])


@pytest.mark.parametrize("left", [0, 7, 40])
async def test_a_catalog_that_goes_back_is_whole_though_only_some_of_it_was_removed(left: int) -> None:
    engine = FakeEngine()
    index = await filled(engine)
    engine.failing, engine.left_of_failures = {"remove"}, left
    await index.apply(entries(NEW), [])
    engine.failing = ()
    await index.apply(entries(OLD), [])
    await assert_same(index, OLD)
    assert engine.held.keys() == ids(OLD)


@pytest.mark.parametrize("step", ["write", "write_view", "remove"])
async def test_what_a_crash_left_is_removed_by_the_next_change(step: Step) -> None:
    engine = FakeEngine()
    index = await filled(engine)
    engine.failing, engine.left_of_failures = {step}, 9
    if step == "remove":
        await index.apply(entries(NEW), [])
    else:
        await fail(engine, index, step, left=9)
    engine.failing = ()
    again = await opened(engine)
    await assert_same(again, NEW if step == "remove" else OLD)
    newest = version(3)
    await again.apply(entries(newest), [])
    assert engine.held.keys() == ids(newest)
    await assert_same(again, newest)


async def test_what_a_crash_left_is_used_by_the_same_change() -> None:
    engine = FakeEngine()
    await fail(engine, await filled(engine), "write", left=30)
    engine.steps.clear()
    again = await opened(engine)
    await again.apply(entries(NEW), [])
    assert [set(points) for points in engine.about("write")] == [ids(NEW[30:])]
    await assert_same(again, NEW)


async def test_a_damaged_view_is_made_anew_from_the_points() -> None:
    engine = FakeEngine()
    await filled(engine)
    assert engine.view is not None
    engine.view = engine.view[:-1] + bytes([engine.view[-1] ^ 1])
    await assert_same(await opened(engine), OLD)


async def test_of_two_versions_without_a_view_any_is_searchable_and_the_next_change_decides() -> None:
    engine = FakeEngine(is_shared=True)
    await fail(engine, await filled(engine), "write", left=20)
    index = await opened(engine)
    digests = await index.digests()
    assert digests.keys() == {tool.id for tool in OLD}
    assert set(digests.values()) <= {tool.digest for tool in (*OLD, *NEW)}
    await index.apply(entries(NEW), [])
    await assert_same(index, NEW)


async def test_what_failed_here_and_was_written_elsewhere_is_not_removed() -> None:
    engine = FakeEngine(is_shared=True)
    one = await filled(engine)
    other = await opened(engine)
    await fail(engine, one, "write", left=7)
    await other.apply(entries(NEW), [])
    await one.apply(entries(version(3, size=1)), [])
    await assert_same(other, NEW)


async def test_an_engine_that_is_away_is_told() -> None:
    engine = FakeEngine()
    index = await filled(engine)
    engine.failing = {"search"}
    with pytest.raises(Unavailable, match="cannot search"):
        await index.query(QUESTIONS[0])
    engine.failing = {"points"}
    engine.view = None
    with pytest.raises(Unavailable, match="cannot points"):
        await opened(engine)
