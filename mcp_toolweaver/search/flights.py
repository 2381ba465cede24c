"""Who asks what is being answered already waits for that answer."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, Generic, TypeVar

AnswerT = TypeVar("AnswerT")


class Flights(Generic[AnswerT]):
    """Answers under way, by what was asked.

    Each is made in a task of its own: who leaves takes nothing from the others, and the last to leave ends it.
    """

    def __init__(self) -> None:
        """Start with none."""
        self._tasks: dict[str, asyncio.Task[AnswerT]] = {}
        self._waiting: dict[asyncio.Task[AnswerT], int] = {}

    async def join(self, key: str, answer: Callable[[], Coroutine[Any, Any, AnswerT]]) -> AnswerT:
        """Return the answer that is under way for ``key``, or make one.

        Raises:
            Exception: whatever ``answer`` raises, for all who wait.
        """
        task = self._tasks.get(key)
        if task is None:
            task = self._tasks[key] = asyncio.create_task(answer())
            task.add_done_callback(lambda done: self._landed(key, done))
        self._waiting[task] = self._waiting.get(task, 0) + 1
        try:
            return await asyncio.shield(task)
        finally:
            self._leave(key, task)

    def _leave(self, key: str, task: asyncio.Task[AnswerT]) -> None:
        left = self._waiting[task] - 1
        self._waiting[task] = left
        if not left:
            del self._waiting[task]
            if not task.done():
                self._landed(key, task)
                task.cancel()

    def _landed(self, key: str, task: asyncio.Task[AnswerT]) -> None:
        if self._tasks.get(key) is task:
            del self._tasks[key]
        if task.done() and not task.cancelled():
            task.exception()  # whoever asked may be gone
