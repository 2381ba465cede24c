"""Resources that hosts watch: each is watched once at its server, for all who want to know."""

from __future__ import annotations

import logging
from collections.abc import Generator
from contextlib import contextmanager
from functools import partial

import anyio
from mcp.server.subscriptions import ResourceUpdated

from mcp_toolweaver.core.errors import Unavailable
from mcp_toolweaver.core.exchange import Refusal
from mcp_toolweaver.core.offers import OfferView
from mcp_toolweaver.server.callers_bus import CallersBus
from mcp_toolweaver.server.session import HostSession
from mcp_toolweaver.server.telling import tell_all

_log = logging.getLogger(__name__)

_AGAIN = 5.0
"""Seconds until a server that went away is asked again to tell of a resource."""

Watched = tuple[str, str]
"""A server, and the address of a resource there."""


class Watches:
    """Who watches what; `run` must be running."""

    def __init__(self, view: OfferView, bus: CallersBus) -> None:
        """Watch resources of ``view``; hosts without a session are told over ``bus``."""
        self._view = view
        self._bus = bus
        self._watchers: dict[Watched, dict[tuple[object, str], None]] = {}
        self._begun = anyio.Event()
        self._scopes: dict[Watched, anyio.CancelScope] = {}

    async def run(self) -> None:
        """Watch what is wanted, until cancelled."""
        async with anyio.create_task_group() as tasks:
            while True:
                for watched in [each for each in self._watchers if each not in self._scopes]:
                    self._scopes[watched] = anyio.CancelScope()
                    tasks.start_soon(self._watch, watched, self._scopes[watched])
                await self._begun.wait()
                self._begun = anyio.Event()

    def begin(self, watched: Watched, who: object, address: str) -> None:
        """Tell ``who`` of changes of a resource, which it knows under ``address``."""
        self._watchers.setdefault(watched, {})[who, address] = None
        self._begun.set()

    def end(self, who: object, address: str | None = None) -> None:
        """Tell it no longer, of one address or of any; the last who watches a resource ends the watch."""
        for watched, watchers in list(self._watchers.items()):
            for each in [each for each in watchers if each[0] is who and address in {None, each[1]}]:
                del watchers[each]
            if not watchers:
                del self._watchers[watched]
                if watched in self._scopes:
                    self._scopes.pop(watched).cancel()

    @contextmanager
    def during(self, wanted: dict[str, Watched]) -> Generator[None]:
        """Watch resources, by the addresses that the host knows, for as long as one of its requests lasts."""
        who = object()
        for address, watched in wanted.items():
            self.begin(watched, who, address)
        try:
            yield
        finally:
            self.end(who)

    async def updated(self, server: str, address: str) -> None:
        """Tell all who watch a resource, or what it is a part of, that it has changed."""
        told = [
            (who, known, address.removeprefix(watched))
            for (of, watched), watchers in self._watchers.items()
            if of == server and (address == watched or address.startswith(f"{watched.rstrip('/')}/"))
            for who, known in watchers
        ]
        await tell_all(
            partial(who.connection.send_resource_updated, known + part)
            for who, known, part in told
            if isinstance(who, HostSession)
        )
        for known in dict.fromkeys(known for who, known, _part in told if not isinstance(who, HostSession)):
            await self._bus.publish(ResourceUpdated(known))  # which tells only of what was asked for, each in full

    async def _watch(self, watched: Watched, scope: anyio.CancelScope) -> None:
        server, address = watched
        with scope:
            while True:
                try:
                    await self._view.watch_resource(server, address)
                except Refusal as refusal:
                    _log.info("%s: does not tell of %s: %s", server, address, refusal)
                    self._scopes.pop(watched, None)  # it is asked again with the next who wants to know
                    return
                except Unavailable as away:
                    _log.info("%s; asked again in %g s to tell of a resource", away, _AGAIN)
                except Exception:  # noqa: BLE001  the other watches go on
                    _log.exception("%s: watching %s failed", server, address)
                await anyio.sleep(_AGAIN)
