"""What was written is put in order by another process while searches and changes go on, and nothing is lost."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import anyio
import pytest

from mcp_toolweaver.core.errors import Unavailable
from mcp_toolweaver.index.qdrant_edge import engine as edge
from mcp_toolweaver.index.qdrant_edge import open_edge
from mcp_toolweaver.index.qdrant_edge.engine import EdgeEngine
from mcp_toolweaver.index.qdrant_edge.folder import EdgeFolder
from mcp_toolweaver.index.qdrant_edge.settling import settle_elsewhere
from mcp_toolweaver.index.stored import StoredIndex, open_stored
from tests.contracts.asking import ask, asking
from tests.contracts.points import stored
from tests.contracts.versions import CATALOG, assert_same, entries, ids, version

pytestmark = pytest.mark.anyio

TOOLS, NEW = version(1), version(2)

Settle = Callable[[Path], Awaitable[None]]


async def filled(engine: EdgeEngine) -> StoredIndex:
    index = await open_stored(engine, CATALOG, 16)
    await index.apply(entries(TOOLS), [])
    return index


def shards(folder: Path) -> set[str]:
    return {shard.name for shard in folder.glob("shard-*")}


def no_room(_folder: EdgeFolder, _size: int) -> bool:
    return False


class Elsewhere:
    """Stands for the other process: waits until it is let go, and then does its work or fails."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.real: Settle = settle_elsewhere
        self.begun = anyio.Event()
        self.may_go_on = anyio.Event()
        self.failure: Exception | None = None
        self.times = 0
        monkeypatch.setattr(edge, "settle_elsewhere", self)

    async def __call__(self, shard: Path) -> None:
        self.times += 1
        self.begun.set()
        await self.may_go_on.wait()
        if self.failure is not None:
            raise self.failure
        await self.real(shard)


async def test_what_was_put_in_order_is_the_same_and_takes_the_place_of_what_was_not(tmp_path: Path) -> None:
    async with open_edge(tmp_path, 16, CATALOG) as engine:
        index = await filled(engine)
        before = shards(tmp_path)
        await index.settle()
        after = shards(tmp_path)
        assert len(after) == 1
        assert after != before
        await assert_same(index, TOOLS)
        await index.apply(entries(NEW), [])
        await assert_same(index, NEW)
    async with open_edge(tmp_path, 16, CATALOG) as engine:
        await assert_same(await open_stored(engine, CATALOG, 16), NEW)
        assert shards(tmp_path) == after


async def test_what_is_in_order_is_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    elsewhere = Elsewhere(monkeypatch)
    elsewhere.may_go_on.set()
    async with open_edge(tmp_path, 16, CATALOG) as engine:
        index = await filled(engine)
        await index.settle()
        await index.settle()
    async with open_edge(tmp_path, 16, CATALOG) as engine:
        await engine.settle()
    assert elsewhere.times == 1


async def test_changes_meanwhile_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    elsewhere = Elsewhere(monkeypatch)
    mixed = [*NEW[:20], *TOOLS[20:30]]
    async with open_edge(tmp_path, 16, CATALOG) as engine:
        index = await filled(engine)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(index.settle)
            await elsewhere.begun.wait()
            await index.apply(entries(NEW[:20]), [tool.id for tool in TOOLS[30:]])
            await assert_same(index, mixed)
            elsewhere.may_go_on.set()
        await assert_same(index, mixed)
        assert (await stored(engine)).keys() == ids(mixed)
    async with open_edge(tmp_path, 16, CATALOG) as engine:
        await assert_same(await open_stored(engine, CATALOG, 16), mixed)


async def test_the_event_loop_goes_on_and_searches_are_answered_meanwhile(tmp_path: Path) -> None:
    async with open_edge(tmp_path, 16, CATALOG) as engine:
        index = await filled(engine)
        done = anyio.Event()
        answers: list[int] = []

        async def settle() -> None:
            await index.settle()
            done.set()

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(settle)
            while not done.is_set():
                answers.append(len(await ask(index, asking("thing", limit=100))))
                await anyio.sleep(0.01)
        assert len(answers) > 10
        assert set(answers) == {len(TOOLS)}


async def assert_still_of_use(folder: Path, engine: EdgeEngine, index: StoredIndex, before: set[str]) -> None:
    """Check that the old shard is in use and nothing else is left, and that it can be put in order later."""
    assert shards(folder) == before
    await assert_same(index, TOOLS)
    await index.apply(entries(NEW), [])
    await engine.settle()
    await assert_same(index, NEW)
    assert len(shards(folder)) == 1
    assert shards(folder) != before


