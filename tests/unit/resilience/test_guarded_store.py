"""A cache server that is away costs one bounded delay, and then nothing until it is back."""

from __future__ import annotations

import time

import anyio
import pytest

from mcp_toolweaver.core.errors import CircuitOpen, DeadlineExceeded, Unavailable
from mcp_toolweaver.resilience.breaker import Circuit
from tests.unit.resilience.guarding import GONE, NEVER, Guarded, away, until

pytestmark = pytest.mark.anyio


async def test_a_store_that_was_never_opened_is_not_asked() -> None:
    guarded = Guarded()
    with pytest.raises(CircuitOpen, match="it is being connected"):
        await guarded.store.get_many(["a"])
    with pytest.raises(CircuitOpen, match="it is being connected"):
        await guarded.store.set_many({"a": b"1"}, ttl=60)
    assert guarded.server.attempts == 0
    assert guarded.store.reason == "it is being connected"


async def test_nothing_is_asked_while_it_is_opened_or_tried() -> None:
    guarded = Guarded()
    guarded.server.opening, guarded.server.gate = anyio.Event(), anyio.Event()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(guarded.store.run)
        await until(lambda: guarded.server.attempts == 1)
        assert isinstance(await away(guarded.store), CircuitOpen)
        guarded.server.opening.set()
        await until(lambda: guarded.server.asked == ["check"])
        assert guarded.store.state is Circuit.HALF_OPEN
        assert isinstance(await away(guarded.store), CircuitOpen)
        guarded.server.gate.set()
        await guarded.becomes(Circuit.CLOSED)
        tasks.cancel_scope.cancel()
    assert guarded.server.asked == ["check"]


async def test_once_it_answered_it_is_asked() -> None:
    guarded = Guarded()
    async with guarded.running() as store:
        await store.set_many({"a": b"1"}, ttl=60)
        assert await store.get_many(["a", "b"]) == [b"1", None]
        assert store.state is Circuit.CLOSED
        assert store.reason == ""


@pytest.mark.parametrize("is_well", [True, False])
async def test_who_waits_for_the_first_attempt_is_told_whatever_came_of_it(*, is_well: bool) -> None:
    guarded = Guarded(pause=NEVER)
    guarded.server.failure = None if is_well else GONE
    async with guarded.running() as store:
        assert (store.state is Circuit.CLOSED) == is_well
        assert store.reason == ("" if is_well else "connection lost")


async def test_a_hanging_server_costs_one_deadline_and_then_nothing() -> None:
    guarded = Guarded(deadline=0.02, pause=NEVER)
    async with guarded.running() as store:
        guarded.server.gate = anyio.Event()
        with pytest.raises(DeadlineExceeded, match=r"no answer in 0\.02 s"):
            await store.get_many(["a"])
        for _ in range(100):
            assert isinstance(await away(store), CircuitOpen)
            with pytest.raises(CircuitOpen):
                await store.set_many({"a": b"1"}, ttl=60)
        assert guarded.server.asked == ["check", "get"]


async def test_all_who_ask_a_hanging_server_at_once_are_told_after_one_deadline() -> None:
    guarded = Guarded(deadline=0.1, pause=NEVER)
    errors: list[Unavailable] = []

    async def ask() -> None:
        errors.append(await away(guarded.store))

    async with guarded.running():
        guarded.server.gate = anyio.Event()
        began = time.monotonic()
        async with anyio.create_task_group() as tasks:
            for _ in range(50):
                tasks.start_soon(ask)
        assert time.monotonic() - began < 50 * 0.1 / 2
    assert [type(error) for error in errors] == [DeadlineExceeded] * 50


async def test_a_slow_server_that_keeps_its_deadline_stays_in_use() -> None:
    guarded = Guarded(deadline=20)
    async with guarded.running() as store:
        guarded.server.values["a"] = b"1"
        guarded.server.gate = gate = anyio.Event()
        async with anyio.create_task_group() as tasks:
            for _ in range(10):
                tasks.start_soon(store.get_many, ["a"])
            await until(lambda: guarded.server.asked.count("get") == 10)
            gate.set()
        assert await store.get_many(["a"]) == [b"1"]
        assert guarded.server.opened == 1


