"""The tasks of the sources: each may begin and end while the others go on."""

from __future__ import annotations

import anyio
from anyio.abc import TaskGroup

from mcp_toolweaver.catalog.refresher import Refresher
from mcp_toolweaver.catalog.runner import SourceRunner

_GRACE = 15.0
"""Seconds in which calls of a source end that is no longer wanted."""
_LOOKING = 0.05


class Lives:
    """Runs sources; `hold` must be running."""

    def __init__(self) -> None:
        """Begin with none."""
        self._tasks: TaskGroup | None = None
        self._waiting: list[tuple[SourceRunner, anyio.Event | None]] = []
        self._scopes: dict[SourceRunner, anyio.CancelScope] = {}
        self._ended: dict[SourceRunner, anyio.Event] = {}
        self._refresher = Refresher()

    async def hold(self) -> None:
        """Run what has begun, until cancelled; then every source is left."""
        async with anyio.create_task_group() as tasks:
            self._tasks = tasks
            for runner, after in self._waiting:
                tasks.start_soon(self._live, runner, after)
            self._waiting.clear()
            await anyio.sleep_forever()

    def begin(self, runner: SourceRunner, after: anyio.Event | None = None) -> None:
        """Run a source, once ``after`` is set: two of one name are never open at the same time."""
        self._scopes[runner], self._ended[runner] = anyio.CancelScope(), anyio.Event()
        if self._tasks is None:
            self._waiting.append((runner, after))
        else:
            self._tasks.start_soon(self._live, runner, after)

    def retire(self, runner: SourceRunner) -> anyio.Event:
        """End a source when its calls have ended, or after 15 s; return what is set when it has been left."""
        ended = self._ended.get(runner)
        if ended is None or self._tasks is None:
            ended = anyio.Event()
            ended.set()
        else:
            self._tasks.start_soon(self._end, runner)
        return ended

    async def _live(self, runner: SourceRunner, after: anyio.Event | None) -> None:
        with self._scopes[runner]:
            if after is not None:
                await after.wait()
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(self._refresher.follow, runner)
                tasks.start_soon(runner.run)
        del self._scopes[runner]
        self._ended.pop(runner).set()

    async def _end(self, runner: SourceRunner) -> None:
        with anyio.move_on_after(_GRACE):
            while runner.door.uses.is_any:  # noqa: ASYNC110  it is seldom waited for
                await anyio.sleep(_LOOKING)
        if runner in self._scopes:
            self._scopes[runner].cancel()
