"""A call is made twice only where its server is trusted, the tool allows it, and the connection was lost."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest

from mcp_toolweaver.core.errors import Busy, CircuitOpen, DeadlineExceeded, NotSent, Unavailable, Unusable
from mcp_toolweaver.core.policy import SourcePolicy
from mcp_toolweaver.core.tools import Tool, ToolResult
from mcp_toolweaver.resilience.repeating import RepeatingCaller
from tests.fakes.caller import FakeCaller
from tests.fakes.virtual_time import BACKEND
from tests.unit.catalog.scripted import outcomes_of

pytestmark = pytest.mark.anyio

LOST = Unavailable("server 's'", "the connection was closed by the server")
DONE = ToolResult.from_text("done")


@pytest.fixture(scope="module")
def anyio_backend() -> Any:
    return BACKEND


def hinted(**hints: Any) -> Tool:
    return Tool.from_definition("s", {"name": "t", "annotations": hints})


def trusting(inner: FakeCaller, *, trusted: bool = True) -> RepeatingCaller:
    return RepeatingCaller(inner, lambda _server: SourcePolicy(trusted=trusted))


@pytest.mark.parametrize("hint", ["readOnlyHint", "idempotentHint"])
async def test_a_tool_that_may_be_called_twice_is(hint: str) -> None:
    inner = FakeCaller()
    inner.next = [LOST]
    assert await trusting(inner).call(hinted(**{hint: True}), {}) == DONE
    assert len(inner.ledger) == 2


@pytest.mark.parametrize("hints", [{}, {"readOnlyHint": False}, {"destructiveHint": True}, {"readOnlyHint": "true"}])
async def test_another_tool_is_called_once(hints: dict[str, Any]) -> None:
    inner = FakeCaller()
    inner.next = [LOST]
    with pytest.raises(Unavailable, match="closed by the server"):
        await trusting(inner).call(hinted(**hints), {})
    assert len(inner.ledger) == 1


async def test_the_word_of_a_server_that_is_not_trusted_does_not_count() -> None:
    inner = FakeCaller()
    inner.next = [LOST]
    with pytest.raises(Unavailable):
        await trusting(inner, trusted=False).call(hinted(readOnlyHint=True), {})
    assert len(inner.ledger) == 1


@pytest.mark.parametrize("kind", [Busy, CircuitOpen, DeadlineExceeded, NotSent, Unusable])
async def test_a_failure_that_is_no_lost_connection_is_the_callers(kind: type[Unavailable]) -> None:
    inner = FakeCaller()
    inner.next = [kind("server 's'", "not now")]
    with pytest.raises(kind):
        await trusting(inner).call(hinted(readOnlyHint=True), {})
    assert len(inner.ledger) == 1


async def test_it_is_made_twice_and_never_three_times() -> None:
    inner = FakeCaller()
    inner.next = [LOST, LOST]
    with pytest.raises(Unavailable):
        await trusting(inner).call(hinted(readOnlyHint=True), {})
    assert len(inner.ledger) == 2


async def test_a_call_that_was_lost_late_is_not_made_again() -> None:
    inner = FakeCaller(31.0)
    inner.next = [LOST]
    with pytest.raises(Unavailable):
        await trusting(inner).call(hinted(readOnlyHint=True), {})
    assert len(inner.ledger) == 1


async def test_a_server_that_loses_every_call_is_asked_a_fifth_more_often_and_no_more() -> None:
    inner = FakeCaller()
    inner.next = [LOST] * 10_000
    caller = trusting(inner)
    for _ in range(1000):
        await outcomes_of(1, partial(caller.call, hinted(readOnlyHint=True), {}))
    assert 1200 <= len(inner.ledger) <= 1201
