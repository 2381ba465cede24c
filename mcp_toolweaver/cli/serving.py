"""``toolweaver serve``: what a host starts as a subprocess."""

from __future__ import annotations

import logging
import os
import signal
import sys
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import anyio

from mcp_toolweaver.resilience.supervision import keep_running
from mcp_toolweaver.server.streams import ClaimedStreams, claim_streams

if TYPE_CHECKING:
    from mcp_toolweaver.app import App
    from mcp_toolweaver.config import Configuration
    from mcp_toolweaver.server.gateway import Gateway

_log = logging.getLogger("mcp_toolweaver.serve")

_SIGNALS = tuple(getattr(signal, name) for name in ("SIGTERM", "SIGINT", "SIGHUP") if hasattr(signal, name))
_GREETING = 1.0
"""Seconds that the work behind waits for the handshake."""


def run(config: Path | None) -> int:
    """Serve until the host closes stdin or the process is told to stop; return the exit status."""
    streams = claim_streams()
    from mcp_toolweaver.cli.configuring import configuration  # noqa: PLC0415  after stdout was claimed

    status = 1
    try:
        anyio.run(_until_signal, configuration(config), streams)
        status = 0
    except Exception:  # noqa: BLE001  nothing is above us
        _log.exception("serving ended by a fault of our own")
    finally:
        sys.stderr.flush()
        os._exit(status)  # a thread that waits in read() or in a model's start-up must not hold the process


async def _until_signal(loaded: Configuration, streams: ClaimedStreams) -> None:
    """Serve until a signal; signals stay handled until every server behind us has been ended."""
    with anyio.open_signal_receiver(*_SIGNALS) as signals:
        async with anyio.create_task_group() as tasks:
            serving = anyio.CancelScope()
            tasks.start_soon(_cancel_on_signal, signals, serving)
            with serving:
                await _serve(loaded, streams)
            tasks.cancel_scope.cancel()


async def _cancel_on_signal(signals: AsyncIterator[signal.Signals], serving: anyio.CancelScope) -> None:
    async for _signal in signals:
        serving.cancel()


async def _serve(loaded: Configuration, streams: ClaimedStreams) -> None:
    from mcp_toolweaver.app import open_app  # noqa: PLC0415
    from mcp_toolweaver.server.gateway import Gateway  # noqa: PLC0415
    from mcp_toolweaver.server.stdio import serve  # noqa: PLC0415

    async with open_app(loaded) as app, anyio.create_task_group() as tasks:
        threshold = loaded.settings.expose.direct_threshold
        gateway = Gateway(
            app.catalog,
            app.searcher,
            app.caller,
            direct_threshold=threshold,
            wait_searchable=app.warmup.wait_searchable,
        )
        tasks.start_soon(_work_behind, app, gateway)
        await serve(gateway, streams)
        tasks.cancel_scope.cancel()


async def _work_behind(app: App, gateway: Gateway) -> None:
    """Open the servers and index their tools, once the host has been greeted."""
    with anyio.move_on_after(_GREETING):
        await gateway.greeted.wait()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(app.catalog.run)
        tasks.start_soon(keep_running, "the index", app.run_index)
        tasks.start_soon(keep_running, "indexing", partial(app.warmup.run, gateway.catalog_changed))
