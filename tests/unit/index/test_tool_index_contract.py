"""Every index keeps the promises of `ToolIndex`."""

from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import TypeAlias

import pytest
from qdrant_client import AsyncQdrantClient

from mcp_toolweaver.core.interfaces import ToolIndex
from mcp_toolweaver.index.late import LateIndex
from mcp_toolweaver.index.memory import MemoryIndex
from mcp_toolweaver.index.qdrant.opening import open_qdrant
from mcp_toolweaver.index.qdrant.options import Address, Place
from mcp_toolweaver.index.qdrant_edge import open_edge
from mcp_toolweaver.index.stored import open_stored
from tests.contracts.tool_index import TOOL_INDEX_CONTRACT, Promise
from tests.fakes.engine import FakeEngine
from tests.fakes.qdrant_server import FakeQdrant

pytestmark = pytest.mark.anyio

Opener: TypeAlias = Callable[[Path], AbstractAsyncContextManager[ToolIndex]]


def name_of(promise: Promise | Opener) -> str:
    return getattr(promise, "__name__", repr(promise))


async def open_memory_index() -> ToolIndex:
    return MemoryIndex()


@asynccontextmanager
async def in_memory(_folder: Path) -> AsyncGenerator[ToolIndex]:
    yield MemoryIndex()


@asynccontextmanager
async def late(_folder: Path) -> AsyncGenerator[ToolIndex]:
    yield LateIndex(open_memory_index)


@asynccontextmanager
async def embedded(folder: Path) -> AsyncGenerator[ToolIndex]:
    async with open_edge(folder, 16, "contract") as engine:
        yield await open_stored(engine, "contract", 16)


@asynccontextmanager
async def over_an_exact_engine(_folder: Path) -> AsyncGenerator[ToolIndex]:
    yield await open_stored(FakeEngine(), "contract", 16)


@asynccontextmanager
async def over_a_shared_engine(_folder: Path) -> AsyncGenerator[ToolIndex]:
    yield await open_stored(FakeEngine(is_shared=True), "contract", 16)


@asynccontextmanager
async def over_the_client_in_memory(_folder: Path) -> AsyncGenerator[ToolIndex]:
    async with open_qdrant(AsyncQdrantClient(":memory:"), Place("contract", 16, "contract")) as engine:
        yield await open_stored(engine, "contract", 16)


@asynccontextmanager
async def over_a_server(_folder: Path) -> AsyncGenerator[ToolIndex]:
    server = FakeQdrant()
    async with server.listening():
        address = Address(server.url, prefer_grpc=False)
        async with open_qdrant(address, Place("contract", 16, "contract")) as engine:
            yield await open_stored(engine, "contract", 16)


OPENERS: tuple[Opener, ...] = (
    in_memory,
    late,
    embedded,
    over_an_exact_engine,
    over_a_shared_engine,
    over_the_client_in_memory,
    over_a_server,
)


@pytest.mark.parametrize("promise", TOOL_INDEX_CONTRACT, ids=name_of)
@pytest.mark.parametrize("opened", OPENERS, ids=name_of)
async def test_an_index_keeps_its_promise(tmp_path: Path, opened: Opener, promise: Promise) -> None:
    async with opened(tmp_path / "index") as index:
        await promise(index)