async def test_a_caller_who_leaves_never_cuts_the_client_short() -> None:
    guarded = Guarded()
    async with guarded.running() as store:
        guarded.server.gate = gate = anyio.Event()
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(store.get_many, ["a"])
            tasks.start_soon(lambda: store.set_many({"a": b"1"}, ttl=60))
            await until(lambda: sorted(guarded.server.asked[1:]) == ["get", "set"])
            tasks.cancel_scope.cancel()
        assert guarded.server.ended == ["check"]
        gate.set()
        await until(lambda: sorted(guarded.server.ended[1:]) == ["get", "set"])
        assert guarded.server.cut == []
        assert await store.get_many(["a"]) == [b"1"]


async def test_a_caller_whose_deadline_is_over_does_not_cut_the_client_short_either() -> None:
    guarded = Guarded(deadline=0.02, pause=NEVER)
    async with guarded.running() as store:
        guarded.server.gate = anyio.Event()
        assert isinstance(await away(store), DeadlineExceeded)
        guarded.server.gate.set()
        await until(lambda: guarded.server.ended == ["check", "get"])
        assert guarded.server.cut == []


async def test_the_error_of_a_question_whose_caller_left_is_nobodys() -> None:
    guarded = Guarded()
    async with guarded.running() as store:
        guarded.server.gate = gate = anyio.Event()
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(store.get_many, ["a"])
            await until(lambda: guarded.server.asked[1:] == ["get"])
            tasks.cancel_scope.cancel()
        guarded.server.failure = GONE
        gate.set()
        await until(lambda: guarded.server.ended[1:] == ["get"])
        assert store.state is Circuit.CLOSED


async def test_two_failures_are_told_and_the_third_ends_the_connection() -> None:
    guarded = Guarded(pause=NEVER)
    async with guarded.running() as store:
        guarded.server.failure = GONE
        for state in (Circuit.CLOSED, Circuit.CLOSED, Circuit.OPEN):
            error = await away(store)
            assert (type(error), error.reason) == (Unavailable, "connection lost")
            assert store.state is state
        await until(lambda: guarded.server.left == 1)
        assert isinstance(await away(store), CircuitOpen)
        assert store.reason == "connection lost"


async def test_after_a_failure_it_is_opened_again_and_in_use() -> None:
    guarded = Guarded()
    async with guarded.running() as store:
        await store.set_many({"a": b"1"}, ttl=60)
        for connections in (2, 3):
            await guarded.outage()
            attempts = guarded.server.attempts
            await until(lambda: guarded.server.attempts >= attempts + 3)  # noqa: B023  awaited here
            assert store.state is not Circuit.CLOSED
            await guarded.recovery()
            assert await store.get_many(["a"]) == [b"1"]
            assert (guarded.server.opened, guarded.server.left) == (connections, connections - 1)


async def test_a_server_that_opens_but_does_not_answer_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mcp_toolweaver.resilience.guarded_store._OPENING", 0.01)
    guarded = Guarded()
    guarded.server.gate = anyio.Event()
    async with guarded.running() as store:
        assert "did not answer within" in store.reason
        assert isinstance(await away(store), CircuitOpen)
        await until(lambda: guarded.server.attempts >= 2)
        guarded.server.gate = None
        await guarded.becomes(Circuit.CLOSED)


async def test_when_its_task_has_ended_nothing_is_asked() -> None:
    guarded = Guarded()
    async with guarded.running():
        pass
    assert guarded.server.left == 1
    assert (await away(guarded.store)).reason == "it is not connected"
    assert guarded.server.asked == ["check"]


async def test_a_batch_that_no_user_waits_for_has_more_time() -> None:
    guarded = Guarded(deadline=0.02, pause=NEVER)
    async with guarded.running() as store:
        guarded.server.gate = anyio.Event()
        with pytest.raises(DeadlineExceeded, match=r"no answer in 0\.12 s"):
            await store.get_many([str(number) for number in range(100)])
