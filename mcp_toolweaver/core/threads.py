"""The only door out of the event loop."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from contextvars import copy_context
from typing import TypeVar, TypeVarTuple

import anyio
import anyio.from_thread
import anyio.lowlevel
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


async def run_apart(function: Callable[[*ArgumentsT], ResultT], *arguments: *ArgumentsT) -> ResultT:
    """Run foreign code that may never return, in a thread of its own, which the process does not wait for at its end.

    A cancelled caller leaves at once, as with `run_in_thread`. Whatever the function raises is raised, ``SystemExit``
    too, as what it is within a `ForeignExit`.
    """
    token, context, ended = anyio.lowlevel.current_token(), copy_context(), anyio.Event()
    outcome: list[ResultT] = []
    failure: list[BaseException] = []

    def run() -> None:
        try:
            outcome.append(context.run(function, *arguments))
        except BaseException as error:  # noqa: BLE001  it is raised where it is waited for
            failure.append(error)
        with suppress(RuntimeError):  # nobody waits any more: the event loop has ended
            anyio.from_thread.run_sync(ended.set, token=token)

    threading.Thread(target=run, daemon=True, name=f"apart: {getattr(function, '__name__', 'function')}").start()
    await ended.wait()
    if failure:
        raise failure[0] if isinstance(failure[0], Exception) else ForeignExit(failure[0])
    return outcome[0]


class ForeignExit(Exception):
    """Foreign code tried to end the process, or raised what is no ordinary error: it is the ``cause``."""

    def __init__(self, cause: BaseException) -> None:
        super().__init__(f"{type(cause).__name__}: {cause}")
        self.cause = cause
