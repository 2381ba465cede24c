"""``toolweaver serve``: what a host starts as a subprocess."""

from __future__ import annotations

import logging
import os
import signal
import sys
from collections.abc import AsyncIterator
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

import anyio

from mcp_toolweaver.core.exchange import HOSTS
from mcp_toolweaver.core.threads import run_in_thread
from mcp_toolweaver.resilience.supervision import keep_running
from mcp_toolweaver.server.streams import ClaimedStreams, claim_streams
from mcp_toolweaver.telemetry.timeline import Moment, Step, line

if TYPE_CHECKING:
    from mcp_toolweaver.app import App
    from mcp_toolweaver.config import Configuration
    from mcp_toolweaver.server.gateway import Gateway

_log = logging.getLogger("mcp_toolweaver.serve")

_SIGNALS = tuple(getattr(signal, name) for name in ("SIGTERM", "SIGINT", "SIGHUP") if hasattr(signal, name))
_GREETING = 1.0
"""Seconds that the work behind waits for the handshake."""


def run(config: Path | None, *, timeline: bool = False) -> int:
    """Serve until the host closes stdin or the process is told to stop; return the exit status.

    With ``timeline`` each step of the start goes to stderr when it is done.
    """
    streams = claim_streams()
    from mcp_toolweaver.cli.configuring import configuration  # noqa: PLC0415  after stdout was claimed

    status = 1
    try:
        anyio.run(_until_signal, configuration(config), streams, timeline)
        status = 0
    except Exception:  # noqa: BLE001  nothing is above us
        _log.exception("serving ended by a fault of our own")
    finally:
        sys.stderr.flush()
        os._exit(status)  # a thread that waits in read() or in a model's start-up must not hold the process


async def _until_signal(loaded: Configuration, streams: ClaimedStreams, timeline: bool) -> None:  # noqa: FBT001  anyio.run passes by position
    """Serve until a signal; signals stay handled until every server behind us has been ended."""
    with anyio.open_signal_receiver(*_SIGNALS) as signals:
        async with anyio.create_task_group() as tasks:
            serving = anyio.CancelScope()
            tasks.start_soon(_cancel_on_signal, signals, serving)
            with serving:
                await _serve(loaded, streams, timeline=timeline)
            tasks.cancel_scope.cancel()


async def _cancel_on_signal(signals: AsyncIterator[signal.Signals], serving: anyio.CancelScope) -> None:
    async for _signal in signals:
        serving.cancel()


async def _serve(loaded: Configuration, streams: ClaimedStreams, *, timeline: bool) -> None:
    from mcp_toolweaver.app import open_app  # noqa: PLC0415
    from mcp_toolweaver.server.exposure import Exposure  # noqa: PLC0415
    from mcp_toolweaver.server.gateway import Gateway  # noqa: PLC0415
    from mcp_toolweaver.server.stdio import serve  # noqa: PLC0415

    async with open_app(loaded) as app, anyio.create_task_group() as tasks:
        expose = loaded.settings.expose
        gateway = Gateway(
            app.catalog,
            app.asked,
            app.short_caller,
            results=app.results,
            offers=app.catalog,
            departed=app.catalog.departed,
            exposure=Exposure(expose.mode, expose.direct_threshold, expose.pin, expose.clients),
            wait_searchable=app.warmup.wait_searchable,
        )
        if timeline:
            app.warmup.timeline.listen(_print_step)
        HOSTS.set(gateway.sessions)  # before any task that opens a server
        tasks.start_soon(gateway.run)
        tasks.start_soon(_note_greeting, app, gateway)
        tasks.start_soon(_work_behind, app, gateway, loaded)
        await serve(gateway, streams)
        tasks.cancel_scope.cancel()


async def _note_greeting(app: App, gateway: Gateway) -> None:
    app.warmup.timeline.waits(Step.GREETED, "the host has not asked anything")
    await gateway.greeted.wait()
    app.warmup.timeline.done(Step.GREETED)


def _print_step(seconds: float, moment: Moment) -> None:
    sys.stderr.write(f"{line(seconds, moment)}\n")


async def _work_behind(app: App, gateway: Gateway, loaded: Configuration) -> None:
    """Open the servers and index their tools, once the host has been greeted."""
    with anyio.move_on_after(_GREETING):
        await gateway.greeted.wait()
    follow = partial(app.warmup.run, gateway.catalog_changed, app.cached)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(app.catalog.run)
        tasks.start_soon(keep_running, "the cache", app.run_caches)
        tasks.start_soon(keep_running, "the index", app.run_index)
        tasks.start_soon(keep_running, "indexing", follow)
        tasks.start_soon(keep_running, "the status file", partial(_report, app, loaded))


async def _report(app: App, loaded: Configuration) -> None:
    reporting = await run_in_thread(import_module, "mcp_toolweaver.cli.status_reporting")
    await reporting.keep_reporting(app, loaded)
