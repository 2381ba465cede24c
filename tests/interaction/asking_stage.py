"""A gateway before one server that asks, and hosts with people."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import anyio
from mcp.client._memory import InMemoryTransport
from mcp.client.client import Client
from mcp.client.session import ClientRequestContext
from mcp_types import (
    ElicitRequestParams,
    ElicitResult,
    EmptyResult,
    ListRootsResult,
    LoggingLevel,
    LoggingMessageNotificationParams,
    SetLevelRequest,
    SetLevelRequestParams,
)

from mcp_toolweaver.core.exchange import HOSTS
from mcp_toolweaver.core.query import SearchRequest, SearchResult
from mcp_toolweaver.core.status import SourceStatus
from mcp_toolweaver.core.tools import Snapshot, Tool, ToolResult
from mcp_toolweaver.proxy import relay
from mcp_toolweaver.proxy.connecting import connect
from mcp_toolweaver.proxy.downstream import Downstream
from mcp_toolweaver.server.exposure import Exposure
from mcp_toolweaver.server.gateway import Gateway
from tests.downstreams.asking import AskingServer

MODERN, LEGACY = "2026-07-28", "legacy"


class OneServer:
    """A catalog of one server, whose calls go there without detours."""

    def __init__(self) -> None:
        self.snapshot = Snapshot()
        self.statuses: tuple[SourceStatus, ...] = ()
        self.downstream: Downstream | None = None

    async def search(self, request: SearchRequest) -> SearchResult:  # noqa: ARG002
        return SearchResult((), "none", "lexical")

    async def call(self, tool: Tool, arguments: Mapping[str, Any]) -> ToolResult:
        assert self.downstream is not None
        return await self.downstream.call_tool(tool.id.name, arguments)


@dataclass
class Person:
    """Somebody who uses a host: answers what is asked, and notes what is told."""

    name: str
    asked: list[str] = field(default_factory=list[str])
    logged: list[str] = field(default_factory=list[str])
    steps: list[float] = field(default_factory=list[float])
    asks_for_folders: int = 0

    async def elicit(self, _context: ClientRequestContext, params: ElicitRequestParams) -> ElicitResult:
        self.asked.append(params.message)
        return ElicitResult(action="accept", content={"name": self.name})

    async def roots(self, _context: ClientRequestContext) -> ListRootsResult:
        self.asks_for_folders += 1
        return ListRootsResult.model_validate({"roots": [{"uri": f"file:///{self.name}"}]})

    async def log(self, params: LoggingMessageNotificationParams) -> None:
        self.logged.append(f"{params.logger} {params.data}")

    async def progress(self, progress: float, total: float | None, message: str | None) -> None:  # noqa: ARG002
        self.steps.append(progress)


@dataclass
class Stage:
    """A gateway before one server."""

    server: AskingServer
    gateway: Gateway

    @asynccontextmanager
    async def host(self, person: Person, era: str = LEGACY, **more: Any) -> AsyncGenerator[Client]:
        able: dict[str, Any] = {"elicitation_callback": person.elicit, "list_roots_callback": person.roots, **more}
        transport = InMemoryTransport(self.gateway.server)
        async with Client(transport, mode=era, logging_callback=person.log, read_timeout_seconds=20, **able) as client:
            await client.list_tools()
            yield client


@asynccontextmanager
async def stage(*, server_era: str = LEGACY, silence: float = 10.0) -> AsyncGenerator[Stage]:
    """Connect the server as soon as a host is there, as for a first call."""
    server, catalog, connected = AskingServer(is_modern=server_era == MODERN), OneServer(), anyio.Event()

    async def at_once() -> None:
        await connected.wait()

    gateway = Gateway(catalog, catalog, catalog, exposure=Exposure(), wait_searchable=at_once)
    HOSTS.set(gateway.sessions)
    relay._asking.discard("asking")  # pyright: ignore[reportPrivateUsage]  which it is known for in the whole process

    async def hold() -> None:
        await gateway.greeted.wait()
        async with connect("asking", server.transport, connect_timeout=10, call_timeout=silence) as downstream:
            catalog.snapshot = Snapshot.of(await downstream.list_tools())
            catalog.downstream = downstream
            connected.set()
            await anyio.sleep_forever()

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(gateway.run)
        tasks.start_soon(hold)
        yield Stage(server, gateway)
        tasks.cancel_scope.cancel()
    HOSTS.set(None)


async def call(client: Client, tool: str, arguments: Mapping[str, Any] | None = None, **more: Any) -> str:
    result = await client.call_tool("call_tool", {"name": tool, "arguments": dict(arguments or {})}, **more)
    return ("error: " if result.is_error else "") + "".join(getattr(block, "text", "") for block in result.content)


async def set_level(client: Client, level: LoggingLevel) -> None:
    await client.session.send_request(SetLevelRequest(params=SetLevelRequestParams(level=level)), EmptyResult)
