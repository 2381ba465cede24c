"""``toolweaver serve``: what a host starts as a subprocess."""

from __future__ import annotations

import os
import signal
import sys
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

_GREETING = 1.0
"""Seconds that the work behind waits for the handshake."""


def run(config: Path | None) -> int:
    """Serve until the host closes stdin or the process is told to stop; return the exit status."""
    streams = claim_streams()
    from mcp_toolweaver.cli.configuring import configuration  # noqa: PLC0415  after stdout was claimed

    anyio.run(_serve, configuration(config), streams)
    sys.stderr.flush()
    os._exit(0)  # a thread that waits in read() or in a model's start-up must not hold the process


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
        tasks.start_soon(_stop_on_signal, tasks.cancel_scope)
        tasks.start_soon(_work_behind, app, gateway)
        await serve(gateway, streams)
        tasks.cancel_scope.cancel()


async def _work_behind(app: App, gateway: Gateway) -> None:
    """Open the servers and index their tools, once the host has been greeted."""
    with anyio.move_on_after(_GREETING):
        await gateway.greeted.wait()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(app.catalog.run)
        tasks.start_soon(keep_running, "indexing", partial(app.warmup.run, gateway.catalog_changed))


async def _stop_on_signal(scope: anyio.CancelScope) -> None:
    """End everything in order on the first signal; the second then ends the process at once."""
    with anyio.open_signal_receiver(signal.SIGTERM, signal.SIGINT) as signals:
        await anext(aiter(signals))
        scope.cancel()
