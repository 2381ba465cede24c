"""A gateway before servers in this process that offer resources and prompts, and hosts that use them."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any, cast
from weakref import WeakKeyDictionary

import anyio
from mcp.client._memory import InMemoryTransport
from mcp.client.client import Client
from mcp.client.session import IncomingMessage
from mcp.server.context import ServerRequestContext
from mcp_types import (
    CLIENT_INFO_META_KEY,
    Implementation,
    PromptListChangedNotification,
    ResourceListChangedNotification,
    ResourceUpdatedNotification,
    ToolListChangedNotification,
)

from mcp_toolweaver.access.callers import CallersCaller, CallersCatalog
from mcp_toolweaver.access.effects import Effects
from mcp_toolweaver.access.per_caller import PerCaller
from mcp_toolweaver.access.seen import SeenCatalog, Whole
from mcp_toolweaver.catalog.catalog import Catalog
from mcp_toolweaver.catalog.listings import Listings
from mcp_toolweaver.catalog.setup import SourceSetup
from mcp_toolweaver.core.access import OWNER, Caller
from mcp_toolweaver.core.exchange import HOSTS
from mcp_toolweaver.core.interfaces import SourceFactory
from mcp_toolweaver.core.policy import SourcePolicy
from mcp_toolweaver.core.query import SearchRequest, SearchResult
from mcp_toolweaver.proxy.connecting import connect
from mcp_toolweaver.server.exposure import Exposure
from mcp_toolweaver.server.gateway import Gateway
from tests.downstreams.offering import OfferingServer
from tests.fakes.cache import FakeCache

MODERN, LEGACY = "2026-07-28", "legacy"

_callers: dict[str, Caller] = {}
"""Who each host is, by what it calls itself."""


class NoSearch:
    """Finds nothing."""

    async def search(self, request: SearchRequest) -> SearchResult:  # noqa: ARG002
        return SearchResult((), "none", "lexical")


@dataclass
class Heard:
    """What a host was told."""

    updated: list[str] = field(default_factory=list[str])
    lists: list[str] = field(default_factory=list[str])

    async def hear(self, message: IncomingMessage) -> None:
        """Note what changed."""
        if isinstance(message, ResourceUpdatedNotification):
            self.updated.append(str(message.params.uri))
        elif isinstance(message, ResourceListChangedNotification):
            self.lists.append("resources")
        elif isinstance(message, PromptListChangedNotification):
            self.lists.append("prompts")
        elif isinstance(message, ToolListChangedNotification):
            self.lists.append("tools")


@dataclass
class OfferingStage:
    """A gateway before a catalog."""

    gateway: Gateway
    catalog: Catalog

    @asynccontextmanager
    async def host(self, era: str, heard: Heard | None = None, caller: Caller = OWNER) -> AsyncGenerator[Client]:
        """Connect a host of an era, whose messages are those of a caller."""
        _callers[name := f"host {len(_callers)}"] = caller
        transport = InMemoryTransport(self.gateway.server)
        listening = (heard or Heard()).hear
        async with Client(
            transport,
            mode=era,
            message_handler=listening,
            cache=None,
            read_timeout_seconds=20,
            client_info=Implementation(name=name, version="0"),
        ) as client:
            yield client


@asynccontextmanager
async def offering(
    servers: Mapping[str, OfferingServer],
    policies: Mapping[str, SourcePolicy] | None = None,
    cache: FakeCache | None = None,
    *,
    connect_timeout: float = 10.0,
) -> AsyncGenerator[OfferingStage]:
    """Serve what these servers offer; those whose listing is in the cache are lazy."""
    setups = [
        SourceSetup(name, "here", {}, "a test", policy=(policies or {}).get(name, SourcePolicy())) for name in servers
    ]
    catalog = Catalog(setups, Listings(cache or FakeCache()), lambda _kind: _factory(servers, connect_timeout))
    await catalog.restore()
    gateway = _gateway(catalog)
    HOSTS.set(gateway.sessions)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(gateway.run)
        tasks.start_soon(catalog.run)
        tasks.start_soon(_follow, catalog, gateway)
        with anyio.fail_after(10):
            await catalog.wait_settled()
            await catalog.refresh()
        yield OfferingStage(gateway, catalog)
        tasks.cancel_scope.cancel()
    HOSTS.set(None)


def _gateway(catalog: Catalog) -> Gateway:
    whole: Whole = catalog
    parts = PerCaller(whole, lambda profiles: SeenCatalog(catalog, profiles, Effects({})))
    seen = CallersCatalog(lambda: parts.current)
    return Gateway(
        seen,
        NoSearch(),
        CallersCaller(catalog, seen),
        exposure=Exposure(),
        wait_searchable=_at_once,
        offers=seen,
        departed=seen.departed,
        caller_of=_Callers().of,
    )


class _Callers:
    """Knows whose message it is by the name in its handshake, or in the message itself."""

    def __init__(self) -> None:
        self._known: WeakKeyDictionary[Any, Caller] = WeakKeyDictionary()

    def of(self, context: ServerRequestContext[Any]) -> Caller:
        connection: Any = context.session._connection  # pyright: ignore[reportPrivateUsage]
        params: Mapping[str, Any] = context.params or {}
        meta: Mapping[str, Any] = params.get("_meta") or {}
        told = params.get("clientInfo") or meta.get(CLIENT_INFO_META_KEY)
        if told is not None:
            self._known[connection.outbound] = _callers[told["name"]]
        return self._known[connection.outbound]


async def until(is_so: Callable[[], bool]) -> None:
    """Return when something is so."""
    with anyio.fail_after(10):
        while not is_so():
            await anyio.sleep(0.01)


def _factory(servers: Mapping[str, OfferingServer], connect_timeout: float) -> SourceFactory:
    def opened(name: str, _options: Mapping[str, Any]) -> AbstractAsyncContextManager[Any]:
        return connect(name, servers[name].transport, connect_timeout=connect_timeout, call_timeout=10)

    return cast("SourceFactory", partial(opened))


async def _follow(catalog: Catalog, gateway: Gateway) -> None:
    while True:
        await catalog.wait_changed()
        await catalog.refresh()
        await gateway.catalog_changed()


async def _at_once() -> None:
    return None
