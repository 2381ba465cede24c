"""Tools that a search found are listed for the session that searched, if the owner wants it so."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import anyio
import pytest
from mcp.client._memory import InMemoryTransport
from mcp.client.client import Client
from mcp.client.session import IncomingMessage
from mcp_types import Implementation, ToolListChangedNotification

from mcp_toolweaver.core.query import Hit, SearchRequest, SearchResult
from mcp_toolweaver.core.status import SourceStatus
from mcp_toolweaver.core.tools import Snapshot, Tool, ToolResult
from mcp_toolweaver.server.exposure import MOST_FOUND, Exposure
from mcp_toolweaver.server.gateway import Gateway

pytestmark = pytest.mark.anyio

META = ["search_tools", "get_tool_details", "call_tool"]
MODERN, LEGACY = "2026-07-28", "legacy"


class Box:
    """A hundred tools, found by the numbers that a query names."""

    def __init__(self) -> None:
        self.snapshot = Snapshot.of(Tool.from_definition("box", {"name": f"t{number}"}) for number in range(100))
        self.statuses: tuple[SourceStatus, ...] = ()

    async def search(self, request: SearchRequest) -> SearchResult:
        named = [f"box__t{number}" for number in request.text.split()]
        hits = [Hit(self.snapshot.by_callable_name[name], 1.0) for name in named]
        return SearchResult(tuple(hits), "high", "lexical")

    async def call(self, tool: Tool, arguments: Mapping[str, Any]) -> ToolResult:  # noqa: ARG002
        return ToolResult.from_text(f"{tool.id.name} done")


class Listener:
    """A host that lists tools again when it is told to, or does not."""

    def __init__(self, *, lists_again: bool) -> None:
        self.lists_again = lists_again
        self.told = 0
        self.names: list[str] = []
        self.client: Client | None = None
        self.news = anyio.Event()

    async def hear(self, message: IncomingMessage) -> None:
        if isinstance(message, ToolListChangedNotification):
            self.told += 1
            self.news.set()

    async def run(self) -> None:
        while True:
            await self.news.wait()
            self.news = anyio.Event()
            if self.lists_again:
                await self.list()

    async def list(self) -> None:
        assert self.client is not None
        self.names = [tool.name for tool in (await self.client.list_tools()).tools]

    async def search(self, numbers: str) -> None:
        assert self.client is not None
        await self.client.call_tool("search_tools", {"query": numbers, "limit": 20})

    @property
    def found(self) -> set[str]:
        return set(self.names[len(META) :])


@asynccontextmanager
async def listening(
    exposure: Exposure, *, era: str = LEGACY, name: str = "host", lists_again: bool = True
) -> AsyncGenerator[Listener]:
    box = Box()
    gateway = Gateway(box, box, box, exposure=exposure, wait_searchable=_at_once)
    host = Listener(lists_again=lists_again)
    info = Implementation(name=name, version="1")
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(gateway.run)
        transport = InMemoryTransport(gateway.server)
        async with Client(transport, mode=era, client_info=info, message_handler=host.hear, cache=None) as client:
            host.client = client
            await host.list()
            tasks.start_soon(host.run)
            yield host
            tasks.cancel_scope.cancel()


async def _at_once() -> None:
    return None


async def test_what_was_found_is_in_the_list_when_the_answer_comes() -> None:
    async with listening(Exposure("dynamic")) as host:
        assert host.names == META
        for numbers in ("1 2 3", "4", "5 6"):
            await host.search(numbers)
            assert {f"box__t{number}" for number in numbers.split()} <= host.found
        assert host.client is not None
        assert "t5 done" in str((await host.client.call_tool("box__t5", {})).content)


async def test_at_most_twelve_are_listed_and_the_one_used_least_lately_goes_first() -> None:
    async with listening(Exposure("dynamic")) as host:
        await host.search(" ".join(map(str, range(MOST_FOUND))))
        assert host.client is not None
        await host.client.call_tool("call_tool", {"name": "box__t11", "arguments": {}})
        await host.search("50 51")
        assert len(host.found) == MOST_FOUND
        assert {"box__t11", "box__t50", "box__t51"} <= host.found
        assert not {"box__t10", "box__t9"} & host.found


async def test_what_is_listed_already_changes_nothing() -> None:
    async with listening(Exposure("dynamic")) as host:
        await host.search("1 2")
        await host.search("2 1")
        assert host.told == 1


async def test_a_host_that_does_not_list_again_is_waited_for_once() -> None:
    async with listening(Exposure("dynamic"), lists_again=False) as host:
        await host.search("1")
        with anyio.fail_after(0.9):
            await host.search("2")
        assert host.told == 2
        await host.list()
        assert host.found == {"box__t1", "box__t2"}


async def test_searches_at_once_wait_for_the_same_list() -> None:
    async with listening(Exposure("dynamic")) as host:
        with anyio.fail_after(0.9):  # none of them waits in vain for a whole second
            async with anyio.create_task_group() as tasks:
                for number in range(5):
                    tasks.start_soon(host.search, str(number))
        assert host.found == {f"box__t{number}" for number in range(5)}


@pytest.mark.parametrize(("era", "mode"), [(MODERN, "dynamic"), (LEGACY, "search"), (LEGACY, "auto")])
async def test_elsewhere_the_list_stays_as_it_is(era: str, mode: Any) -> None:
    async with listening(Exposure(mode), era=era) as host:
        await host.search("1 2")
        await host.list()
        assert host.names == META


async def test_pinned_tools_are_listed_for_everyone() -> None:
    pinned = Exposure("search", pinned=["box__t7", "box::t8", "t9", "gone__from_here"])
    for era in (LEGACY, MODERN):
        async with listening(pinned, era=era) as host:
            assert host.names == [*META, "box__t7", "box__t8", "box__t9"]


async def test_a_host_may_have_a_mode_of_its_own() -> None:
    exposure = Exposure("search", clients={"Cursor*": "direct", "claude-code": "dynamic"})
    async with listening(exposure, name="cursor-vscode") as host:
        assert len(host.found) == 100
    async with listening(exposure, name="claude-code") as host:
        await host.search("3")
        assert host.found == {"box__t3"}
    async with listening(exposure, name="another") as host:
        assert host.names == META
