"""``toolweaver serve``: what a host starts as a subprocess."""

from __future__ import annotations

import logging
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import anyio

from mcp_toolweaver.cli.serving_work import Told, note_greeting, print_step, until_signal, work_behind
from mcp_toolweaver.core.errors import ConfigurationError
from mcp_toolweaver.core.exchange import HOSTS
from mcp_toolweaver.server.streams import ClaimedStreams, claim_streams

if TYPE_CHECKING:
    from mcp_toolweaver.app import App
    from mcp_toolweaver.cli.within import Within
    from mcp_toolweaver.config import Configuration
    from mcp_toolweaver.server.gateway import Gateway

_log = logging.getLogger("mcp_toolweaver.serve")

_GREETING = 1.0
"""Seconds that the work behind waits for the handshake."""


def run(config: Path | None, *, profile: str | None = None, timeline: bool = False) -> int:
    """Serve until the host closes stdin or the process is told to stop; return the exit status.

    The host sees what is in ``profile``, where one is named. With ``timeline`` each step of the start goes to stderr
    when it is done.
    """
    streams = claim_streams()
    from mcp_toolweaver.cli.configuring import configuration  # noqa: PLC0415  after stdout was claimed
    from mcp_toolweaver.cli.within import Within  # noqa: PLC0415

    status = 1
    try:
        loaded = configuration(config)
        within = Within(loaded.settings, profile)

        async def serve(told: Told) -> None:
            await _serve(loaded, within, streams, told, timeline=timeline)

        anyio.run(until_signal, serve)
        status = 0
    except ConfigurationError as error:
        sys.stderr.write(f"toolweaver: {error}\n")
        status = 2
    except Exception:  # noqa: BLE001  nothing is above us
        _log.exception("serving ended by a fault of our own")
    finally:
        sys.stderr.flush()
        os._exit(status)  # a thread that waits in read() or in a model's start-up must not hold the process


async def _serve(loaded: Configuration, within: Within, streams: ClaimedStreams, told: Told, *, timeline: bool) -> None:
    from mcp_toolweaver.app import open_app  # noqa: PLC0415
    from mcp_toolweaver.cli.gateways import gateway_of  # noqa: PLC0415
    from mcp_toolweaver.cli.reloading import keep_reloading  # noqa: PLC0415
    from mcp_toolweaver.server.stdio import serve  # noqa: PLC0415

    async with open_app(loaded) as app, anyio.create_task_group() as tasks:
        gateway = gateway_of(app, loaded.settings, caller_of=lambda _context: within.caller)
        if timeline:
            app.warmup.timeline.listen(print_step)
        told.on_hurry = gateway.drain.hurry
        HOSTS.set(gateway.sessions)  # before any task that opens a server
        tasks.start_soon(gateway.run)
        tasks.start_soon(note_greeting, app, gateway)
        tasks.start_soon(_work_behind, app, gateway, loaded, told)
        tasks.start_soon(keep_reloading, app, gateway, loaded, told, within.take_over)
        await serve(gateway, streams, told.stopping, drain=loaded.settings.serve.drain_timeout)
        tasks.cancel_scope.cancel()


async def _work_behind(app: App, gateway: Gateway, loaded: Configuration, told: Told) -> None:
    """Open the servers and index their tools, once the host has been greeted."""
    with anyio.move_on_after(_GREETING):
        await gateway.greeted.wait()
    await work_behind(app, gateway, loaded, told)
