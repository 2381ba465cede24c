"""Calls of one server wait for each other, and for nobody else's."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import anyio
import anyio.lowlevel
import pytest

from mcp_toolweaver.core.errors import Busy, DeadlineExceeded
from mcp_toolweaver.core.policy import SourcePolicy
from mcp_toolweaver.core.tools import Tool, ToolResult
from mcp_toolweaver.resilience.bulkhead import BulkheadCaller
from mcp_toolweaver.resilience.deadline import DeadlineCaller
from tests.fakes.caller import FakeCaller
from tests.fakes.tools import make_tool
from tests.fakes.virtual_time import BACKEND
from tests.unit.catalog.scripted import outcomes_of

pytestmark = pytest.mark.anyio

SLOW, QUICK = make_tool("t", server="slow"), make_tool("t", server="quick")
DONE = ToolResult.from_text("done")


@pytest.fixture(scope="module")
def anyio_backend() -> Any:
    return BACKEND


def guarded(inner: FakeCaller, **policy: Any) -> BulkheadCaller:
    return BulkheadCaller(inner, lambda _server: SourcePolicy(**policy))


async def call_after(seconds: float, caller: BulkheadCaller, outcomes: list[tuple[float, object]]) -> None:
    await anyio.sleep(seconds)
    (outcome,) = await outcomes_of(1, partial(caller.call, SLOW, {}))
    outcomes.append((anyio.current_time(), outcome))


async def test_so_many_run_at_once_and_the_others_wait_and_all_are_answered() -> None:
    inner = FakeCaller(1.0)
    outcomes = await outcomes_of(40, partial(guarded(inner).call, SLOW, {}))
    assert outcomes == [DONE] * 40
    assert inner.most == {"slow": 8}


async def test_beyond_the_places_to_wait_a_call_is_refused_at_once_and_told_when_to_come_again() -> None:
    inner = FakeCaller(4.0)
    caller = guarded(inner, concurrency=2, queue=3, queue_timeout=60.0)
    await caller.call(SLOW, {})
    started = anyio.current_time()
    outcomes: list[tuple[float, object]] = []
    async with anyio.create_task_group() as tasks:
        for _ in range(5):
            tasks.start_soon(call_after, 0.0, caller, outcomes)
        await anyio.sleep(0.5)
        with pytest.raises(Busy) as refused:
            await caller.call(SLOW, {})
        assert anyio.current_time() - started == 0.5
        assert str(refused.value) == ("server 'slow': busy: 2 calls in flight and 3 waiting; try again in about 8 s")
    assert [outcome for _at, outcome in outcomes] == [DONE] * 5
    assert len(inner.ledger) == 6


async def test_one_that_waits_too_long_is_refused_and_was_not_made() -> None:
    inner = FakeCaller(100.0)
    caller = guarded(inner, concurrency=1, queue_timeout=10.0)
    outcomes: list[tuple[float, object]] = []
    started = anyio.current_time()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(call_after, 0.0, caller, outcomes)
        tasks.start_soon(call_after, 1.0, caller, outcomes)
    (at, refused), (_end, done) = outcomes
    assert isinstance(refused, Busy)
    assert "no place became free within 10 s" in str(refused)
    assert at - started == pytest.approx(11.0)
    assert done == DONE
    assert len(inner.ledger) == 1


async def test_who_waits_longest_comes_first() -> None:
    served: list[int] = []

    class Numbered(FakeCaller):
        async def call(self, tool: Tool, arguments: Mapping[str, Any]) -> ToolResult:
            served.append(arguments["number"])
            return await super().call(tool, arguments)

    caller = guarded(Numbered(1.0), concurrency=1, queue_timeout=60.0)
    async with anyio.create_task_group() as tasks:
        for number in range(10):
            tasks.start_soon(partial(caller.call, SLOW, {"number": number}))
            await anyio.sleep(0.01)
    assert served == list(range(10))


async def test_a_hung_server_is_not_in_anybody_elses_way() -> None:
    class OneHangs(FakeCaller):
        async def call(self, tool: Tool, arguments: Mapping[str, Any]) -> ToolResult:
            if tool is SLOW:
                await anyio.sleep_forever()
            return await super().call(tool, arguments)

    caller = guarded(OneHangs(0.1))
    async with anyio.create_task_group() as tasks:
        for _ in range(50):
            tasks.start_soon(partial(outcomes_of, 1, partial(caller.call, SLOW, {})))
        await anyio.sleep(1)
        started = anyio.current_time()
        assert await outcomes_of(8, partial(caller.call, QUICK, {})) == [DONE] * 8
        assert anyio.current_time() - started == pytest.approx(0.1)
        tasks.cancel_scope.cancel()


async def test_who_gives_up_gives_its_place_back_whether_it_waits_or_runs() -> None:
    inner = FakeCaller(100.0)
    caller = guarded(inner, concurrency=2, queue=2, queue_timeout=1000.0)
    for _ in range(50):
        with anyio.move_on_after(1.0):
            await outcomes_of(4, partial(caller.call, SLOW, {}))
    inner.seconds = 1.0
    started = anyio.current_time()
    assert await outcomes_of(4, partial(caller.call, SLOW, {})) == [DONE] * 4
    assert anyio.current_time() - started == pytest.approx(2.0)


async def test_a_place_that_is_handed_to_one_who_gives_up_just_then_goes_to_the_next() -> None:
    inner = FakeCaller()
    caller = guarded(inner, concurrency=1, queue=5, queue_timeout=1000.0)
    gate = anyio.Event()

    async def wait_for_gate() -> ToolResult:
        await gate.wait()
        return DONE

    inner.next = [wait_for_gate]
    outcomes: list[tuple[float, object]] = []
    given_up: list[tuple[float, object]] = []
    async with anyio.create_task_group() as tasks, anyio.create_task_group() as giving_up:
        tasks.start_soon(call_after, 0.0, caller, outcomes)
        await anyio.sleep(1)
        giving_up.start_soon(call_after, 0.0, caller, given_up)
        await anyio.sleep(1)
        tasks.start_soon(call_after, 0.0, caller, outcomes)
        await anyio.sleep(1)
        gate.set()
        while len(inner.ledger) == 1 and not outcomes:
            await anyio.lowlevel.checkpoint()
        giving_up.cancel_scope.cancel()  # its place was handed to it, and it has not run since
    assert [outcome for _at, outcome in outcomes] == [DONE] * 2
    assert given_up == []
    assert await caller.call(SLOW, {}) == DONE


async def test_a_failure_gives_the_place_back() -> None:
    inner = FakeCaller()
    inner.next = [RuntimeError("oops")] * 20
    caller = guarded(inner, concurrency=2, queue=0)
    for _ in range(20):
        with pytest.raises(RuntimeError):
            await caller.call(SLOW, {})
    assert await caller.call(SLOW, {}) == DONE


async def test_without_places_to_wait_nobody_waits() -> None:
    caller = guarded(FakeCaller(1.0), concurrency=1, queue=0)
    outcomes = await outcomes_of(3, partial(caller.call, SLOW, {}))
    assert [type(outcome) for outcome in outcomes] == [Busy, Busy, ToolResult]


async def test_a_call_is_given_up_at_its_deadline() -> None:
    caller = DeadlineCaller(FakeCaller(1000.0), lambda _server: SourcePolicy(deadline=300.0))
    started = anyio.current_time()
    with pytest.raises(DeadlineExceeded, match="'t' did not end within 300 s and was given up"):
        await caller.call(SLOW, {})
    assert anyio.current_time() - started == pytest.approx(300.0)


async def test_who_cancels_a_call_is_not_told_of_a_deadline() -> None:
    caller = DeadlineCaller(FakeCaller(1000.0), lambda _server: SourcePolicy(deadline=300.0))
    with anyio.move_on_after(5) as moved_on:
        await caller.call(SLOW, {})
    assert moved_on.cancelled_caught


async def test_more_or_fewer_places_count_while_calls_are_under_way() -> None:
    inner, policy = FakeCaller(1.0), SourcePolicy(concurrency=4)
    caller = BulkheadCaller(inner, lambda _server: policy)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(outcomes_of, 12, partial(caller.call, SLOW, {}))
        await anyio.sleep(0.5)
        policy = SourcePolicy(concurrency=1)
        tasks.start_soon(outcomes_of, 1, partial(caller.call, SLOW, {}))
        await anyio.sleep(0.1)
        inner.most.clear()
        await anyio.sleep(2)
        assert inner.most == {"slow": 1}
        policy = SourcePolicy(concurrency=9)
        tasks.start_soon(outcomes_of, 1, partial(caller.call, SLOW, {}))
    assert inner.most == {"slow": 8}  # all that were left
    assert len(inner.ledger) == 14
