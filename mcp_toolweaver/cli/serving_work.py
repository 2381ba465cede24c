"""What goes on behind a server of either kind, and how it is told to stop."""

from __future__ import annotations

import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING

import anyio

from mcp_toolweaver.core.threads import run_in_thread
from mcp_toolweaver.resilience.supervision import keep_running
from mcp_toolweaver.telemetry.timeline import Moment, Step, line

if TYPE_CHECKING:
    from mcp_toolweaver.app import App
    from mcp_toolweaver.config import Configuration
    from mcp_toolweaver.server.gateway import Gateway

_SIGNALS = tuple(getattr(signal, name) for name in ("SIGTERM", "SIGINT", "SIGHUP") if hasattr(signal, name))
_HANGUP = getattr(signal, "SIGHUP", None)


_LAST = 2.5
"""Seconds for the last answers, once we were told to wait for nothing."""


@dataclass(slots=True)
class Told:
    """What we are told by signals, and what others are told of our configuration."""

    stopping: anyio.Event = field(default_factory=anyio.Event)
    """Set when we are to stop."""
    on_hurry: Callable[[], None] = lambda: None
    """Is called when we are told again, and are to wait for nothing; the server sets it."""
    on_reload: Callable[[], None] = lambda: None
    """Is called when we are to read the configuration again; the server sets it."""
    degraded: tuple[str, ...] = ()
    """One sentence for each thing that is not as the configuration says."""


async def until_signal(serve: Callable[[Told], Awaitable[None]]) -> None:
    """Serve until ``serve`` returns; a signal tells it to stop, and a second one to wait for nothing.

    SIGHUP means to reload. Signals stay handled until every server behind us has been ended.
    """
    with anyio.open_signal_receiver(*_SIGNALS) as signals:
        async with anyio.create_task_group() as tasks:
            serving, told = anyio.CancelScope(), Told()
            tasks.start_soon(_tell, signals, serving, told)
            with serving:
                await serve(told)
            tasks.cancel_scope.cancel()


async def _tell(signals: AsyncIterator[signal.Signals], serving: anyio.CancelScope, told: Told) -> None:
    async with anyio.create_task_group() as tasks:
        async for each in signals:
            if each == _HANGUP:
                told.on_reload()
            elif told.stopping.is_set():
                told.on_hurry()
                tasks.start_soon(_cancel_later, serving)
            else:
                told.stopping.set()


async def _cancel_later(serving: anyio.CancelScope) -> None:
    """Cancel what has not ended by itself, such as a server that is only starting, or whose host does not read."""
    await anyio.sleep(_LAST)
    serving.cancel()


async def work_behind(app: App, gateway: Gateway, loaded: Configuration, told: Told) -> None:
    """Open the servers, index their tools, and tell how that goes, until cancelled."""
    follow = partial(app.warmup.run, gateway.catalog_changed, app.cached)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(app.catalog.run)
        tasks.start_soon(keep_running, "the cache", app.run_caches)
        tasks.start_soon(keep_running, "the index", app.run_index)
        tasks.start_soon(keep_running, "indexing", follow)
        tasks.start_soon(keep_running, "the status file", partial(_report, app, loaded, told))


async def note_greeting(app: App, gateway: Gateway) -> None:
    """Note on the timeline when the first host was greeted."""
    app.warmup.timeline.waits(Step.GREETED, "the host has not asked anything")
    await gateway.greeted.wait()
    app.warmup.timeline.done(Step.GREETED)


def print_step(seconds: float, moment: Moment) -> None:
    """Print a step of the start to stderr."""
    sys.stderr.write(f"{line(seconds, moment)}\n")


async def _report(app: App, loaded: Configuration, told: Told) -> None:
    reporting = await run_in_thread(import_module, "mcp_toolweaver.cli.status_reporting")
    await reporting.keep_reporting(app, loaded, lambda: told.degraded)
