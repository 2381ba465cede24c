"""Calls of several hosts over one connection: apart where they must be, in turn, and with patience."""

from __future__ import annotations

import math
from typing import Any, cast

import anyio
import anyio.lowlevel
import pytest

from mcp_toolweaver.core.exchange import Exchange
from mcp_toolweaver.proxy.patience import Patience
from mcp_toolweaver.proxy.turns import Call, Turns
from tests.fakes.virtual_time import BACKEND

pytestmark = pytest.mark.anyio


@pytest.fixture(scope="module")
def anyio_backend() -> Any:
    return BACKEND


class Somebody:
    """A host, by its key."""

    def __init__(self, key: str) -> None:
        self.key = key


def call_of(key: str) -> Call:
    return Call(Exchange(cast("Any", Somebody(key))), Patience(10))


class Hall:
    """Where calls begin and end, as a test notes."""

    def __init__(self, *, are_apart: bool = True) -> None:
        self.turns = Turns()
        self.begun: list[str] = []
        self._are_apart = are_apart

    async def call(self, key: str, seconds: float = 1.0) -> None:
        async with self.turns.taken(call_of(key), are_apart=lambda: self._are_apart):
            self.begun.append(key)
            await anyio.sleep(seconds)

    async def calls(self, *keys: str) -> None:
        async with anyio.create_task_group() as tasks:
            for key in keys:
                tasks.start_soon(self.call, key)
                await anyio.lowlevel.checkpoint()


async def test_calls_of_one_host_are_under_way_together() -> None:
    hall, begun = Hall(), anyio.current_time()
    await hall.calls("a", "a", "a")
    assert round(anyio.current_time() - begun) == 1


async def test_calls_of_two_are_under_way_together_where_nothing_would_be_confused() -> None:
    hall, begun = Hall(are_apart=False), anyio.current_time()
    await hall.calls("a", "b", "a")
    assert round(anyio.current_time() - begun) == 1


async def test_hosts_take_turns_in_the_order_in_which_they_came() -> None:
    hall, begun = Hall(), anyio.current_time()
    await hall.calls("a", "b", "a", "b", "c", "a")
    assert hall.begun == ["a", "b", "a", "b", "c", "a"]
    assert round(anyio.current_time() - begun) == 6
    assert hall.turns.under_way == []


async def test_those_who_came_together_have_their_turn_together() -> None:
    hall, begun = Hall(), anyio.current_time()
    await hall.calls("a", "b", "b", "c")
    assert hall.begun == ["a", "b", "b", "c"]
    assert round(anyio.current_time() - begun) == 3


async def test_who_waits_no_longer_keeps_nobody_waiting() -> None:
    hall = Hall()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(hall.call, "a", 100.0)
        await anyio.sleep(1)
        with anyio.move_on_after(1):
            await hall.call("b")
        with anyio.fail_after(2):
            await hall.call("a")
        tasks.cancel_scope.cancel()
    assert hall.begun == ["a", "a"]


async def test_a_host_that_is_asked_may_call_for_its_answer_though_others_wait() -> None:
    hall, asked = Hall(), call_of("a")
    async with anyio.create_task_group() as tasks, hall.turns.taken(asked, are_apart=lambda: True):
        tasks.start_soon(hall.call, "b")
        await anyio.sleep(1)
        with asked.patience.suspended(), anyio.fail_after(2):
            await hall.call("a")
    assert hall.begun == ["a", "b"]


async def test_patience_ends_after_silence_and_not_before() -> None:
    begun, patience = anyio.current_time(), Patience(10)
    with patience.scope:
        for _step in range(3):
            await anyio.sleep(9)
            patience.renew()
        await anyio.sleep_forever()
    assert round(anyio.current_time() - begun) == 37


async def test_no_time_passes_while_somebody_is_asked_and_all_of_it_is_there_again_after_that() -> None:
    begun, patience = anyio.current_time(), Patience(10)
    with patience.scope:
        await anyio.sleep(9)
        with patience.suspended():
            with patience.suspended():
                await anyio.sleep(1_000)
                patience.renew()
                assert patience.scope.deadline == math.inf
            assert patience.is_suspended
            await anyio.sleep(1_000)
        assert not patience.is_suspended
        await anyio.sleep_forever()
    assert round(anyio.current_time() - begun) == 2_019