async def test_where_it_fails_the_old_shard_stays_in_use(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    elsewhere = Elsewhere(monkeypatch)
    elsewhere.may_go_on.set()
    elsewhere.failure = Unavailable("index", "no")
    async with open_edge(tmp_path, 16, CATALOG) as engine:
        index = await filled(engine)
        before = shards(tmp_path)
        with pytest.raises(Unavailable, match="no"):
            await index.settle()
        elsewhere.failure = None
        await assert_still_of_use(tmp_path, engine, index, before)


@pytest.mark.parametrize(
    ("program", "told"),
    [("#!/bin/sh\nkill -9 $$\n", r"putting .* in order failed \(status -9\)"), (None, "No such file")],
)
async def test_where_the_other_process_is_killed_or_none_can_be_started_the_old_shard_stays_in_use(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, program: str | None, told: str
) -> None:
    python = anyio.Path(tmp_path / "python")
    if program is not None:
        await python.write_text(program)
        await python.chmod(0o755)
    async with open_edge(tmp_path, 16, CATALOG) as engine:
        index = await filled(engine)
        before = shards(tmp_path)
        with monkeypatch.context() as failing:
            failing.setattr(sys, "executable", str(python))
            with pytest.raises(Unavailable, match=told):
                await index.settle()
        await assert_still_of_use(tmp_path, engine, index, before)


async def test_where_the_disk_has_no_room_for_a_copy_none_is_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_edge(tmp_path, 16, CATALOG) as engine:
        index = await filled(engine)
        before = shards(tmp_path)
        with monkeypatch.context() as full:
            full.setattr(EdgeFolder, "has_room", no_room)
            with pytest.raises(Unavailable, match="too full to put the index in order"):
                await index.settle()
        await assert_still_of_use(tmp_path, engine, index, before)


async def test_one_that_is_cancelled_leaves_the_old_shard_in_use(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = Elsewhere(monkeypatch)
    async with open_edge(tmp_path, 16, CATALOG) as engine:
        index = await filled(engine)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(index.settle)
            await elsewhere.begun.wait()
            await index.apply(entries(NEW[:1]), [])
            tasks.cancel_scope.cancel()
        await assert_same(index, [*NEW[:1], *TOOLS[1:]])
    async with open_edge(tmp_path, 16, CATALOG) as engine:
        await assert_same(await open_stored(engine, CATALOG, 16), [*NEW[:1], *TOOLS[1:]])
        assert len(shards(tmp_path)) == 1


async def test_many_changes_are_put_in_order_without_being_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = Elsewhere(monkeypatch)
    elsewhere.may_go_on.set()
    monkeypatch.setattr(edge, "_LEAST_UNSETTLED", 50)
    async with open_edge(tmp_path, 16, CATALOG) as engine:
        index = await filled(engine)
        await index.settle()  # does not keep the next ones from being noticed
        await index.apply(entries(version(0, size=10)), [])
        await anyio.wait_all_tasks_blocked()
        assert elsewhere.times == 1
        await index.apply(entries(NEW), [])
        await until(lambda: elsewhere.times == 2)
        await index.apply(entries(TOOLS), [])
        await until(lambda: elsewhere.times == 3)
        await assert_same(index, TOOLS)


async def test_one_that_fails_unasked_is_told_and_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    elsewhere = Elsewhere(monkeypatch)
    elsewhere.may_go_on.set()
    elsewhere.failure = Unavailable("index", "no luck")
    monkeypatch.setattr(edge, "_LEAST_UNSETTLED", 5)
    async with open_edge(tmp_path, 16, CATALOG) as engine:
        index = await filled(engine)
        await until(lambda: "no luck; searches stay correct" in caplog.text)
        elsewhere.failure = None
        await index.apply(entries(NEW), [])
        await until(lambda: elsewhere.times == 2)
        await assert_same(index, NEW)


async def until(is_so: Callable[[], bool]) -> None:
    """Wait for something."""
    with anyio.fail_after(30):
        while not is_so():
            await anyio.sleep(0.01)


def test_the_other_process_says_what_is_wrong(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "mcp_toolweaver.index.qdrant_edge.settling", str(tmp_path / "none")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "none" in done.stderr.strip().splitlines()[-1]


async def test_a_shard_that_was_left_unsettled_is_settled_by_the_next_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_edge(tmp_path, 16, CATALOG) as engine:
        await filled(engine)
        assert not engine.is_unsettled.is_set()
    before = shards(tmp_path)
    monkeypatch.setattr(edge, "_LEAST_UNSETTLED", 1)
    async with open_edge(tmp_path, 16, CATALOG) as engine:
        with anyio.fail_after(60):
            while shards(tmp_path) & before:
                await anyio.sleep(0.01)
        await assert_same(await open_stored(engine, CATALOG, 16), TOOLS)
