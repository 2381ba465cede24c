"""Many who ask the same at once get one answer, and who leaves takes nothing from the others."""

from __future__ import annotations

import gc
from collections.abc import Generator
from contextlib import contextmanager

import anyio
import anyio.lowlevel
import pytest
from anyio.abc import TaskGroup

from mcp_toolweaver.core.errors import Unavailable
from mcp_toolweaver.search.flights import Flights

pytestmark = pytest.mark.anyio


class Work:
    """Something that takes until its gate is opened, and counts how often it was begun and how it ended."""

    def __init__(self, fault: Exception | None = None) -> None:
        self.gate = anyio.Event()
        self.fault = fault
        self.begun = 0
        self.ended = 0
        self.cancelled = 0

    async def __call__(self) -> int:
        self.begun += 1
        mine = self.begun
        try:
            await self.gate.wait()
        except BaseException:
            self.cancelled += 1
            raise
        self.ended += 1
        if self.fault is not None:
            raise self.fault
        return mine


class Asker:
    """Somebody who asks and may leave."""

    def __init__(self, flights: Flights[int], work: Work, key: str = "question") -> None:
        self.flights, self.work, self.key = flights, work, key
        self.scope = anyio.CancelScope()
        self.left = anyio.Event()
        self.got: int | Exception | None = None

    async def ask(self) -> None:
        with self.scope:
            try:
                self.got = await self.flights.join(self.key, self.work)
            except Unavailable as error:
                self.got = error
        self.left.set()


async def settle() -> None:
    """Let everybody go on as far as they can."""
    for _ in range(10):
        await anyio.lowlevel.checkpoint()


async def asking(tasks: TaskGroup, *askers: Asker) -> None:
    for asker in askers:
        tasks.start_soon(asker.ask)
    await settle()


async def leave(*askers: Asker) -> None:
    for asker in askers:
        asker.scope.cancel()
    await settle()


@contextmanager
def no_complaints(caplog: pytest.LogCaptureFixture) -> Generator[None]:
    """The event loop complains of an exception that nobody has seen when its task is collected."""
    yield
    gc.collect()
    assert [record.message for record in caplog.records if record.name == "asyncio"] == []


async def test_a_hundred_who_ask_at_once_get_one_answer() -> None:
    flights, work = Flights[int](), Work()
    crowd = [Asker(flights, work) for _ in range(100)]
    async with anyio.create_task_group() as tasks:
        await asking(tasks, *crowd)
        work.gate.set()
    assert [asker.got for asker in crowd] == [1] * 100
    assert (work.begun, work.ended) == (1, 1)


async def test_an_error_reaches_all_who_wait(caplog: pytest.LogCaptureFixture) -> None:
    flights, work = Flights[int](), Work(Unavailable("index", "away"))
    crowd = [Asker(flights, work) for _ in range(100)]
    with no_complaints(caplog):
        async with anyio.create_task_group() as tasks:
            await asking(tasks, *crowd)
            work.gate.set()
        assert [str(asker.got) for asker in crowd] == [str(work.fault)] * 100
        assert work.begun == 1
        del crowd, tasks


async def test_after_an_error_the_next_one_asks_anew() -> None:
    flights, failing, working = Flights[int](), Work(Unavailable("index", "away")), Work()
    failing.gate.set()
    working.gate.set()
    with pytest.raises(Unavailable):
        await flights.join("question", failing)
    assert await flights.join("question", working) == 1


async def test_an_answer_that_was_given_is_not_given_again() -> None:
    flights, work = Flights[int](), Work()
    work.gate.set()
    assert [await flights.join("question", work) for _ in range(3)] == [1, 2, 3]


async def test_who_leaves_takes_nothing_from_the_others() -> None:
    flights, work = Flights[int](), Work()
    first, second, third = (Asker(flights, work) for _ in range(3))
    async with anyio.create_task_group() as tasks:
        await asking(tasks, first, second, third)
        await leave(first, third)
        assert (first.left.is_set(), second.left.is_set()) == (True, False)
        work.gate.set()
    assert [asker.got for asker in (first, second, third)] == [None, 1, None]
    assert (work.begun, work.cancelled) == (1, 0)


async def test_when_the_last_one_leaves_the_work_ends() -> None:
    flights, work = Flights[int](), Work()
    pair = [Asker(flights, work) for _ in range(2)]
    async with anyio.create_task_group() as tasks:
        await asking(tasks, *pair)
        await leave(pair[0])
        assert work.cancelled == 0
        await leave(pair[1])
        assert work.cancelled == 1


async def test_who_asks_after_all_have_left_gets_an_answer_of_his_own() -> None:
    flights, work = Flights[int](), Work()
    gone, late = Asker(flights, work), Asker(flights, work)
    async with anyio.create_task_group() as tasks:
        await asking(tasks, gone)
        await leave(gone)
        await asking(tasks, late)
        work.gate.set()
    assert (gone.got, late.got) == (None, 2)
    assert (work.begun, work.cancelled, work.ended) == (2, 1, 1)


async def test_who_asks_while_the_work_that_all_left_still_ends_does_not_wait_for_it() -> None:
    flights, stubborn, work = Flights[int](), anyio.Event(), Work()
    work.gate.set()

    async def slow_to_end() -> int:
        try:
            await anyio.sleep_forever()
        finally:
            with anyio.CancelScope(shield=True):
                await stubborn.wait()
        return 0

    async with anyio.create_task_group() as tasks:
        scope = anyio.CancelScope()

        async def ask() -> None:
            with scope:
                await flights.join("question", slow_to_end)

        tasks.start_soon(ask)
        await settle()
        scope.cancel()
        await settle()
        assert await flights.join("question", work) == 1
        stubborn.set()


async def test_different_questions_do_not_wait_for_each_other() -> None:
    flights, slow, quick = Flights[int](), Work(), Work()
    waiting = Asker(flights, slow, "slow")
    quick.gate.set()
    async with anyio.create_task_group() as tasks:
        await asking(tasks, waiting)
        assert await flights.join("quick", quick) == 1
        assert not waiting.left.is_set()
        slow.gate.set()
    assert waiting.got == 1


async def test_a_deadline_of_the_one_who_asked_first_is_not_one_of_the_others() -> None:
    flights, work = Flights[int](), Work()
    patient = Asker(flights, work)
    async with anyio.create_task_group() as tasks:
        with anyio.move_on_after(0.005) as deadline:
            tasks.start_soon(patient.ask)
            await flights.join("question", work)
        await settle()
        assert (deadline.cancelled_caught, work.begun, work.cancelled) == (True, 1, 0)
        work.gate.set()
    assert patient.got == 1


async def test_work_that_fails_when_nobody_waits_any_longer_is_no_complaint(caplog: pytest.LogCaptureFixture) -> None:
    flights = Flights[int]()

    async def fails_when_ended() -> int:
        try:
            await anyio.sleep_forever()
        finally:
            raise Unavailable("index", "it broke while it was left")

    async def ask(scope: anyio.CancelScope) -> None:
        with scope:
            await flights.join("question", fails_when_ended)

    with no_complaints(caplog):
        async with anyio.create_task_group() as tasks:
            scope = anyio.CancelScope()
            tasks.start_soon(ask, scope)
            await settle()
            scope.cancel()
        await settle()
