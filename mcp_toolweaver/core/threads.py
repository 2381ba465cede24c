"""The only door out of the event loop."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar, TypeVarTuple

import anyio
import anyio.to_thread

ResultT = TypeVar("ResultT")
ArgumentsT = TypeVarTuple("ArgumentsT")


async def run_in_thread(
    function: Callable[[*ArgumentsT], ResultT],
    *arguments: *ArgumentsT,
    limiter: anyio.CapacityLimiter | None = None,
) -> ResultT:
    """Run a blocking function in a worker thread.

    A cancelled caller leaves at once; the thread then ends by itself and its result is
    dropped, so that a deadline holds even over a call that hangs.
    """
    return await anyio.to_thread.run_sync(function, *arguments, limiter=limiter, abandon_on_cancel=True)
