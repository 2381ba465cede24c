"""A guarded store outlives refusals, faults, and answers that come too late; it says so once."""

from __future__ import annotations

import anyio
import pytest

from mcp_toolweaver.core.errors import CircuitOpen, Refused, Unavailable
from mcp_toolweaver.resilience.breaker import Circuit
from mcp_toolweaver.resilience.guarded_store import GuardedStore
from tests.unit.resilience.guarding import GONE, NEVER, Guarded, away, until

pytestmark = pytest.mark.anyio

FULL = Refused("Redis", "it is full")


async def put(store: GuardedStore, value: bytes = b"1") -> None:
    await store.set_many({"a": value}, ttl=60)


def told(caplog: pytest.LogCaptureFixture, text: str) -> int:
    return sum(text in record.getMessage() for record in caplog.records)


async def test_a_refused_write_is_told_and_no_other_is_tried_for_a_while() -> None:
    guarded = Guarded(clock=lambda: 0.0)
    async with guarded.running() as store:
        guarded.server.refusal = FULL
        with pytest.raises(Refused, match="it is full"):
            await put(store)
        for _ in range(10):
            with pytest.raises(CircuitOpen, match="it is full"):
                await put(store)
        assert guarded.server.asked.count("set") == 1
        assert store.reason == "it is full"


async def test_a_store_that_refuses_writes_is_read() -> None:
    guarded = Guarded(clock=lambda: 0.0)
    async with guarded.running() as store:
        guarded.server.values["a"] = b"old"
        guarded.server.refusal = FULL
        with pytest.raises(Refused):
            await put(store)
        for _ in range(10):
            assert await store.get_many(["a"]) == [b"old"]
        assert store.state is Circuit.CLOSED
        assert guarded.server.opened == 1


async def test_a_refused_write_is_tried_again_after_growing_pauses_until_it_is_taken() -> None:
    now = 0.0
    guarded = Guarded(clock=lambda: now)
    async with guarded.running() as store:
        guarded.server.refusal = FULL
        for pause in (1, 2, 4, 8, 10, 10):
            with pytest.raises(Refused):
                await put(store)
            now += pause * 0.49
            with pytest.raises(CircuitOpen):
                await put(store)
            now += pause * 0.52
        guarded.server.refusal = None
        await put(store, b"2")
        await put(store, b"3")
        assert store.reason == ""
        assert guarded.server.values["a"] == b"3"


async def test_while_one_write_is_tried_the_others_are_not() -> None:
    now = 0.0
    guarded = Guarded(clock=lambda: now)
    async with guarded.running() as store:
        guarded.server.refusal = FULL
        with pytest.raises(Refused):
            await put(store)
        now, guarded.server.refusal = 100.0, None
        guarded.server.gate = gate = anyio.Event()
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(put, store, b"2")
            await until(lambda: guarded.server.asked.count("set") == 2)
            with pytest.raises(CircuitOpen):
                await put(store, b"3")
            gate.set()
        await put(store, b"4")
        assert guarded.server.asked.count("set") == 3


async def test_a_trial_of_writing_whose_caller_left_is_made_again_later() -> None:
    now = 0.0
    guarded = Guarded(clock=lambda: now)
    async with guarded.running() as store:
        guarded.server.refusal = FULL
        with pytest.raises(Refused):
            await put(store)
        now, guarded.server.refusal = 100.0, None
        guarded.server.gate = gate = anyio.Event()
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(put, store)
            await until(lambda: guarded.server.asked.count("set") == 2)
            tasks.cancel_scope.cancel()
        gate.set()
        with pytest.raises(CircuitOpen, match="it is full"):
            await put(store)
        now = 200.0
        await put(store)
        assert store.reason == ""


async def test_a_store_that_refuses_to_be_read_has_failed() -> None:
    guarded = Guarded(pause=NEVER)
    async with guarded.running() as store:
        guarded.server.failure = FULL
        for _ in range(3):
            assert (await away(store)).reason == "it is full"
        assert isinstance(await away(store), CircuitOpen)


