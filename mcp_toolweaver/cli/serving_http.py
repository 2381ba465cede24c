"""``toolweaver serve --http``: for hosts that come over the network."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Callable
from pathlib import Path
from socket import socket

import anyio

from mcp_toolweaver.app import App, open_app
from mcp_toolweaver.cli.configuring import configuration
from mcp_toolweaver.cli.gateways import gateway_of
from mcp_toolweaver.cli.serving_work import note_greeting, print_step, until_signal, work_behind
from mcp_toolweaver.config import Configuration
from mcp_toolweaver.core.errors import ConfigurationError
from mcp_toolweaver.core.exchange import HOSTS
from mcp_toolweaver.server.gateway import Gateway
from mcp_toolweaver.server.web.address import Address
from mcp_toolweaver.server.web.admitting import caller_of
from mcp_toolweaver.server.web.app import Doorkeeping, Limits, web_app
from mcp_toolweaver.server.web.health import Health
from mcp_toolweaver.server.web.listening import bound, listen
from mcp_toolweaver.server.web.origins import AllowList

_log = logging.getLogger("mcp_toolweaver.serve")

_MIB = 1024 * 1024
_WRONG = 2
"""The exit status for what its caller can mend."""


def run(config: Path | None, written: str, *, is_insecure: bool, timeline: bool = False) -> int:
    """Serve at the address that was written until the process is told to stop; return the exit status."""
    try:
        address = Address.of(written)
        loaded = configuration(config)
        _refuse_wide_open(address, is_insecure=is_insecure)
        listening, address = bound(address)
    except (ValueError, ConfigurationError) as error:
        sys.stderr.write(f"toolweaver: {error}\n")
        return _WRONG
    status = 1
    try:

        async def serve(stopping: anyio.Event) -> None:
            await _serve(loaded, listening, address, stopping, timeline=timeline)

        anyio.run(until_signal, serve)
        status = 0
    except Exception:  # noqa: BLE001  nothing is above us
        _log.exception("serving ended by a fault of our own")
    finally:
        sys.stderr.flush()
        os._exit(status)  # a thread that waits in a model's start-up must not hold the process


def _refuse_wide_open(address: Address, *, is_insecure: bool) -> None:
    if not address.is_loopback and not is_insecure:
        raise ConfigurationError(
            f"{address} can be reached from other machines, and everybody there could use your tools: make a token "
            "with `toolweaver token add NAME` first, or say --insecure"
        )


async def _serve(
    loaded: Configuration, listening: socket, address: Address, stopping: anyio.Event, *, timeline: bool
) -> None:
    async with open_app(loaded) as app, anyio.create_task_group() as tasks:
        gateway = gateway_of(app, loaded.settings, is_open=True, caller_of=caller_of)
        if timeline:
            app.warmup.timeline.listen(print_step)
        HOSTS.set(gateway.sessions)  # before any task that opens a server
        tasks.start_soon(gateway.run)
        tasks.start_soon(note_greeting, app, gateway)
        tasks.start_soon(work_behind, app, gateway, loaded)
        closing = anyio.Event()
        async with web_app(gateway, Health(_missing(app, gateway)), _doorkeeping(loaded, address)) as web:
            sys.stderr.write(f"toolweaver: serving MCP at http://{address}/mcp (SSE at /sse)\n")
            sys.stderr.flush()
            tasks.start_soon(_close, gateway, stopping, closing, loaded.settings.serve.drain_timeout)
            await listen(web, listening, closing)
        tasks.cancel_scope.cancel()


async def _close(gateway: Gateway, stopping: anyio.Event, closing: anyio.Event, drain: float) -> None:
    await stopping.wait()
    await gateway.drain.stop(drain)
    closing.set()


def _missing(app: App, gateway: Gateway) -> Callable[[], str | None]:
    def missing() -> str | None:
        if gateway.drain.is_stopping:
            return "stopping"
        return None if app.warmup.is_searchable else "the tools are not searchable yet"

    return missing


def _doorkeeping(loaded: Configuration, address: Address) -> Doorkeeping:
    given = loaded.settings.serve
    limits = Limits(
        body_bytes=given.max_body_mb * _MIB,
        sessions=given.max_sessions,
        session_idle_seconds=given.session_idle_timeout,
        requests_per_second=given.requests_per_second,
        requests_at_once=given.concurrent_requests,
    )
    return Doorkeeping(AllowList.of(address, given.allowed_hosts, given.allowed_origins), limits=limits)
