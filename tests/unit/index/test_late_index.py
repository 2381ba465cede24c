"""A late index is opened once, when somebody needs it."""

import anyio
import pytest

from mcp_toolweaver.core.errors import Unavailable
from mcp_toolweaver.core.interfaces import ToolIndex
from mcp_toolweaver.core.query import IndexEntry
from mcp_toolweaver.core.tools import ToolId
from mcp_toolweaver.index.late import LateIndex
from tests.fakes.index import FakeIndex
from tests.fakes.tools import make_tool

pytestmark = pytest.mark.anyio

NO_IDS: tuple[ToolId, ...] = ()


async def test_an_index_is_opened_once_however_many_need_it_first() -> None:
    opened: list[FakeIndex] = []

    async def open_index() -> ToolIndex:
        await anyio.lowlevel.checkpoint()
        opened.append(FakeIndex())
        return opened[-1]

    index = LateIndex(open_index)
    assert opened == []
    async with anyio.create_task_group() as tasks:
        for name in ("a", "b", "c"):
            tasks.start_soon(index.apply, [IndexEntry(make_tool(name))], NO_IDS)
    assert len(opened) == 1
    assert {id_.name for id_ in await index.digests()} == {"a", "b", "c"}


async def test_an_index_that_could_not_be_opened_is_tried_again() -> None:
    outcomes: list[ToolIndex | None] = [None, FakeIndex()]

    async def open_index() -> ToolIndex:
        opened = outcomes.pop(0)
        if opened is None:
            raise Unavailable("index", "away")
        return opened

    index = LateIndex(open_index)
    with pytest.raises(Unavailable):
        await index.digests()
    assert await index.digests() == {}
