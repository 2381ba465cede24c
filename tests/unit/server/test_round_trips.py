"""Calls that stand until a host has answered: none is lost, and none is kept for ever."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from typing import Any, cast

import anyio
import pytest

from mcp_toolweaver.core.access import Caller, Profile, as_caller
from mcp_toolweaver.core.errors import InvalidArguments, Unavailable
from mcp_toolweaver.core.exchange import Refusal
from mcp_toolweaver.core.tools import ToolResult
from mcp_toolweaver.server import round_trips
from mcp_toolweaver.server.round_trips import Making, RoundTrips, Trip
from tests.fakes.virtual_time import BACKEND

pytestmark = pytest.mark.anyio

CONTEXT: Any = cast("Any", None)
DONE = ToolResult.from_text("done")


@pytest.fixture(scope="module")
def anyio_backend() -> Any:
    return BACKEND


@asynccontextmanager
async def running() -> AsyncGenerator[RoundTrips]:
    trips = RoundTrips()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(trips.run)
        yield trips
        tasks.cancel_scope.cancel()


def asking(*questions: str) -> Making:
    async def make(trip: Trip) -> ToolResult:
        answers = [await trip.ask("elicitation/create", {"message": question}) for question in questions]
        return ToolResult.from_text(str(answers))

    return make


async def asked(trips: RoundTrips, make: Making) -> tuple[str, list[str]]:
    return of((await trips.begin(CONTEXT, make)).payload)


def of(payload: Mapping[str, Any]) -> tuple[str, list[str]]:
    assert payload["resultType"] == "input_required"
    return payload["requestState"], list(payload["inputRequests"])


async def test_a_call_without_questions_ends_at_once() -> None:
    async def make(_trip: Trip) -> ToolResult:
        return DONE

    async def fail(_trip: Trip) -> ToolResult:
        raise Unavailable("it", "is away")

    async with running() as trips:
        assert await trips.begin(CONTEXT, make) is DONE
        with pytest.raises(Unavailable):
            await trips.begin(CONTEXT, fail)
        assert trips.standing == 0


async def test_each_question_has_a_state_and_a_key_of_its_own() -> None:
    async with running() as trips:
        first, [one] = await asked(trips, asking("a", "b"))
        second, [two] = of((await trips.go_on(CONTEXT, first, {one: {"x": 1}})).payload)
        assert (first != second, one != two) == (True, True)
        result = await trips.go_on(CONTEXT, second, {two: {"x": 2}, one: {"x": 3}})
        assert "[{'x': 1}, {'x': 2}]" in str(result.payload)
        for state in (first, second, "toolweaver:forged"):
            with pytest.raises(InvalidArguments):
                await trips.go_on(CONTEXT, state, {two: {}})


@pytest.mark.parametrize("answer", ["text", 3, None, [1]])
async def test_what_is_no_object_is_no_answer(answer: Any) -> None:
    async with running() as trips:
        state, [key] = await asked(trips, asking("a"))
        with pytest.raises(Refusal):
            await trips.go_on(CONTEXT, state, {key: answer})


async def test_a_state_is_ours_if_we_gave_it_out() -> None:
    async with running() as trips, running() as others:
        state, _keys = await asked(trips, asking("a"))
        assert trips.is_ours(state)
        assert not others.is_ours(state)
        assert not trips.is_ours(None)


async def test_a_call_that_nobody_takes_up_is_given_up_after_ten_minutes() -> None:
    ended: list[float] = []

    async def make(trip: Trip) -> ToolResult:
        try:
            return await asking("a")(trip)
        finally:
            ended.append(anyio.current_time())

    async with running() as trips:
        begun = anyio.current_time()
        await asked(trips, make)
        await anyio.sleep(700)
        assert [round(at - begun) for at in ended] == [600]
        assert trips.standing == 0


async def test_time_stands_still_for_a_call_that_was_taken_up() -> None:
    async def make(trip: Trip) -> ToolResult:
        await trip.ask("roots/list", None)
        await anyio.sleep(5_000)
        return DONE

    async with running() as trips:
        state, [key] = await asked(trips, make)
        await anyio.sleep(500)
        assert await trips.go_on(CONTEXT, state, {key: {}}) is DONE


async def test_of_too_many_the_one_that_has_stood_longest_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(round_trips, "_MOST", 3)
    async with running() as trips:
        states = [(await asked(trips, asking("a")))[0] for _call in range(5)]
        assert trips.standing == 3
        for state in states[:2]:
            with pytest.raises(InvalidArguments):
                await trips.go_on(CONTEXT, state, {})
        for state in states[2:]:
            assert (await trips.go_on(CONTEXT, state, {"q1": {}})).payload["content"]


async def test_a_host_that_gives_up_ends_the_call_and_all_that_it_asks() -> None:
    refused: list[str] = []

    async def ask(trip: Trip) -> None:
        try:
            await trip.ask("roots/list", None)
        except Refusal as refusal:
            refused.append(refusal.message)

    async with running() as trips, anyio.create_task_group() as elsewhere:

        async def make(trip: Trip) -> ToolResult:
            elsewhere.start_soon(ask, trip)  # the server's question comes on another task
            await anyio.sleep_forever()
            return DONE

        state, _keys = await asked(trips, make)
        with anyio.move_on_after(1):
            await trips.go_on(CONTEXT, state, {})
            await trips.begin(CONTEXT, lambda _trip: anyio.sleep_forever())  # type: ignore[arg-type,return-value]
        await anyio.sleep(700)
    assert refused == ["the call that this question was about has ended"]


async def test_a_question_that_was_withdrawn_is_not_put_again() -> None:
    async def make(trip: Trip) -> ToolResult:
        with anyio.move_on_after(1):
            await trip.ask("elicitation/create", {"message": "old"})
        await trip.ask("elicitation/create", {"message": "new"})
        return DONE

    async with running() as trips:
        state, [old] = await asked(trips, make)
        await anyio.sleep(2)
        state, [new] = of((await trips.go_on(CONTEXT, state, {old: {}})).payload)
        assert new != old
        assert await trips.go_on(CONTEXT, state, {new: {}}) is DONE


@pytest.mark.parametrize("other", [Caller("bo"), Caller(), Caller("ada", (Profile("p"),))])
async def test_a_call_that_stands_is_taken_up_by_its_own_caller_only(other: Caller) -> None:
    async with running() as trips:
        with as_caller(Caller("ada")):
            state, [key] = await asked(trips, asking("a"))
        with as_caller(other), pytest.raises(InvalidArguments):
            await trips.go_on(CONTEXT, state, {key: {"x": 1}})
        assert trips.standing == 1
        with as_caller(Caller("ada")):
            assert "{'x': 1}" in str((await trips.go_on(CONTEXT, state, {key: {"x": 1}})).payload)
