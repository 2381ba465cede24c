"""What every `CatalogSource` promises. A test file runs `SOURCE_CONTRACT` on each kind.

Each promise is an asynchronous function that takes a `SourceCase`: how to open the source, and what to ask of it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import anyio
import pytest

from mcp_toolweaver import CatalogSource, ConfigurationError, SourceFactory, Tool, ToolResult
from mcp_toolweaver.core.errors import InvalidArguments, ToolNotCallable, UnknownTool
from mcp_toolweaver.proxy.arguments import CheckedCaller
from tests.leaks import watch, watch_tasks

PATIENCE = 60.0
"""Seconds after which a promise that waits is broken."""


@dataclass(frozen=True, slots=True)
class SourceCase:
    """One kind of source, with a tool that echoes a text and one that never ends, if its tools can be called."""

    factory: SourceFactory
    options: Mapping[str, Any]
    kind: str
    echo: str = "echo"
    """Takes ``text``, a required text, and returns something that has it in it."""
    wait: str | None = "wait"
    """Does not return before the test is over."""
    started: Path | None = None
    """Exists, and holds something, when `wait` has begun."""


Promise: TypeAlias = Callable[[SourceCase], Awaitable[None]]

NAME = "under_test"


class _Caller:
    """A source as a `ToolCaller`."""

    def __init__(self, source: CatalogSource) -> None:
        self._source = source

    async def call(self, tool: Tool, arguments: Mapping[str, Any]) -> ToolResult:
        return await self._source.call_tool(tool.id.name, arguments)


async def it_lists_its_tools_under_its_name_as_often_as_it_is_asked(case: SourceCase) -> None:
    async with case.factory(NAME, case.options) as source:
        first, second = await source.list_tools(), await source.list_tools()
    assert case.echo in {tool.id.name for tool in first}
    assert {(tool.id.server, tool.kind) for tool in first} == {(NAME, case.kind)}
    assert [tool.digest for tool in first] == [tool.digest for tool in second]


async def a_tool_that_it_does_not_have_is_an_error_and_it_goes_on(case: SourceCase) -> None:
    async with case.factory(NAME, case.options) as source:
        await source.list_tools()
        assert "no_such_tool" in await _said_to("no_such_tool", source)
        await _echoed(source, case, "still here")


async def arguments_that_do_not_fit_are_refused_by_name(case: SourceCase) -> None:
    async with case.factory(NAME, case.options) as source:
        tool = next(tool for tool in await source.list_tools() if tool.id.name == case.echo)
        if not tool.is_callable:
            return
        nothing: dict[str, Any] = {}
        for wrong in (nothing, {"text": ["a", {"b": 1}]}):
            with pytest.raises(InvalidArguments, match="text"):
                await CheckedCaller(_Caller(source)).call(tool, wrong)
        await _echoed(source, case, "still here")


async def calls_at_once_get_their_own_answers(case: SourceCase) -> None:
    async with case.factory(NAME, case.options) as source, anyio.create_task_group() as tasks:
        for number in range(6):
            tasks.start_soon(_echoed, source, case, f"number {number}")


async def a_cancelled_call_ends_soon_and_leaves_it_usable(case: SourceCase) -> None:
    if case.wait is None:
        return
    nothing: dict[str, Any] = {}
    async with case.factory(NAME, case.options) as source:
        await source.list_tools()
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(source.call_tool, case.wait, nothing)
            while case.started is not None and not (case.started.exists() and case.started.read_bytes()):
                await anyio.sleep(0.01)
            tasks.cancel_scope.cancel()
        await _echoed(source, case, "still here")


async def it_waits_for_changes_until_it_is_left(case: SourceCase) -> None:
    async with case.factory(NAME, case.options) as source:
        await source.list_tools()
        with anyio.move_on_after(0.05) as waiting:
            await source.wait_changed()
        assert waiting.cancelled_caught


async def an_option_that_it_does_not_know_is_refused_by_name(case: SourceCase) -> None:
    with pytest.raises(ConfigurationError, match="no_such_option"):
        async with case.factory(NAME, {**case.options, "no_such_option": True}):
            pass


def kept_clean(promise: Promise, case: SourceCase) -> None:
    """Check a promise, and that nothing is left of the source afterwards: process, descriptor, thread, task."""

    async def within_time() -> None:
        with anyio.fail_after(PATIENCE):
            async with watch_tasks():
                await promise(case)

    with watch():
        anyio.run(within_time)  # an event loop of its own, whose threads end with it


async def _said_to(name: str, source: CatalogSource) -> str:
    """Return what a call of a tool that is not there is answered with: an error, of whatever form."""
    try:
        result = await source.call_tool(name, {})
    except (UnknownTool, ToolNotCallable) as refused:
        return str(refused)
    return str(result.payload)


async def _echoed(source: CatalogSource, case: SourceCase, text: str) -> None:
    """Check that the source answers a call; what cannot be called says so."""
    try:
        result = await source.call_tool(case.echo, {"text": text})
    except ToolNotCallable:
        return
    assert not result.is_error
    assert text in str(result.payload)


SOURCE_CONTRACT: tuple[Promise, ...] = (
    it_lists_its_tools_under_its_name_as_often_as_it_is_asked,
    a_tool_that_it_does_not_have_is_an_error_and_it_goes_on,
    arguments_that_do_not_fit_are_refused_by_name,
    calls_at_once_get_their_own_answers,
    a_cancelled_call_ends_soon_and_leaves_it_usable,
    it_waits_for_changes_until_it_is_left,
    an_option_that_it_does_not_know_is_refused_by_name,
)
