"""Makes the old listings of sources anew that are not open, a few at a time."""

from __future__ import annotations

import random

import anyio

from mcp_toolweaver.catalog.freshness import jittered
from mcp_toolweaver.catalog.runner import SourceRunner

_AT_ONCE = 4
"""So many are opened together, since each may be a process that takes a second of a core."""
_QUIET = 10.0
"""Seconds after the start in which nothing is opened that nobody wants: commands that do one thing are over by then."""
_SPREAD = 20.0
"""Seconds over which the first openings are spread after that."""
_TURN = 120.0
"""Seconds after which one that has been neither listed nor failed is in nobody's way any more."""
_LEAST = 30.0
"""Seconds between two looks at one source."""


class Refresher:
    """Lists sources anew, some at a time."""

    def __init__(self) -> None:
        """Begin with none."""
        self._turns = anyio.Semaphore(_AT_ONCE)

    async def follow(self, runner: SourceRunner) -> None:
        """List a source anew when its listing is old, until cancelled; an open one does that by itself."""
        await anyio.sleep(_QUIET + random.uniform(0.0, _SPREAD))  # noqa: S311  not a secret
        while True:
            with anyio.move_on_after(jittered(max(runner.old_in, 0.0))) as waiting:
                await runner.adopted.wait()
            if not waiting.cancelled_caught:
                continue  # it may be old sooner, or later
            async with self._turns:
                with anyio.move_on_after(_TURN):
                    await runner.list_anew()
            await anyio.sleep(_LEAST)