@pytest.mark.parametrize("fault", [ValueError("mad"), KeyError("x"), ExceptionGroup("many", [OSError("no")])])
async def test_a_fault_of_the_client_is_a_failure_like_any_other(
    caplog: pytest.LogCaptureFixture, fault: Exception
) -> None:
    guarded = Guarded()
    async with guarded.running() as store:
        guarded.server.failure = fault
        assert (await away(store)).reason == f"it failed with {type(fault).__name__}"
        with pytest.raises(Unavailable, match="it failed with"):
            await put(store)
        await away(store)
        assert store.state is not Circuit.CLOSED
        await guarded.recovery()
        await put(store)
    faults = [record.exc_info for record in caplog.records if "fault of our own" in record.getMessage()]
    assert faults
    assert all(info is not None and info[1] is fault for info in faults)


@pytest.mark.parametrize("fault", [GONE, ValueError("mad")])
async def test_its_task_survives_whatever_opening_checking_and_leaving_raise(fault: Exception) -> None:
    guarded = Guarded()
    guarded.server.failure = fault
    async with guarded.running() as store:
        await until(lambda: guarded.server.attempts >= 3)
        await guarded.recovery()
        guarded.server.leaving = fault
        await guarded.outage()
        await until(lambda: guarded.server.left == 1)
        guarded.server.leaving = None
        await guarded.recovery()
        await put(store)


async def test_a_failure_of_the_old_connection_does_not_spoil_the_trial_of_a_new_one() -> None:
    guarded = Guarded()
    async with guarded.running() as store:
        guarded.server.gate = gate = anyio.Event()
        guarded.server.opening = opening = anyio.Event()
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(away, store)
            await until(lambda: guarded.server.asked[1:] == ["get"])
            guarded.server.gate = None
            await guarded.outage()
            await until(lambda: guarded.server.attempts == 2)
            gate.set()
        guarded.server.failure = None
        opening.set()
        await guarded.becomes(Circuit.CLOSED)
        await put(store)


async def test_a_failure_of_the_old_connection_does_not_count_against_the_new_one() -> None:
    guarded = Guarded()
    async with guarded.running() as store:
        guarded.server.gate = gate = anyio.Event()
        async with anyio.create_task_group() as tasks:
            for _ in range(5):
                tasks.start_soon(away, store)
            await until(lambda: guarded.server.asked[1:] == ["get"] * 5)
            guarded.server.gate = None
            await guarded.outage()
            await guarded.recovery()
            guarded.server.failure = GONE
            gate.set()
        assert store.state is Circuit.CLOSED
        guarded.server.failure = None
        await put(store)
        assert guarded.server.opened == 2


async def test_a_store_that_is_well_says_nothing(caplog: pytest.LogCaptureFixture) -> None:
    guarded = Guarded()
    async with guarded.running() as store:
        await put(store)
    assert caplog.records == []


async def test_each_outage_and_its_end_are_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    guarded = Guarded()
    guarded.server.failure = GONE
    async with guarded.running():
        for outages in (1, 2, 3):
            attempts = guarded.server.attempts
            await until(lambda: guarded.server.attempts >= attempts + 3)  # noqa: B023  awaited here
            assert told(caplog, "Redis: connection lost; going on without it") == outages
            assert told(caplog, "it answers again") == outages - 1
            await guarded.recovery()
            assert told(caplog, "it answers again") == outages
            await guarded.outage()


async def test_a_refusal_is_logged_once_until_a_write_is_taken(caplog: pytest.LogCaptureFixture) -> None:
    now = 0.0
    guarded = Guarded(clock=lambda: now)
    async with guarded.running() as store:
        for refusals in (1, 2):
            guarded.server.refusal = FULL
            for _ in range(3):
                with pytest.raises(Refused):
                    await put(store)
                now += 100
            assert told(caplog, "Redis: it is full") == refusals
            guarded.server.refusal = None
            await put(store)


async def test_an_outage_while_writes_are_tried_leaves_the_refusal_as_it_was() -> None:
    now = 0.0
    guarded = Guarded(pause=NEVER, clock=lambda: now)
    async with guarded.running() as store:
        guarded.server.refusal = FULL
        with pytest.raises(Refused):
            await put(store)
        now, guarded.server.failure = 100.0, GONE
        with pytest.raises(Unavailable, match="connection lost"):
            await put(store)
        guarded.server.failure = None
        with pytest.raises(CircuitOpen, match="it is full"):
            await put(store)
