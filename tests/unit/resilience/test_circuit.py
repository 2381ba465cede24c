"""A server that fails again and again is left alone for a while, and nobody else is."""

from __future__ import annotations

from functools import partial
from typing import Any

import anyio
import pytest

from mcp_toolweaver.core.errors import Busy, CircuitOpen, DeadlineExceeded, InvalidRequest, Unavailable, Unusable
from mcp_toolweaver.core.status import NEEDS_LOGIN
from mcp_toolweaver.core.tools import ToolResult
from mcp_toolweaver.resilience.circuit import BreakerCaller
from tests.fakes.caller import FakeCaller
from tests.fakes.tools import make_tool
from tests.fakes.virtual_time import BACKEND
from tests.unit.catalog.scripted import outcomes_of

pytestmark = pytest.mark.anyio

SICK, FINE = make_tool("t", server="sick"), make_tool("t", server="fine")
DONE = ToolResult.from_text("done")
LOST = Unavailable("server 'sick'", "the connection was closed by the server")
LATE = DeadlineExceeded("server 'sick'", "did not answer within 60 s")


@pytest.fixture(scope="module")
def anyio_backend() -> Any:
    return BACKEND


def guarded(*failures: Exception, seconds: float = 0.0) -> tuple[BreakerCaller, FakeCaller]:
    inner = FakeCaller(seconds)
    inner.next = list(failures)
    return BreakerCaller(inner, clock=anyio.current_time), inner


async def fail(caller: BreakerCaller, times: int) -> list[str]:
    """Call so often in a row; return what was said."""
    return [str((await outcomes_of(1, partial(caller.call, SICK, {})))[0]) for _ in range(times)]


async def test_after_three_failures_in_a_row_a_server_is_not_asked_and_the_answer_says_why_and_until_when() -> None:
    caller, inner = guarded(*[LOST] * 3)
    await fail(caller, 3)
    with pytest.raises(CircuitOpen) as refused:
        await caller.call(SICK, {})
    why = "failed 3 times in a row (last: the connection was closed by the server)"
    assert str(refused.value) == f"server 'sick': {why}; it is tried again in 1 s"
    assert len(inner.ledger) == 3
    assert await caller.call(FINE, {}) == DONE


async def test_one_trial_is_made_when_the_pause_is_over_and_closes_it() -> None:
    caller, inner = guarded(*[LOST] * 3)
    await fail(caller, 3)
    await anyio.sleep(1.1)
    inner.seconds = 5.0
    outcomes = await outcomes_of(10, partial(caller.call, SICK, {}))
    assert outcomes.count(DONE) == 1
    assert "it is tried again just now" in str(outcomes[0])
    assert len(inner.ledger) == 4
    assert await outcomes_of(3, partial(caller.call, SICK, {})) == [DONE] * 3


async def test_a_trial_that_fails_makes_the_pause_longer_up_to_a_minute() -> None:
    caller, inner = guarded(*[LOST] * 1000)
    await fail(caller, 3)
    began = len(inner.ledger)
    for _ in range(10 * 60 * 10):
        await fail(caller, 1)
        await anyio.sleep(0.1)
    assert 10 <= len(inner.ledger) - began <= 30
    assert f"failed {len(inner.ledger)} times in a row" in (await fail(caller, 1))[0]


async def test_an_answer_between_failures_makes_them_no_row_and_an_error_of_the_tool_is_an_answer() -> None:
    async def is_error() -> ToolResult:
        return ToolResult.from_text("no such file", is_error=True)

    caller, inner = guarded()
    for _ in range(10):
        inner.next = [LOST, LOST, is_error]
        await fail(caller, 3)
    assert len(inner.ledger) == 30


async def test_one_missed_deadline_does_not_open_it_but_three_do() -> None:
    caller, _inner = guarded(LATE, LATE, LATE)
    assert "failed" not in "".join(await fail(caller, 3))
    with pytest.raises(CircuitOpen):
        await caller.call(SICK, {})


async def test_calls_that_were_in_flight_when_the_connection_was_lost_have_failed_once() -> None:
    caller, _inner = guarded(*[LOST] * 8, seconds=1.0)
    assert await outcomes_of(8, partial(caller.call, SICK, {})) == [LOST] * 8
    assert await caller.call(SICK, {}) == DONE


@pytest.mark.parametrize(
    "harmless",
    [
        Busy("server 'sick'", "busy"),
        CircuitOpen("server 'sick'", "it is tried again in 3 s"),
        Unusable("server 'sick'", "url: is missing"),
        Unavailable("server 'sick'", f"{NEEDS_LOGIN}: 401"),
        InvalidRequest("wrong"),
        RuntimeError("oops"),
    ],
)
async def test_what_does_not_show_that_the_server_is_sick_does_not_count(harmless: Exception) -> None:
    caller, inner = guarded(*[harmless] * 20)
    assert set(await fail(caller, 20)) == {str(harmless)}
    assert len(inner.ledger) == 20


async def test_a_trial_that_says_nothing_is_followed_by_another() -> None:
    caller, inner = guarded(*[LOST] * 3)
    await fail(caller, 3)
    await anyio.sleep(1.1)
    inner.seconds = 100.0
    with anyio.move_on_after(1):
        await caller.call(SICK, {})
    inner.seconds = 0.0
    inner.next = [InvalidRequest("wrong")]
    with pytest.raises(InvalidRequest):
        await caller.call(SICK, {})
    assert await caller.call(SICK, {}) == DONE


@pytest.mark.parametrize("end", [LOST, LATE, InvalidRequest("wrong")])
async def test_an_old_call_that_ends_during_a_trial_neither_ends_it_nor_begins_another(end: Exception) -> None:
    caller, inner = guarded()
    inner.seconds = 10.0
    outcomes: list[object] = []

    async def old_call() -> None:
        outcomes.extend(await outcomes_of(1, partial(caller.call, SICK, {})))

    inner.next = [end]
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(old_call)
        await anyio.sleep(1)
        inner.seconds = 0.0
        inner.next = [LOST] * 3
        await fail(caller, 3)
        await anyio.sleep(1.1)
        inner.seconds = 60.0
        tasks.start_soon(old_call)  # the trial
        await anyio.sleep(20)  # the old call has failed meanwhile
        with pytest.raises(CircuitOpen, match="just now"):
            await caller.call(SICK, {})
    assert outcomes == [end, DONE]
    assert len(inner.ledger) == 5


async def test_a_server_that_is_another_one_by_now_begins_anew() -> None:
    caller, inner = guarded(*[LOST] * 3)
    await fail(caller, 3)
    caller.forget(["fine"])
    assert "it is tried again" in (await fail(caller, 1))[0]
    caller.forget(["sick", "never heard of"])
    assert await caller.call(SICK, {}) == DONE
    assert len(inner.ledger) == 4
