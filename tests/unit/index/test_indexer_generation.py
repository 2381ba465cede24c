"""Which catalog is searchable is said by its generation: never that of one that has not been written."""

import anyio
import pytest

from mcp_toolweaver.core.errors import Unavailable
from mcp_toolweaver.core.tools import Snapshot
from mcp_toolweaver.index.indexer import Indexer
from tests.fakes.embedder import FakeEmbedder
from tests.fakes.flaky_index import FlakyIndex
from tests.fakes.index import FakeIndex
from tests.fakes.tools import make_tool

pytestmark = pytest.mark.anyio

OLD = Snapshot.of([make_tool("a"), make_tool("b")])
NEW = Snapshot.of([make_tool("a"), make_tool("c")])


async def test_before_anything_is_searchable_it_is_that_of_no_tools() -> None:
    assert Indexer(FakeIndex(), FakeEmbedder()).generation == Snapshot().generation


async def test_it_is_that_of_the_catalog_whose_words_are_searchable() -> None:
    indexer = Indexer(FakeIndex(), FakeEmbedder())
    for snapshot in (OLD, NEW, OLD, Snapshot()):
        await indexer.sync_words(snapshot)
        assert indexer.generation == snapshot.generation


async def test_vectors_do_not_change_it() -> None:
    indexer = Indexer(FakeIndex(), FakeEmbedder())
    await indexer.sync_words(OLD)
    await indexer.sync_vectors()
    assert indexer.generation == OLD.generation


async def test_while_a_catalog_is_written_it_is_still_that_of_the_one_before() -> None:
    index = FlakyIndex()
    indexer = Indexer(index, FakeEmbedder())
    await indexer.sync_words(OLD)
    index.changes_held = anyio.Event()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(indexer.sync_words, NEW)
        await anyio.wait_all_tasks_blocked()
        assert indexer.generation == OLD.generation
        index.changes_held.set()
    assert indexer.generation == NEW.generation


async def test_a_catalog_that_could_not_be_written_is_not_said_to_be() -> None:
    index = FlakyIndex()
    indexer = Indexer(index, FakeEmbedder())
    await indexer.sync_words(OLD)
    index.failure_of_changes = Unavailable("index", "no space left")
    with pytest.raises(Unavailable):
        await indexer.sync_words(NEW)
    assert indexer.generation == OLD.generation
    index.failure_of_changes = None
    await indexer.sync_words(NEW)
    assert indexer.generation == NEW.generation
