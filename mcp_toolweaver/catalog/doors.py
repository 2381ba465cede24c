"""The sources by name: what each offers beside its tools, and the way to it."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any, TypeVar, cast

import anyio

from mcp_toolweaver.catalog.runner import SourceRunner
from mcp_toolweaver.core.errors import DeadlineExceeded, Unavailable
from mcp_toolweaver.core.interfaces import CatalogSource
from mcp_toolweaver.core.offers import Offers, Peer

_T = TypeVar("_T")


class Doors:
    """An `OfferView` over sources, and what else knows a source by its name."""

    def __init__(self) -> None:
        """Begin with no source."""
        self._runners: list[SourceRunner] = []

    @property
    def offers(self) -> Mapping[str, Offers]:
        """See `OfferView.offers`."""
        offered = {runner.setup.name: runner.listing.offered(runner.setup.policy) for runner in self._runners}
        return {server: offers for server, offers in offered.items() if offers}

    def prefix(self, server: str) -> str:
        """See `OfferView.prefix`."""
        prefix = self._runner(server).setup.policy.prefix
        return server if prefix is None else prefix

    async def request(self, server: str, method: str, params: Mapping[str, Any]) -> dict[str, Any]:
        """See `OfferView.request`; it takes no longer than a call may."""
        seconds = self._runner(server).setup.policy.deadline
        with anyio.move_on_after(seconds):
            return await self.ask(server, lambda source: _peer(source).request(method, params))
        raise DeadlineExceeded(f"server {server!r}", f"{method} did not end within {seconds:g} s and was given up")

    async def watch_resource(self, server: str, uri: str) -> None:
        """See `OfferView.watch_resource`."""
        async with self.use(server) as source:
            await _peer(source).watch_resource(uri)

    @asynccontextmanager
    async def use(self, server: str) -> AsyncGenerator[CatalogSource]:
        """Yield the open source of a server, opened first if need be; it is not left for want of calls meanwhile.

        Raises:
            Unavailable: there is none of that name, or it cannot be opened.
        """
        async with self._runner(server).door.use() as source:
            yield source

    async def ask(self, server: str, request: Callable[[CatalogSource], Awaitable[_T]]) -> _T:
        """Return what the source of a server answers; a request that raised `NotSent` is made again, once.

        Raises:
            Unavailable: there is none of that name, it cannot be opened, or it went away meanwhile.
        """
        return await self._runner(server).door.ask(request)

    def _runner(self, server: str) -> SourceRunner:
        for runner in self._runners:
            if runner.setup.name == server:
                return runner
        raise Unavailable(f"server {server!r}", "is not part of the catalog")


def _peer(source: CatalogSource) -> Peer:
    """Return a source that offers something as what it is: only MCP servers do."""
    return cast("Peer", source)
