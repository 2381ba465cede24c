"""Every index keeps the promises of `ToolIndex`."""

from collections.abc import Callable

import pytest

from mcp_toolweaver.core.interfaces import ToolIndex
from mcp_toolweaver.index.late import LateIndex
from mcp_toolweaver.index.memory import MemoryIndex
from tests.contracts.tool_index import TOOL_INDEX_CONTRACT, Promise

pytestmark = pytest.mark.anyio


def name_of(promise: Promise) -> str:
    return getattr(promise, "__name__", repr(promise))


async def open_memory_index() -> ToolIndex:
    return MemoryIndex()


def make_late_index() -> ToolIndex:
    return LateIndex(open_memory_index)


@pytest.mark.parametrize("promise", TOOL_INDEX_CONTRACT, ids=name_of)
@pytest.mark.parametrize("make_index", [MemoryIndex, make_late_index])
async def test_an_index_keeps_its_promise(make_index: Callable[[], ToolIndex], promise: Promise) -> None:
    await promise(make_index())
