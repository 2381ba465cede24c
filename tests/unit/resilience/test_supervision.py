"""A background task that fails is started again; one that is done stays done."""

import logging

import anyio
import pytest

from mcp_toolweaver.resilience.supervision import keep_running

pytestmark = pytest.mark.anyio


async def test_a_task_that_returns_is_not_started_again() -> None:
    runs: list[int] = []

    async def task() -> None:
        runs.append(1)

    await keep_running("indexing", task)
    assert runs == [1]


async def test_a_task_that_fails_is_started_again_and_logged(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("mcp_toolweaver.resilience.supervision._FIRST_PAUSE", 0.0)
    runs: list[int] = []

    async def task() -> None:
        runs.append(1)
        if len(runs) < 3:
            raise ValueError("a fault")

    with caplog.at_level(logging.ERROR):
        await keep_running("indexing", task)
    assert len(runs) == 3
    assert [record.getMessage().split()[0] for record in caplog.records] == ["indexing", "indexing"]


async def test_a_task_that_fails_is_not_started_again_without_a_pause() -> None:
    failed = anyio.Event()
    runs: list[int] = []

    async def task() -> None:
        runs.append(1)
        failed.set()
        raise ValueError("a fault")

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(keep_running, "indexing", task)
        await failed.wait()
        await anyio.wait_all_tasks_blocked()
        tasks.cancel_scope.cancel()
    assert runs == [1]


async def test_cancelling_ends_the_task_for_good(caplog: pytest.LogCaptureFixture) -> None:
    started = anyio.Event()
    runs: list[int] = []

    async def task() -> None:
        runs.append(1)
        started.set()
        await anyio.sleep_forever()

    with anyio.fail_after(10):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(keep_running, "indexing", task)
            await started.wait()
            tasks.cancel_scope.cancel()
    assert runs == [1]
    assert caplog.records == [], "a cancellation is no failure"
