"""A host is told when the names in its list have changed, and only then."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import anyio
import pytest
from mcp.client.client import Client
from mcp.client.session import IncomingMessage
from mcp_types import ToolListChangedNotification

from mcp_toolweaver.core.query import SearchRequest, SearchResult
from mcp_toolweaver.core.status import SourceStatus
from mcp_toolweaver.core.tools import Snapshot, Tool, ToolResult
from mcp_toolweaver.server.exposure import Exposure
from mcp_toolweaver.server.gateway import Gateway

pytestmark = pytest.mark.anyio


class GrowingCatalog:
    """A catalog to which a test adds tools; it is its own searcher and caller."""

    def __init__(self) -> None:
        self.snapshot = Snapshot()
        self.statuses: tuple[SourceStatus, ...] = ()

    def add(self, *names: str) -> None:
        tools = [Tool.from_definition("box", {"name": name}) for name in names]
        self.snapshot = Snapshot.of([*self.snapshot.tools.values(), *tools])

    async def search(self, request: SearchRequest) -> SearchResult:  # noqa: ARG002
        return SearchResult((), "none", "lexical")

    async def call(self, tool: Tool, arguments: Mapping[str, Any]) -> ToolResult:  # noqa: ARG002
        return ToolResult.from_text("done")


async def _at_once() -> None:
    return None


def _gateway(catalog: GrowingCatalog) -> Gateway:
    return Gateway(catalog, catalog, catalog, exposure=Exposure(direct_threshold=2), wait_searchable=_at_once)


async def test_legacy_host_is_notified_and_lists_again() -> None:
    catalog, told = GrowingCatalog(), anyio.Event()
    gateway = _gateway(catalog)

    async def hear(message: IncomingMessage) -> None:
        if isinstance(message, ToolListChangedNotification):
            told.set()

    async with Client(gateway.server, mode="legacy", message_handler=hear) as client:
        assert len((await client.list_tools()).tools) == 3
        catalog.add("one")
        await gateway.catalog_changed()
        with anyio.fail_after(5):
            await told.wait()
        assert [tool.name for tool in (await client.list_tools()).tools][3:] == ["box__one"]


async def test_modern_host_that_listens_is_notified() -> None:
    catalog = GrowingCatalog()
    gateway = _gateway(catalog)
    async with Client(gateway.server, mode="2026-07-28") as client:
        await client.list_tools()
        async with client.listen(tools_list_changed=True) as events:
            catalog.add("one")
            await gateway.catalog_changed()
            with anyio.fail_after(5):
                await anext(aiter(events))
        assert "box__one" in [tool.name for tool in (await client.list_tools(cache_mode="refresh")).tools]


async def test_nobody_is_told_while_the_names_stay_the_same() -> None:
    """New descriptions would only spoil the host's prompt cache."""
    catalog, told = GrowingCatalog(), 0
    catalog.add("one", "two", "three")
    gateway = _gateway(catalog)

    async def hear(message: IncomingMessage) -> None:
        nonlocal told
        told += isinstance(message, ToolListChangedNotification)

    async with Client(gateway.server, mode="legacy", message_handler=hear) as client:
        before = [tool.name for tool in (await client.list_tools()).tools]
        for name in _names(20):
            catalog.add(name)
            await gateway.catalog_changed()
        after = await client.list_tools()
    assert told == 0
    assert [tool.name for tool in after.tools] == before
    assert "23 tools" in (after.tools[0].description or "")


def _names(count: int) -> Iterator[str]:
    return (f"more_{number}" for number in range(count))
