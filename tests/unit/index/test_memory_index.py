"""The index in memory is exact for every catalog, not only for the small ones of the contract."""

import anyio
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcp_toolweaver.core.query import IndexEntry, IndexQuery
from mcp_toolweaver.core.tools import Tool
from mcp_toolweaver.index.bm25 import Bm25
from mcp_toolweaver.index.memory import MemoryIndex
from mcp_toolweaver.text.tool_text import search_terms
from tests.fakes.embedder import FakeEmbedder
from tests.fakes.tools import make_tool

MODEL = FakeEmbedder(dimension=4)
WORDS = st.lists(st.sampled_from(["read", "write", "file", "mail", "zebra"]), max_size=6)


async def answer(tools: list[Tool], query: IndexQuery, *, embedded: int = 0) -> dict[str, tuple[float, float]]:
    """Return (lexical, dense) of each candidate; the first ``embedded`` tools have vectors."""
    index = MemoryIndex()
    entries = [IndexEntry(tool, MODEL.vector(tool.id.name) if at < embedded else None) for at, tool in enumerate(tools)]
    await index.apply(entries, [])
    matches = await index.query(query)
    return {match.id.name: (match.lexical or 0.0, -2.0 if match.dense is None else match.dense) for match in matches}


@given(st.lists(WORDS, min_size=1, max_size=12), WORDS, st.integers(1, 15))
def test_candidates_by_words_are_the_best_of_bm25_and_ties_go_to_the_first(
    texts: list[list[str]], query: list[str], limit: int
) -> None:
    tools = [make_tool(f"t{at}", " ".join(text)) for at, text in enumerate(texts)]
    scores = Bm25([search_terms(tool) for tool in tools]).scores(query).tolist()
    expected = sorted((-score, at) for at, score in enumerate(scores) if score > 0)[:limit]
    found = anyio.run(answer, tools, IndexQuery(tuple(query), limit))
    assert {name: lexical for name, (lexical, _dense) in found.items()} == {
        f"t{at}": -negative for negative, at in expected
    }


@given(st.integers(0, 40), st.integers(0, 40), st.integers(1, 50), st.text(max_size=3))
def test_candidates_by_meaning_equal_brute_force(size: int, embedded: int, limit: int, text: str) -> None:
    tools = [make_tool(f"t{at}") for at in range(size)]
    vector = MODEL.vector(text)
    cosines = [(float(MODEL.vector(tool.id.name) @ vector), tool.id.name) for tool in tools[:embedded]]
    found = anyio.run(lambda: answer(tools, IndexQuery((), limit, vector), embedded=embedded))
    best = sorted(cosines, reverse=True)[:limit]
    assert {name: dense for name, (_lexical, dense) in found.items()} == pytest.approx(
        {name: cosine for cosine, name in best}, abs=1e-5
    )


@pytest.mark.anyio
async def test_a_tie_at_the_limit_goes_to_the_tools_that_came_first() -> None:
    tools = [make_tool(f"t{at}", "equal") for at in range(10)]
    assert set(await answer(tools, IndexQuery(("equal",), 3))) == {"t0", "t1", "t2"}


@pytest.mark.anyio
async def test_a_better_tool_comes_before_a_tie() -> None:
    tools = [*(make_tool(f"t{at}", "equal other") for at in range(5)), make_tool("best", "equal")]
    assert set(await answer(tools, IndexQuery(("equal",), 2))) == {"best", "t0"}


@pytest.mark.anyio
async def test_a_query_of_another_vector_space_is_answered_by_words() -> None:
    found = await answer([make_tool("read")], IndexQuery(("read",), 5, np.ones(3, dtype=np.float32)), embedded=1)
    assert found["read"][0] > 0
    assert found["read"][1] == -2.0


@pytest.mark.anyio
async def test_a_query_during_a_change_is_answered_from_the_old_state() -> None:
    index = MemoryIndex()
    await index.apply([IndexEntry(make_tool("old", "thing"))], [])
    applied = anyio.Event()

    async def change() -> None:
        await index.apply([IndexEntry(make_tool(f"new{at}", "thing")) for at in range(200)], [])
        applied.set()

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(change)
        await anyio.lowlevel.checkpoint()
        assert not applied.is_set()
        assert [match.id.name for match in await index.query(IndexQuery(("thing",), 500))] == ["old"]
    assert len(await index.query(IndexQuery(("thing",), 500))) == 201


@pytest.mark.anyio
async def test_a_change_that_is_cancelled_is_as_if_never_asked_for() -> None:
    index = MemoryIndex()
    await index.apply([IndexEntry(make_tool("old", "thing"))], [])
    with anyio.CancelScope() as scope:
        scope.cancel()
        await index.apply([IndexEntry(make_tool("new", "thing"))], [])
    assert [match.id.name for match in await index.query(IndexQuery(("thing",), 5))] == ["old"]
    assert [id_.name for id_ in await index.digests()] == ["old"]
