"""Resources that hosts watch: each is watched once at its server, for all who want to know."""

from __future__ import annotations

import logging
from collections.abc import Generator
from contextlib import contextmanager

import anyio
from mcp.server.subscriptions import InMemorySubscriptionBus, ResourceUpdated

from mcp_toolweaver.core.errors import NotSent, Unavailable
from mcp_toolweaver.core.exchange import Refusal
from mcp_toolweaver.core.offers import OfferView
from mcp_toolweaver.server.session import HostSession

_log = logging.getLogger(__name__)

_AGAIN = 5.0
"""Seconds until a server that went away is asked again to tell of a resource."""

Watched = tuple[str, str]
"""A server, and the address of a resource there."""


class Watches:
    """Who watches what; `run` must be running."""

    def __init__(self, view: OfferView, bus: InMemorySubscriptionBus) -> None:
        """Watch resources of ``view``; hosts without a session are told over ``bus``."""
        self._view = view
        self._bus = bus
        self._watchers: dict[Watched, dict[object, str]] = {}
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
        self._watchers.setdefault(watched, {})[who] = address
        self._begun.set()

    def end(self, watched: Watched, who: object) -> None:
        """Tell it no longer; the last one ends the watch."""
        watchers = self._watchers.get(watched, {})
        watchers.pop(who, None)
        if not watchers and self._watchers.pop(watched, None) is not None and watched in self._scopes:
            self._scopes.pop(watched).cancel()

    def end_all(self, who: object) -> None:
        """Tell it nothing any more."""
        for watched in list(self._watchers):
            self.end(watched, who)

    @contextmanager
    def during(self, wanted: dict[str, Watched]) -> Generator[None]:
        """Watch resources, by the addresses that the host knows, for as long as one of its requests lasts."""
        who = object()
        for address, watched in wanted.items():
            self.begin(watched, who, address)
        try:
            yield
        finally:
            self.end_all(who)

    async def updated(self, server: str, address: str) -> None:
        """Tell all who watch a resource that it has changed."""
        for who, known in list(self._watchers.get((server, address), {}).items()):
            if isinstance(who, HostSession):
                await who.connection.send_resource_updated(known)
            else:
                await self._bus.publish(ResourceUpdated(known))

    async def _watch(self, watched: Watched, scope: anyio.CancelScope) -> None:
        server, address = watched
        with scope:
            while True:
                try:
                    await self._view.watch_resource(server, address)
                except Refusal as refusal:
                    _log.info("%s: does not tell of %s: %s", server, address, refusal)
                    return
                except (Unavailable, NotSent) as away:
                    _log.info("%s; asked again in %g s to tell of a resource", away, _AGAIN)
                await anyio.sleep(_AGAIN)
