"""The index follows the catalog, and only what changed costs anything."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import anyio
import pytest

from mcp_toolweaver.core.errors import Unavailable
from mcp_toolweaver.core.query import IndexQuery, Probe
from mcp_toolweaver.core.tools import Snapshot, Tool
from mcp_toolweaver.embeddings.cached import CachedEmbedder
from mcp_toolweaver.index.indexer import Indexer
from mcp_toolweaver.index.memory import MemoryIndex
from mcp_toolweaver.text.tool_text import passage
from tests.fakes.cache import FakeCache
from tests.fakes.embedder import FakeEmbedder
from tests.fakes.index import FakeIndex
from tests.fakes.interrupted_embedder import InterruptedEmbedder
from tests.fakes.short_embedder import ShortEmbedder
from tests.fakes.tools import make_tool

if TYPE_CHECKING:
    from mcp_toolweaver.core.query import Vector

pytestmark = pytest.mark.anyio

TOOLS = [make_tool(name, f"Does {name}.") for name in ("a", "b", "c")]
MANY = [make_tool(f"t{number:03}") for number in range(150)]


def changed(tool: Tool) -> Tool:
    return replace(tool, definition={**tool.definition, "description": "Changed."})


async def sync(indexer: Indexer, tools: list[Tool]) -> None:
    await indexer.sync_words(Snapshot.of(tools))
    await indexer.sync_vectors()


async def test_tools_are_searchable_by_words_before_anything_is_embedded() -> None:
    index, model = FakeIndex(), FakeEmbedder()
    await Indexer(index, model).sync_words(Snapshot.of(TOOLS))
    assert {id_.name for id_ in index.entries} == {"a", "b", "c"}
    assert index.with_vectors == set()
    assert model.batches == []


async def test_vectors_are_those_of_the_passages() -> None:
    index, model = FakeIndex(), FakeEmbedder()
    await sync(Indexer(index, model), TOOLS)
    for entry in index.entries.values():
        assert entry.vector is not None
        assert entry.vector.tolist() == model.vector(passage(entry.tool)).tolist()


async def test_nothing_is_embedded_or_written_where_nothing_changed() -> None:
    index, model = FakeIndex(), FakeEmbedder()
    indexer = Indexer(index, model)
    await sync(indexer, TOOLS)
    writes, texts = len(index.changes), len(model.texts)
    await sync(indexer, list(reversed(TOOLS)))
    assert (len(index.changes), len(model.texts)) == (writes, texts)


async def test_only_what_changed_is_embedded_and_written() -> None:
    index, model = FakeIndex(), FakeEmbedder()
    indexer = Indexer(index, model)
    await sync(indexer, TOOLS)
    index.changes.clear()
    model.batches.clear()
    new = changed(TOOLS[1])
    await sync(indexer, [TOOLS[0], new, TOOLS[2]])
    assert model.texts == [passage(new)]
    assert [entry.tool.id for upserts, _deletes in index.changes for entry in upserts] == [new.id, new.id]
    assert index.with_vectors == {"a", "b", "c"}


async def test_a_changed_tool_loses_its_old_vector_at_once() -> None:
    index = FakeIndex()
    indexer = Indexer(index, FakeEmbedder())
    await sync(indexer, TOOLS)
    await indexer.sync_words(Snapshot.of([TOOLS[0], changed(TOOLS[1]), TOOLS[2]]))
    assert index.with_vectors == {"a", "c"}


async def test_what_left_the_catalog_leaves_the_index() -> None:
    index = FakeIndex()
    indexer = Indexer(index, FakeEmbedder())
    await sync(indexer, TOOLS)
    await indexer.sync_words(Snapshot.of(TOOLS[:1]))
    assert list(index.entries) == [TOOLS[0].id]
    assert index.changes[-1] == ([], [TOOLS[1].id, TOOLS[2].id])


async def test_what_a_former_process_left_in_the_index_is_removed_and_not_written_again() -> None:
    index = FakeIndex()
    await Indexer(index, FakeEmbedder()).sync_words(Snapshot.of(TOOLS))
    await Indexer(index, FakeEmbedder()).sync_words(Snapshot.of(TOOLS[1:]))
    assert index.changes[1:] == [([], [TOOLS[0].id])]


async def test_an_index_that_lost_its_tools_gets_them_back_with_their_vectors() -> None:
    index, model = FakeIndex(), FakeEmbedder()
    indexer = Indexer(index, model)
    await sync(indexer, TOOLS)
    index.entries.clear()
    await sync(indexer, TOOLS)
    assert index.with_vectors == {"a", "b", "c"}


async def test_progress_is_reported_from_nothing_to_all() -> None:
    reports: list[tuple[int, int]] = []
    indexer = Indexer(FakeIndex(), FakeEmbedder())
    await indexer.sync_words(Snapshot.of(MANY))
    await indexer.sync_vectors(on_progress=lambda done, total: reports.append((done, total)))
    assert reports[0] == (0, 150)
    assert reports[-1] == (150, 150)
    assert reports == sorted(reports)
    assert len(reports) > 2


async def test_large_catalogs_are_embedded_in_batches() -> None:
    model = FakeEmbedder()
    await sync(Indexer(FakeIndex(), model, clock=lambda: 0.0), MANY)
    assert list(map(len, model.batches)) == [64, 86]
    assert sorted(model.texts) == sorted(passage(tool) for tool in MANY)


async def test_words_stay_searchable_where_the_model_is_away() -> None:
    index, model = MemoryIndex(), FakeEmbedder()
    model.calls_before_away = 0
    indexer = Indexer(index, model)
    await indexer.sync_words(Snapshot.of(TOOLS))
    with pytest.raises(Unavailable, match="fake model"):
        await indexer.sync_vectors()
    assert len((await index.query(IndexQuery((Probe(("srv",)),), 5))).matches) == 3


async def test_a_model_that_goes_away_and_comes_back_leaves_no_tool_behind() -> None:
    index, model = FakeIndex(), FakeEmbedder()
    indexer = Indexer(index, model)
    await indexer.sync_words(Snapshot.of(MANY))
    model.calls_before_away = 1
    with pytest.raises(Unavailable):
        await indexer.sync_vectors()
    model.calls_before_away = None
    await sync(indexer, MANY)
    assert len(index.with_vectors) == 150
    assert len(model.texts) == 150


async def test_a_model_that_returns_too_few_vectors_is_unavailable() -> None:
    index = FakeIndex()
    indexer = Indexer(index, ShortEmbedder())
    await indexer.sync_words(Snapshot.of(TOOLS))
    with pytest.raises(Unavailable, match="returned 2 vectors for 3 texts"):
        await indexer.sync_vectors()
    assert index.with_vectors == set()


async def during_embedding(index: FakeIndex, *catalogs: list[Tool], tools: list[Tool], batch: int = 0) -> Indexer:
    """Embed ``tools`` and let the catalog become each of ``catalogs`` in the middle of it."""
    model = InterruptedEmbedder(batch=batch)
    indexer = Indexer(index, model)

    async def interrupt() -> None:
        for catalog in catalogs:
            await indexer.sync_words(Snapshot.of(catalog))

    model.interrupt = interrupt
    await sync(indexer, tools)
    return indexer


async def test_a_tool_that_changed_while_it_was_embedded_is_embedded_again_and_not_published_stale() -> None:
    index = FakeIndex()
    new = changed(TOOLS[1])
    await during_embedding(index, [TOOLS[0], new, TOOLS[2]], tools=TOOLS)
    assert index.with_vectors == {"a", "b", "c"}
    vector = index.entries[new.id].vector
    assert index.entries[new.id].tool == new
    assert vector is not None
    assert vector.tolist() == FakeEmbedder().vector(passage(new)).tolist()


async def test_a_tool_that_left_while_it_was_embedded_does_not_come_back() -> None:
    index = FakeIndex()
    await during_embedding(index, TOOLS[:2], tools=TOOLS)
    assert {id_.name for id_ in index.entries} == {"a", "b"}


async def test_a_tool_that_left_and_came_back_while_it_was_embedded_is_published() -> None:
    index = FakeIndex()
    await during_embedding(index, TOOLS[:2], TOOLS, tools=TOOLS)
    assert index.with_vectors == {"a", "b", "c"}


async def test_a_tool_that_was_embedded_then_left_and_came_back_before_the_rest_was_is_published_in_the_end() -> None:
    index = FakeIndex()
    indexer = await during_embedding(index, MANY[1:], MANY, tools=MANY, batch=1)
    await sync(indexer, MANY)
    assert len(index.with_vectors) == 150


async def test_a_tool_that_comes_while_others_are_embedded_goes_first() -> None:
    index, model, late = FakeIndex(), InterruptedEmbedder(batch=0), make_tool("late")
    indexer = Indexer(index, model)

    async def interrupt() -> None:
        await indexer.sync_words(Snapshot.of([*MANY, late]))

    model.interrupt = interrupt
    await sync(indexer, MANY)
    assert index.changes[1][0][0].tool.id.name == "late"
    assert model.batches[1] == [passage(late)]
    assert len(index.with_vectors) == 151


async def test_what_left_while_others_were_embedded_is_not_embedded() -> None:
    model = InterruptedEmbedder(batch=0)
    indexer = Indexer(FakeIndex(), model)

    async def interrupt() -> None:
        await indexer.sync_words(Snapshot.of(TOOLS))

    model.interrupt = interrupt
    await sync(indexer, [*TOOLS, *MANY])
    assert set(map(passage, TOOLS)) <= set(model.texts)
    assert len(model.texts) <= 64 + len(TOOLS)


async def test_progress_ends_where_nothing_is_left_to_do_also_if_tools_left() -> None:
    reports: list[tuple[int, int]] = []
    model = InterruptedEmbedder(batch=0)
    indexer = Indexer(FakeIndex(), model)

    async def interrupt() -> None:
        await indexer.sync_words(Snapshot.of(TOOLS))

    model.interrupt = interrupt
    await indexer.sync_words(Snapshot.of(MANY))
    await indexer.sync_vectors(on_progress=lambda done, total: reports.append((done, total)))
    assert reports == [(0, 150), (64, 153), (67, 67)]


@dataclass
class SlowEmbedder(FakeEmbedder):
    """Takes its time on a clock of its own: so many seconds a call, and a text."""

    a_call: float = 0.0
    a_text: float = 0.0
    now: float = 0.0

    def __post_init__(self) -> None:
        super().__init__()

    def clock(self) -> float:
        return self.now

    async def embed_documents(self, texts: Sequence[str]) -> Sequence[Vector]:
        self.now += self.a_call + self.a_text * len(texts)
        return await super().embed_documents(texts)


async def test_vectors_are_written_while_others_are_still_being_made() -> None:
    index, model = FakeIndex(), SlowEmbedder(a_call=1.9)
    await sync(Indexer(index, model, clock=model.clock), [make_tool(f"t{number:03}") for number in range(300)])
    assert [len(upserts) for upserts, _deletes in index.changes[1:]] == [192, 108]


@pytest.mark.parametrize(
    ("a_text", "sizes"),
    [
        (0.0001, [64, 128, 256, 512, 1024, 1016]),  # as a GPU
        (0.005, [64, 128, 128]),  # 0.3 s, then 0.6 s
        (0.1, [64, 16, 16, 16]),  # 6.4 s
    ],
)
async def test_chunks_grow_on_a_quick_device_and_shrink_on_a_slow_one(a_text: float, sizes: list[int]) -> None:
    model = SlowEmbedder(a_text=a_text)
    tools = [make_tool(f"t{number:04}") for number in range(sum(sizes))]
    await sync(Indexer(FakeIndex(), model, clock=model.clock), tools)
    assert list(map(len, model.batches)) == sizes


async def test_who_is_cancelled_loses_one_chunk_of_work_at_most() -> None:
    kept, model = FakeCache(), InterruptedEmbedder(batch=1)
    indexer = Indexer(FakeIndex(), CachedEmbedder(model, kept))
    scope = anyio.CancelScope()

    async def interrupt() -> None:
        scope.cancel()

    model.interrupt = interrupt
    with scope:
        await sync(indexer, MANY)
    again = FakeEmbedder()
    await sync(Indexer(FakeIndex(), CachedEmbedder(again, kept)), MANY)
    assert len(model.texts) == 64
    assert len(again.texts) == 150 - 64


async def test_two_that_share_their_vectors_seldom_embed_the_same_tool() -> None:
    shared = FakeCache()
    models = SlowEmbedder(a_call=1.0), SlowEmbedder(a_call=1.0)
    tools = [make_tool(f"t{number:04}") for number in range(1000)]
    indexers = [Indexer(FakeIndex(), CachedEmbedder(model, shared), clock=model.clock) for model in models]
    async with anyio.create_task_group() as tasks:
        for indexer in indexers:
            tasks.start_soon(sync, indexer, tools)
    embedded = [text for model in models for text in model.texts]
    assert len(set(embedded)) == 1000
    assert len(embedded) < 1200
