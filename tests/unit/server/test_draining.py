"""What is finished when we are to stop, in virtual time."""

from __future__ import annotations

from functools import partial
from types import SimpleNamespace
from typing import Any

import anyio
import pytest
from mcp.shared.exceptions import MCPError

from mcp_toolweaver.server.draining import Drain
from tests.fakes.virtual_time import BACKEND

pytestmark = pytest.mark.anyio


@pytest.fixture(scope="module")
def anyio_backend() -> Any:
    return BACKEND


async def test_what_ends_in_time_is_answered_and_the_rest_is_an_error() -> None:
    drain, ended = Drain(), dict[str, Any]()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(_request, drain, ended, "quick", 3)
        tasks.start_soon(_request, drain, ended, "slow", 100)
        await anyio.sleep(1)
        begun = anyio.current_time()
        await drain.stop(15)
        assert anyio.current_time() - begun == pytest.approx(15)
    assert ended["quick"] == {}
    assert "The call may have been executed" in ended["slow"]


async def test_of_what_changes_nothing_that_is_said() -> None:
    drain, ended = Drain(), dict[str, Any]()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(partial(_request, drain, ended, "search", 100, tool="search_tools"))
        tasks.start_soon(_request, drain, ended, "list", 100, "tools/list")
        await anyio.sleep(1)
        await drain.stop(15)
    assert all("Nothing was executed" in said for said in ended.values())
    assert len(ended) == 2


async def test_who_is_told_again_waits_for_nothing() -> None:
    drain, ended, begun = Drain(), dict[str, Any](), anyio.current_time()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(_request, drain, ended, "slow", 1_000)
        tasks.start_soon(drain.stop, 500)
        await anyio.sleep(3)
        drain.hurry()
    assert anyio.current_time() - begun < 5
    assert "may have been executed" in ended["slow"]


async def test_an_answer_to_a_call_that_stands_is_taken_while_others_end() -> None:
    drain, ended = Drain(), dict[str, Any]()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(_request, drain, ended, "slow", 10)
        tasks.start_soon(drain.stop, 15)
        await anyio.sleep(1)
        await _request(drain, ended, "new", 1)
        await _request(drain, ended, "taken up", 1, goes_on=True)
    await _request(drain, ended, "too late", 1, goes_on=True)
    assert (ended["slow"], ended["taken up"]) == ({}, {})
    assert "did not begin this" in ended["new"]
    assert "may have been executed" in ended["too late"]


async def test_nothing_is_waited_for_where_nothing_is_being_answered() -> None:
    drain, begun = Drain(), anyio.current_time()
    await drain.stop(15)
    assert anyio.current_time() == begun
    ended = dict[str, Any]()
    await _request(drain, ended, "late", 0)
    assert ended["late"].startswith("Toolweaver is stopping")


@pytest.mark.parametrize("method", ["ping", "notifications/x"])
async def test_what_goes_on_goes_on(method: str) -> None:
    drain, ended = Drain(), dict[str, Any]()
    await drain.stop(0)
    await _request(drain, ended, "one", 0, method)
    assert ended == {"one": {}}


async def test_requests_without_an_end_hold_nobody_up() -> None:
    drain, ended = Drain(), dict[str, Any]()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(_request, drain, ended, "endless", 1_000, "subscriptions/listen")
        await anyio.sleep(1)
        begun = anyio.current_time()
        await drain.stop(15)
        assert anyio.current_time() - begun < 1
    assert "stopped" in ended["endless"]


async def test_a_stream_that_ends_in_order_has_the_last_word() -> None:
    drain, ended, closed = Drain(), dict[str, Any](), anyio.Event()
    drain.on_end(closed.set)

    async def listen() -> None:
        async def until_closed(_context: Any) -> dict[str, Any]:
            await closed.wait()
            return {"last": "word"}

        context: Any = SimpleNamespace(method="subscriptions/listen", request_id=1, params={})
        ended["stream"] = await drain.pass_through(context, until_closed)

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(listen)
        await anyio.sleep(1)
        await drain.end_endless()
    assert ended == {"stream": {"last": "word"}}
    await _request(drain, ended, "another", 0, "subscriptions/listen")
    await _request(drain, ended, "call", 0)
    assert "did not begin" in ended["another"]
    assert ended["call"] == {}


async def _request(
    drain: Drain,
    ended: dict[str, Any],
    name: str,
    seconds: float,
    method: str = "tools/call",
    *,
    tool: str = "call_tool",
    goes_on: bool = False,
) -> None:
    async def call_next(_context: Any) -> dict[str, Any]:
        await anyio.sleep(seconds)
        return {}

    number = None if method.startswith("notifications/") else 1
    context: Any = SimpleNamespace(method=method, request_id=number, params={"name": tool})
    try:
        ended[name] = await drain.pass_through(context, call_next, goes_on=goes_on)
    except MCPError as error:
        ended[name] = error.message
