"""``toolweaver serve --http``: for hosts that come over the network."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from socket import socket

import anyio

from mcp_toolweaver.admission import open_admission, refuse_wrong, resource_routes
from mcp_toolweaver.app import App, open_app
from mcp_toolweaver.cli.configuring import configuration
from mcp_toolweaver.cli.gateways import gateway_of
from mcp_toolweaver.cli.reloading import keep_reloading
from mcp_toolweaver.cli.serving_work import Told, note_greeting, print_step, until_signal, work_behind
from mcp_toolweaver.cli.within import Within
from mcp_toolweaver.config import Configuration, Settings
from mcp_toolweaver.core.access import Profile
from mcp_toolweaver.core.errors import ConfigurationError, Unavailable
from mcp_toolweaver.core.exchange import HOSTS
from mcp_toolweaver.server.gateway import Gateway
from mcp_toolweaver.server.web.address import Address
from mcp_toolweaver.server.web.admitting import OpenAdmission, caller_of
from mcp_toolweaver.server.web.app import Doorkeeping, Limits, web_app
from mcp_toolweaver.server.web.health import Health
from mcp_toolweaver.server.web.listening import bound, listen
from mcp_toolweaver.server.web.origins import AllowList

_log = logging.getLogger("mcp_toolweaver.serve")

_MIB = 1024 * 1024
_LINGERING = 0.5
"""Seconds for which requests that were on their way still get an answer, which says that we are stopping."""
_WRONG = 2
"""The exit status for what its caller can mend."""


def run(
    config: Path | None, written: str, *, is_insecure: bool, profile: str | None = None, timeline: bool = False
) -> int:
    """Serve at the address that was written until the process is told to stop; return the exit status.

    Everybody is within ``profile``, where one is named. See `toolweaver serve --help` for the others.
    """
    try:
        address = Address.of(written)
        loaded = configuration(config)
        within = Within(loaded.settings, profile)
        keeping = _doorkeeping(loaded, address, within, is_insecure=is_insecure)
        place = bound(address)
    except (ValueError, ConfigurationError) as error:
        sys.stderr.write(f"toolweaver: {error}\n")
        return _WRONG
    except Unavailable as away:
        sys.stderr.write(f"toolweaver: {away}\n")
        return 1
    status = 1
    try:

        async def serve(told: Told) -> None:
            await _serve(loaded, keeping, within, place, told, timeline=timeline)

        anyio.run(until_signal, serve)
        status = 0
    except Exception:  # noqa: BLE001  nothing is above us
        _log.exception("serving ended by a fault of our own")
    finally:
        sys.stderr.flush()
        os._exit(status)  # a thread that waits in a model's start-up must not hold the process


async def _serve(
    loaded: Configuration,
    keeping: Doorkeeping,
    within: Within,
    place: tuple[socket, Address],
    told: Told,
    *,
    timeline: bool,
) -> None:
    listening, address = place
    async with open_app(loaded) as app, anyio.create_task_group() as tasks:
        gateway = gateway_of(app, loaded.settings, is_open=True, caller_of=caller_of)
        if timeline:
            app.warmup.timeline.listen(print_step)
        told.on_hurry = gateway.drain.hurry
        HOSTS.set(gateway.sessions)  # before any task that opens a server
        tasks.start_soon(gateway.run)
        tasks.start_soon(note_greeting, app, gateway)
        tasks.start_soon(work_behind, app, gateway, loaded, told)
        profiles = partial(_take_over, keeping.profiles)
        tasks.start_soon(keep_reloading, app, gateway, loaded, told, profiles, within.take_over)
        closing = anyio.Event()
        async with web_app(gateway, Health(_missing(app, gateway)), keeping) as web:
            sys.stderr.write(f"toolweaver: serving MCP at http://{address}/mcp (SSE at /sse)\n")
            sys.stderr.flush()
            tasks.start_soon(_close, gateway, told.stopping, closing, loaded.settings.serve.drain_timeout)
            await listen(web, listening, closing)
        tasks.cancel_scope.cancel()


async def _close(gateway: Gateway, stopping: anyio.Event, closing: anyio.Event, drain: float) -> None:
    await stopping.wait()
    await gateway.drain.stop(drain)
    await anyio.sleep(_LINGERING)
    closing.set()


def _missing(app: App, gateway: Gateway) -> Callable[[], str | None]:
    def missing() -> str | None:
        if gateway.drain.is_stopping:
            return "stopping"
        return None if app.warmup.is_searchable else "the tools are not searchable yet"

    return missing


def _doorkeeping(loaded: Configuration, address: Address, within: Within, *, is_insecure: bool) -> Doorkeeping:
    """Return who may come in.

    Raises:
        ConfigurationError: that is not known for sure, or everybody might.
        Unavailable: the file of tokens cannot be read.
    """
    settings, profiles = loaded.settings, loaded.settings.named_profiles
    refuse_wrong(loaded.problems)
    admission = open_admission(settings.data_dir, settings.serve.oauth, profiles)
    if admission is None and not (address.is_loopback or is_insecure):
        raise ConfigurationError(
            f"{address} can be reached from other machines, and everybody there could use your tools: make a token "
            "with `toolweaver token add NAME` first, or say --insecure"
        )
    return Doorkeeping(
        AllowList.of(address, settings.serve.allowed_hosts, settings.serve.allowed_origins),
        OpenAdmission() if admission is None or is_insecure else admission,
        profiles,
        _limits(settings),
        resource_routes(settings.serve.oauth),
        lambda: within.caller.profiles,
    )


def _limits(settings: Settings) -> Limits:
    given = settings.serve
    return Limits(
        body_bytes=given.max_body_mb * _MIB,
        sessions=given.max_sessions,
        session_idle_seconds=given.session_idle_timeout,
        requests_per_second=given.requests_per_second,
        requests_at_once=given.concurrent_requests,
    )


def _take_over(profiles: dict[str, Profile], changed: Configuration) -> None:
    profiles.clear()
    profiles.update(changed.settings.named_profiles)
