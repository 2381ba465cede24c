"""What is finished when we are to stop, in virtual time."""

from __future__ import annotations

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
    assert ended == {"quick": {}, "slow": "Toolweaver was stopped before this was answered."}


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


async def _request(drain: Drain, ended: dict[str, Any], name: str, seconds: float, method: str = "tools/call") -> None:
    async def call_next(_context: Any) -> dict[str, Any]:
        await anyio.sleep(seconds)
        return {}

    number = None if method.startswith("notifications/") else 1
    context: Any = SimpleNamespace(method=method, request_id=number)
    try:
        ended[name] = await drain.pass_through(context, call_next)
    except MCPError as error:
        ended[name] = error.message.partition(" If")[0]
