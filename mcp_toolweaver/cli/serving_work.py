"""What goes on behind a server of either kind, and how it is told to stop."""

from __future__ import annotations

import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
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


async def until_signal(serve: Callable[[anyio.Event], Awaitable[None]]) -> None:
    """Serve until ``serve`` returns; a signal sets the event it is given, and a second one cancels it.

    Signals stay handled until every server behind us has been ended.
    """
    with anyio.open_signal_receiver(*_SIGNALS) as signals:
        async with anyio.create_task_group() as tasks:
            serving, stopping = anyio.CancelScope(), anyio.Event()
            tasks.start_soon(_stop_on_signal, signals, serving, stopping)
            with serving:
                await serve(stopping)
            tasks.cancel_scope.cancel()


async def _stop_on_signal(
    signals: AsyncIterator[signal.Signals], serving: anyio.CancelScope, stopping: anyio.Event
) -> None:
    async for _signal in signals:
        if stopping.is_set():
            serving.cancel()
        stopping.set()


async def work_behind(app: App, gateway: Gateway, loaded: Configuration) -> None:
    """Open the servers, index their tools, and tell how that goes, until cancelled."""
    follow = partial(app.warmup.run, gateway.catalog_changed, app.cached)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(app.catalog.run)
        tasks.start_soon(keep_running, "the cache", app.run_caches)
        tasks.start_soon(keep_running, "the index", app.run_index)
        tasks.start_soon(keep_running, "indexing", follow)
        tasks.start_soon(keep_running, "the status file", partial(_report, app, loaded))


async def note_greeting(app: App, gateway: Gateway) -> None:
    """Note on the timeline when the first host was greeted."""
    app.warmup.timeline.waits(Step.GREETED, "the host has not asked anything")
    await gateway.greeted.wait()
    app.warmup.timeline.done(Step.GREETED)


def print_step(seconds: float, moment: Moment) -> None:
    """Print a step of the start to stderr."""
    sys.stderr.write(f"{line(seconds, moment)}\n")


async def _report(app: App, loaded: Configuration) -> None:
    reporting = await run_in_thread(import_module, "mcp_toolweaver.cli.status_reporting")
    await reporting.keep_reporting(app, loaded)
