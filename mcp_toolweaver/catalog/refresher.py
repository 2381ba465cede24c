"""Makes the old listings of sources anew that are not open, a few at a time."""

from __future__ import annotations

import random
from collections.abc import Sequence

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


async def keep_fresh(runners: Sequence[SourceRunner]) -> None:
    """List each source anew when its listing is old, until cancelled; an open one does that by itself."""
    turns = anyio.Semaphore(_AT_ONCE)
    async with anyio.create_task_group() as tasks:
        for runner in runners:
            if runner.setup.policy.refresh_interval:
                tasks.start_soon(_follow, runner, turns)


async def _follow(runner: SourceRunner, turns: anyio.Semaphore) -> None:
    await anyio.sleep(_QUIET + random.uniform(0.0, _SPREAD))  # noqa: S311  not a secret
    while True:
        await anyio.sleep(jittered(max(runner.old_in, 0.0)))
        async with turns:
            with anyio.move_on_after(_TURN):
                await runner.list_anew()
        await anyio.sleep(_LEAST)
