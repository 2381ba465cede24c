"""Blocking work leaves the event loop free, and a deadline holds over it."""

import threading

import anyio
import anyio.from_thread
import pytest

from mcp_toolweaver.core.threads import run_in_thread

pytestmark = pytest.mark.anyio


async def test_the_result_of_the_thread_comes_back() -> None:
    assert await run_in_thread(divmod, 17, 5) == (3, 2)


async def test_the_work_is_done_in_another_thread() -> None:
    assert await run_in_thread(threading.get_ident) != threading.get_ident()


async def test_an_error_in_the_thread_reaches_the_caller() -> None:
    with pytest.raises(ZeroDivisionError):
        await run_in_thread(divmod, 1, 0)


async def test_a_cancelled_caller_does_not_wait_for_a_thread_that_hangs() -> None:
    started, release, ended = anyio.Event(), threading.Event(), threading.Event()

    def hang() -> None:
        anyio.from_thread.run_sync(started.set)
        release.wait(5)
        ended.set()

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(run_in_thread, hang)
        await started.wait()
        tasks.cancel_scope.cancel()
    assert not ended.is_set()
    release.set()
    assert ended.wait(10)
