"""Telling many hosts something at once, so that one that does not read keeps no other waiting."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from typing import TypeAlias

import anyio

Telling: TypeAlias = Callable[[], Awaitable[None]]
"""Tells one host."""

_PATIENCE = 5.0
"""Seconds that a host has to take it; one that is so far behind is not told."""


async def tell_all(tellings: Iterable[Telling]) -> None:
    """Tell all of them, and return when each was told or is given up."""
    async with anyio.create_task_group() as tasks:
        for telling in tellings:
            tasks.start_soon(_tell, telling)


async def _tell(telling: Telling) -> None:
    with anyio.move_on_after(_PATIENCE):
        await telling()
