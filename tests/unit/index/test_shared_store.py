"""Several processes over one server: they end alike, and take nothing from each other."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import replace

import anyio
import pytest
from qdrant_client import AsyncQdrantClient

from mcp_toolweaver.core.query import IndexEntry
from mcp_toolweaver.core.tools import Snapshot, Tool
from mcp_toolweaver.index.indexer import Indexer
from mcp_toolweaver.index.qdrant.opening import open_qdrant
from mcp_toolweaver.index.qdrant.options import Place
from mcp_toolweaver.index.stored import StoredIndex, open_stored
from tests.contracts.asking import MODEL, ask, asking
from tests.fakes.embedder import FakeEmbedder
from tests.fakes.tools import make_tool

pytestmark = pytest.mark.anyio

TOOLS = [make_tool(f"tool_{number}", f"thing number{number}") for number in range(60)]


def changed(tool: Tool) -> Tool:
    return replace(tool, definition={**tool.definition, "description": "A changed thing."})


class Time:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@asynccontextmanager
async def opened(
    client: AsyncQdrantClient, catalog: str = "ours", clock: Time | None = None
) -> AsyncGenerator[StoredIndex]:
    async with open_qdrant(client, Place(MODEL.space, MODEL.dimension, catalog)) as engine:
        yield await open_stored(engine, catalog, MODEL.dimension, clock=clock or Time())


async def points(client: AsyncQdrantClient, catalog: str = "ours") -> list[str]:
    """Return the digests of all points of a catalog, versions that are not searchable too."""
    async with open_qdrant(client, Place(MODEL.space, MODEL.dimension, catalog)) as engine:
        return sorted([point.digest async for page in engine.points() for point in page])


async def sync(index: StoredIndex, tools: list[Tool]) -> None:
    indexer = Indexer(index, FakeEmbedder(MODEL.space, MODEL.dimension))
    await indexer.sync_words(Snapshot.of(tools))
    await indexer.sync_vectors()


async def test_two_that_sync_at_once_end_in_the_same_state() -> None:
    client = AsyncQdrantClient(":memory:")
    async with opened(client) as first, opened(client) as second:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(sync, first, TOOLS)
            tasks.start_soon(sync, second, TOOLS)
        question = asking("thing", limit=100, vector=MODEL.vector("thing"))
        for index in (first, second):
            found = await ask(index, question)
            assert len(found) == 60
            assert all(match.dense for match in found.values())
    assert await points(client) == sorted(tool.digest for tool in TOOLS)


async def test_a_change_by_one_is_taken_over_by_the_other_without_writing() -> None:
    client, new = AsyncQdrantClient(":memory:"), [changed(TOOLS[0]), *TOOLS[1:]]
    async with opened(client) as first, opened(client) as second:
        await sync(first, TOOLS)
        await sync(second, TOOLS)
        await sync(first, new)
        assert (await ask(second, asking("changed"))) == {}
        assert len(await ask(second, asking("thing", limit=100))) == 60
        await sync(second, new)
        assert set(await ask(second, asking("changed"))) == {"tool_0"}


async def test_one_that_starts_with_an_old_catalog_takes_nothing_from_another() -> None:
    client, new = AsyncQdrantClient(":memory:"), [*map(changed, TOOLS[:30]), *TOOLS[30:50]]
    async with opened(client) as first:
        await sync(first, new)
        async with opened(client) as late:
            await sync(late, TOOLS)
            question = asking("thing", limit=100, vector=MODEL.vector("thing"))
            assert len(await ask(first, question)) == 50
            assert all(match.dense for match in (await ask(first, question)).values())
            await sync(late, new)
        assert len(await ask(first, question)) == 50


async def test_what_left_the_catalog_is_removed_at_the_first_change_after_ten_minutes() -> None:
    client, clock = AsyncQdrantClient(":memory:"), Time()
    async with opened(client, clock=clock) as index:
        await sync(index, TOOLS)
        await index.apply([], [TOOLS[0].id])
        clock.now = 599
        await index.apply([], [TOOLS[1].id])
        assert len(await points(client)) == 60
        clock.now = 601
        await index.apply([], [TOOLS[2].id])
        assert len(await points(client)) == 59
        assert set(await ask(index, asking("number0 number1 number2"))) == set()


async def test_two_catalogs_in_one_collection_keep_apart() -> None:
    client, clock = AsyncQdrantClient(":memory:"), Time()
    async with opened(client, "ours", clock) as ours, opened(client, "theirs", clock) as theirs:
        await sync(ours, TOOLS)
        await theirs.apply([IndexEntry(TOOLS[0], MODEL.vector("other"))], [])
        assert set(await ask(theirs, asking("thing", limit=100))) == {"tool_0"}
        await theirs.apply([], [TOOLS[0].id])
        clock.now = 601
        await theirs.apply([IndexEntry(TOOLS[1])], [])
        assert len(await ask(ours, asking("thing", limit=100, vector=MODEL.vector("x")))) == 60
    assert len(await points(client, "ours")) == 60
    assert len(await points(client, "theirs")) == 1


async def test_one_that_has_no_vectors_yet_takes_none_from_another() -> None:
    client = AsyncQdrantClient(":memory:")
    async with opened(client) as first, opened(client) as second:
        await sync(first, TOOLS)
        await second.apply([IndexEntry(tool) for tool in TOOLS], [])
        found = await ask(first, asking("thing", limit=100, vector=MODEL.vector("thing")))
    assert all(match.dense for match in found.values())
