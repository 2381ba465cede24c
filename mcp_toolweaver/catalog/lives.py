"""The tasks of the sources: each may begin and end while the others go on."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any

import anyio
from anyio.abc import TaskGroup

from mcp_toolweaver.catalog.refresher import Refresher
from mcp_toolweaver.catalog.runner import SourceRunner
from mcp_toolweaver.core.status import SourceState

_GRACE = 15.0
"""Seconds in which calls of a source end that is no longer wanted."""
_LOOKING = 0.05
_OVER = "was taken out of the configuration, or is configured otherwise by now; the call was not made: call again"


class Lives:
    """Runs sources; `hold` must be running."""

    def __init__(self) -> None:
        """Begin with none."""
        self._tasks: TaskGroup | None = None
        self._waiting: list[Callable[[], Coroutine[Any, Any, None]]] = []
        self._scopes: dict[SourceRunner, anyio.CancelScope] = {}
        self._last: dict[str, anyio.Event] = {}
        """Set when the last life of a name has ended."""
        self._refresher = Refresher()

    async def hold(self) -> None:
        """Run what has begun, until cancelled; then every source is left."""
        async with anyio.create_task_group() as tasks:
            self._tasks = tasks
            for begun in self._waiting:
                tasks.start_soon(begun)
            self._waiting.clear()
            await anyio.sleep_forever()

    def begin(self, runner: SourceRunner) -> None:
        """Run a source, once the one before it of its name has been left: two are never open at the same time."""
        if runner in self._scopes:
            return
        name, ended = runner.setup.name, anyio.Event()
        before, self._last[name] = self._last.get(name), ended
        self._scopes[runner] = anyio.CancelScope()
        begun = partial(self._live, runner, before, ended)
        if self._tasks is None:
            self._waiting.append(begun)
        else:
            self._tasks.start_soon(begun)

    def retire(self, runner: SourceRunner) -> None:
        """End a source when its calls have ended, or after 15 s."""
        if runner not in self._scopes:
            return
        if self._tasks is None:
            self._scopes[runner].cancel()
        else:
            self._tasks.start_soon(self._end, runner)

    async def _live(self, runner: SourceRunner, before: anyio.Event | None, ended: anyio.Event) -> None:
        if before is not None:
            await before.wait()  # also where this one is not wanted any more, since others wait for it in turn
        with self._scopes[runner]:
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(self._refresher.follow, runner)
                tasks.start_soon(runner.run)
        runner.door.over(_OVER)
        del self._scopes[runner]
        ended.set()
        if self._last[runner.setup.name] is ended:
            del self._last[runner.setup.name]

    async def _end(self, runner: SourceRunner) -> None:
        with anyio.move_on_after(_GRACE):  # who waits for it to be opened loses nothing, and who watches never ends
            while runner.door.state is SourceState.READY and runner.door.requests.is_any:  # noqa: ASYNC110  it is seldom waited for
                await anyio.sleep(_LOOKING)
        if runner in self._scopes:
            self._scopes[runner].cancel()
