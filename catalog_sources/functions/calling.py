"""Calling foreign functions so that none can hold up, or end, those around it."""

from __future__ import annotations

import inspect
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import anyio

from catalog_sources.functions.finding import Function
from catalog_sources.functions.folders import looking_in
from catalog_sources.functions.signature import Signature
from mcp_toolweaver import ForeignExit, ToolResult, run_apart

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class FunctionTool:
    """A function and what it takes and returns."""

    function: Function
    signature: Signature

    @property
    def name(self) -> str:
        """What it is called by."""
        return str(self.signature.definition["name"])


class Calls:
    """Calls the functions of a source: synchronous ones in threads, asynchronous ones in the event loop.

    A thread cannot be ended from outside. One whose caller has left is counted until its function returns, and while
    there are too many of these nothing more is begun in threads.
    """

    def __init__(self, folder: Path | None, *, timeout: float, most_left: int) -> None:
        """Give each call ``timeout`` seconds; begin none while ``most_left`` threads run on without a caller.

        What a function imports only when it is called is looked for in ``folder`` first.
        """
        self._folder = folder
        self._timeout = timeout
        self._most_left = most_left
        self._left: list[_Run] = []

    async def call(self, tool: FunctionTool, arguments: Mapping[str, Any]) -> ToolResult:
        """Call a function; what it raises is a result that is an error, and its traceback goes to the log.

        Raises:
            InvalidArguments: the arguments do not fit.
        """
        read = tool.signature.read(arguments)
        self._left = [run for run in self._left if not run.has_ended]
        is_async = inspect.iscoroutinefunction(tool.function)
        if len(self._left) >= self._most_left and not is_async:
            return _error(self._full())
        patience = anyio.CancelScope(deadline=anyio.current_time() + self._timeout)
        try:
            with patience, looking_in(self._folder):
                value = await (tool.function(**read) if is_async else self._in_thread(tool, read))
                value = await value if inspect.isawaitable(value) else value
                return ToolResult({**tool.signature.returned.write(value), "isError": False})
        except (Exception, SystemExit) as error:  # noqa: BLE001  a function may raise anything
            cause = error.cause if isinstance(error, ForeignExit) else error
            _log.warning("%s() raised an error", tool.name, exc_info=cause)
            return _error(f"{tool.name}() failed: {type(cause).__name__}: {cause}")
        return _error(self._late(tool, is_async=is_async))

    async def _in_thread(self, tool: FunctionTool, arguments: Mapping[str, Any]) -> Any:
        run = _Run(tool.name, lambda: tool.function(**arguments))
        try:
            return await run_apart(run)
        finally:
            if not run.has_ended:
                self._left.append(run)

    def _late(self, tool: FunctionTool, *, is_async: bool) -> str:
        rest = "was cancelled" if is_async else "may still be running, and take effect"
        return f"{tool.name}() did not return within {self._timeout:g} s (call_timeout); it {rest}"

    def _full(self) -> str:
        names = ", ".join(sorted({f"{run.name}()" for run in self._left}))
        return (
            f"Not called: {len(self._left)} earlier calls ({names}) go on though nobody waits for them any more "
            "(max_hung); try again when they have ended, or restart Toolweaver"
        )


class _Run:
    """One call in a thread, which knows when it has ended."""

    def __init__(self, name: str, call: Callable[[], Any]) -> None:
        self.name = name
        self.__name__ = name
        self.has_ended = False
        self._call = call

    def __call__(self) -> Any:
        try:
            return self._call()
        finally:
            self.has_ended = True


def _error(text: str) -> ToolResult:
    return ToolResult.from_text(text, is_error=True)
