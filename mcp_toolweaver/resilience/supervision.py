"""A background task that fails is started again, and takes nothing else with it."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable

import anyio

_log = logging.getLogger(__name__)

_FIRST_PAUSE = 1.0
_LONGEST_PAUSE = 60.0


async def keep_running(name: str, task: Callable[[], Awaitable[None]]) -> None:
    """Run a task until it returns; after an unforeseen failure log it, wait 1 to 60 s, run it again."""
    pause = _FIRST_PAUSE
    while True:
        try:
            await task()
        except Exception:  # noqa: BLE001  whatever it is, the rest goes on
            _log.exception("%s failed by a fault of our own; it starts again in %.0f s", name, pause)
        else:
            return
        await anyio.sleep(pause)
        pause = min(2 * pause, _LONGEST_PAUSE)
