"""A call that provably was not sent is sent again, once, over a new connection."""

from collections.abc import Mapping
from typing import Any

import anyio
import pytest

from mcp_toolweaver.core.errors import NotSent, Unavailable
from mcp_toolweaver.core.tools import ToolResult
from tests.unit.catalog.scripted import Plugin, catalog_of, found, running, tool, until_snapshot

pytestmark = pytest.mark.anyio

GONE = Unavailable("server 's'", "the connection was closed by the server")


class Losing(Plugin):
    """A source that refuses the next calls unsent, and notices then that its connection is gone, or does not."""

    def __init__(self, unsent: int, *, notices: bool = True) -> None:
        super().__init__(tool("s", "t"))
        self.unsent = unsent
        self.notices = notices

    async def call_tool(self, name: str, arguments: Mapping[str, Any]) -> ToolResult:
        if not self.unsent:
            return await super().call_tool(name, arguments)
        self.unsent -= 1
        if self.notices:
            self.lose(GONE)
        raise NotSent("server 's'", "the connection is gone")


async def test_it_is_executed_once_and_the_caller_notices_nothing() -> None:
    plugin = Losing(1)
    catalog = catalog_of({"s": plugin})
    async with running(catalog):
        await until_snapshot(catalog, "s::t")
        with anyio.fail_after(10):
            assert await catalog.call(found(catalog, "s", "t"), {"a": 1}) == ToolResult.from_text("called t")
    assert plugin.calls == [("t", {"a": 1})]
    assert plugin.attempts == 2


async def test_it_is_sent_again_only_once() -> None:
    plugin = Losing(2)
    catalog = catalog_of({"s": plugin})
    async with running(catalog):
        await until_snapshot(catalog, "s::t")
        with anyio.fail_after(10), pytest.raises(NotSent):
            await catalog.call(found(catalog, "s", "t"), {})
    assert plugin.calls == []


async def test_a_source_that_does_not_notice_its_loss_is_not_waited_for_for_ever(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("mcp_toolweaver.catalog.door._NOTICE", 0.01)
    plugin = Losing(1, notices=False)
    catalog = catalog_of({"s": plugin})
    async with running(catalog):
        await until_snapshot(catalog, "s::t")
        with anyio.fail_after(10), pytest.raises(NotSent, match="the connection is gone"):
            await catalog.call(found(catalog, "s", "t"), {})
