"""What happens while an answer is made: it is kept only if it is whole and still holds, and many wait for one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import anyio
import anyio.lowlevel
import pytest

from mcp_toolweaver.core.errors import Unavailable
from mcp_toolweaver.core.query import SearchResult
from mcp_toolweaver.core.tools import Snapshot
from tests.fakes.tools import make_tool
from tests.unit.search.cached_scene import FOUND, READ, REQUEST, SEND, WRITE, Scene, WatchedCache

pytestmark = pytest.mark.anyio


async def test_an_answer_without_some_part_is_not_kept() -> None:
    scene = Scene()
    scene.inner.answer = degraded = replace(FOUND, skipped=("the model is loading",), is_warming=True)
    assert [await scene.ask(), await scene.ask()] == [degraded] * 2
    assert (scene.searched, scene.cache.values) == (2, {})
    scene.inner.answer = FOUND
    assert await scene.ask() == FOUND


async def test_an_answer_during_which_the_catalog_changed_is_not_kept() -> None:
    scene = Scene()

    async def change() -> None:
        scene.catalog.snapshot = Snapshot.of([READ, WRITE, SEND])  # and back again, for all we know

    scene.inner.meanwhile = change
    assert await scene.ask() == FOUND
    assert scene.cache.values == {}


async def test_an_answer_is_not_kept_where_the_catalog_changed_before_it_was_made() -> None:
    class Changing(WatchedCache):
        """The catalog changes while it is asked."""

        async def get_many(self, keys: Sequence[str]) -> Sequence[bytes | None]:
            scene.catalog.snapshot = Snapshot.of([READ, WRITE, SEND, make_tool("new")])
            return await super().get_many(keys)

    scene = Scene(Changing())
    assert await scene.ask() == FOUND
    assert scene.cache.values == {}


async def test_an_answer_of_an_index_that_is_behind_is_not_kept() -> None:
    scene = Scene()
    scene.indexed = "another generation"
    await scene.ask()
    assert scene.cache.values == {}
    scene.indexed = None
    await scene.ask()
    assert len(scene.cache.values) == 1


@pytest.mark.parametrize(("before", "after"), [("another", None), (None, "another")])
async def test_an_answer_is_not_kept_where_the_index_changed_while_it_was_made(
    before: str | None, after: str | None
) -> None:
    scene = Scene()
    scene.indexed = before

    async def index() -> None:
        scene.indexed = after

    scene.inner.meanwhile = index
    await scene.ask()
    assert scene.cache.values == {}


async def test_a_hundred_who_ask_the_same_at_once_are_answered_by_one_search() -> None:
    scene = Scene()
    answers: list[SearchResult] = []

    async def ask() -> None:
        answers.append(await scene.ask())

    async with anyio.create_task_group() as tasks:
        for _ in range(100):
            tasks.start_soon(ask)
    assert answers == [FOUND] * 100
    assert scene.inner.requests == [REQUEST]


async def test_what_nobody_can_answer_is_said_and_not_kept() -> None:
    scene = Scene()
    scene.inner.answer = Unavailable("index", "away")
    for _ in range(2):
        with pytest.raises(Unavailable, match="away"):
            await scene.ask()
    assert (scene.searched, scene.cache.values) == (2, {})
    scene.inner.answer = FOUND
    assert await scene.ask() == FOUND


async def test_who_is_cancelled_leaves_the_search_to_those_who_wait() -> None:
    scene, gate, begun = Scene(), anyio.Event(), anyio.Event()
    answers: list[SearchResult] = []

    async def hold() -> None:
        begun.set()
        await gate.wait()

    async def ask(scope: anyio.CancelScope) -> None:
        with scope:
            answers.append(await scene.ask())

    scene.inner.meanwhile = hold
    impatient, patient = anyio.CancelScope(), anyio.CancelScope()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(ask, impatient)
        await begun.wait()
        tasks.start_soon(ask, patient)
        await anyio.wait_all_tasks_blocked()
        impatient.cancel()
        await anyio.wait_all_tasks_blocked()
        gate.set()
    assert answers == [FOUND]
    assert (scene.searched, len(scene.cache.values)) == (1, 1)


async def test_a_search_for_somebody_who_is_cancelled_ends_and_is_not_kept() -> None:
    scene, begun = Scene(), anyio.Event()

    async def hold() -> None:
        begun.set()
        await anyio.sleep_forever()

    scene.inner.meanwhile = hold
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(scene.ask)
        await begun.wait()
        tasks.cancel_scope.cancel()
    await anyio.wait_all_tasks_blocked()
    assert (scene.inner.ended, scene.cache.values) == (0, {})
    scene.inner.meanwhile = anyio.lowlevel.checkpoint
    assert await scene.ask() == FOUND
