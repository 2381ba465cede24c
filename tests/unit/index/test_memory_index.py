"""The index in memory is exact for every catalog, not only for the small ones of the contract."""

import anyio
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcp_toolweaver.core.query import IndexEntry, IndexQuery, Match, Probe
from mcp_toolweaver.core.tools import Tool
from mcp_toolweaver.index.bm25 import Bm25F
from mcp_toolweaver.index.memory import MemoryIndex
from mcp_toolweaver.text.tool_text import FIELD_LENGTHS, FIELD_WEIGHTS, field_terms
from tests.fakes.embedder import FakeEmbedder
from tests.fakes.tools import make_tool

MODEL = FakeEmbedder(dimension=4)
WORDS = st.lists(st.sampled_from(["read", "write", "file", "mail", "zebra"]), max_size=6)


async def answer(tools: list[Tool], query: IndexQuery, *, embedded: int = 0) -> dict[str, Match]:
    """Return the candidates by the name of the tool; the first ``embedded`` tools have vectors."""
    index = MemoryIndex()
    entries = [IndexEntry(tool, MODEL.vector(tool.id.name) if at < embedded else None) for at, tool in enumerate(tools)]
    await index.apply(entries, [])
    return {match.id.name: match for match in (await index.query(query)).matches}


def by_words(*texts: list[str], limit: int) -> IndexQuery:
    return IndexQuery(tuple(Probe(tuple(text)) for text in texts), limit)


def best(scores: list[float], limit: int) -> set[int]:
    """Return the rows of the best scores above nothing; of equal ones the first."""
    return {at for _negative, at in sorted((-score, at) for at, score in enumerate(scores) if score > 0)[:limit]}


@given(st.lists(WORDS, min_size=1, max_size=12), WORDS, st.lists(WORDS, max_size=3), st.integers(1, 15))
def test_candidates_by_words_are_the_best_of_bm25f_and_ties_go_to_the_first(
    texts: list[list[str]], whole: list[str], parts: list[list[str]], limit: int
) -> None:
    tools = [make_tool(f"t{at}", " ".join(text)) for at, text in enumerate(texts)]
    bm25f = Bm25F([field_terms(tool) for tool in tools], FIELD_WEIGHTS, FIELD_LENGTHS)
    scores = [bm25f.scores(query).tolist() for query in (whole, *parts)]
    share = max(1, round(limit * 0.4))
    rows = best(scores[0], limit).union(*(best(part, share) for part in scores[1:]))
    found = anyio.run(answer, tools, by_words(whole, *parts, limit=limit))
    assert {name: match.lexical for name, match in found.items()} == {
        f"t{row}": tuple(of_probe[row] for of_probe in scores) for row in rows
    }


@given(st.integers(0, 40), st.integers(0, 40), st.integers(1, 50), st.text(max_size=3))
def test_candidates_by_meaning_equal_brute_force(size: int, embedded: int, limit: int, text: str) -> None:
    tools = [make_tool(f"t{at}") for at in range(size)]
    vector = MODEL.vector(text)
    cosines = [(float(MODEL.vector(tool.id.name) @ vector), tool.id.name) for tool in tools[:embedded]]
    found = anyio.run(lambda: answer(tools, IndexQuery((Probe((), vector),), limit), embedded=embedded))
    assert {name: match.dense[0] for name, match in found.items()} == pytest.approx(
        {name: cosine for cosine, name in sorted(cosines, reverse=True)[:limit]}, abs=1e-5
    )


@given(st.integers(1, 40), st.integers(1, 50), st.lists(st.text(max_size=3), min_size=2, max_size=4))
def test_candidates_by_the_meaning_of_parts_equal_brute_force(size: int, limit: int, texts: list[str]) -> None:
    tools = [make_tool(f"t{at}") for at in range(size)]
    matrix = np.stack([MODEL.vector(tool.id.name) for tool in tools])
    cosines: list[list[float]] = [(matrix @ MODEL.vector(text)).tolist() for text in texts]
    probes = tuple(Probe((), MODEL.vector(text)) for text in texts)
    found = anyio.run(lambda: answer(tools, IndexQuery(probes, limit), embedded=size))
    rooms = [limit, *[max(1, round(limit * 0.4))] * (len(texts) - 1)]
    ranked = [
        sorted(range(size), key=of_probe.__getitem__, reverse=True)[:room]
        for of_probe, room in zip(cosines, rooms, strict=True)
    ]
    assert set(found) == {f"t{row}" for rows in ranked for row in rows}
    for name, match in found.items():
        assert match.dense == pytest.approx([of_probe[int(name[1:])] for of_probe in cosines], abs=1e-5)


@pytest.mark.anyio
async def test_a_tie_at_the_limit_goes_to_the_tools_that_came_first() -> None:
    tools = [make_tool(f"t{at}", "equal") for at in range(10)]
    assert set(await answer(tools, by_words(["equal"], limit=3))) == {"t0", "t1", "t2"}


@pytest.mark.anyio
async def test_a_better_tool_comes_before_a_tie() -> None:
    tools = [*(make_tool(f"t{at}", "equal other") for at in range(5)), make_tool("best", "equal")]
    assert set(await answer(tools, by_words(["equal"], limit=2))) == {"best", "t0"}


@pytest.mark.anyio
async def test_a_part_brings_two_fifths_of_the_limit_and_one_at_least() -> None:
    tools = [make_tool(f"t{at}", "part") for at in range(10)]
    counts = [len(await answer(tools, by_words(["whole"], ["part"], limit=limit))) for limit in (1, 2, 5, 10, 100)]
    assert counts == [1, 1, 2, 4, 10]


@pytest.mark.anyio
async def test_a_query_of_another_vector_space_is_answered_by_words() -> None:
    query = IndexQuery((Probe(("read",), np.ones(3, dtype=np.float32)),), 5)
    found = await answer([make_tool("read")], query, embedded=1)
    assert found["read"].lexical[0] > 0
    assert found["read"].dense == ()


@pytest.mark.anyio
async def test_a_query_during_a_change_is_answered_from_the_old_state() -> None:
    index = MemoryIndex()
    everything = by_words(["thing"], limit=500)
    await index.apply([IndexEntry(make_tool("old", "thing"))], [])
    applied = anyio.Event()

    async def change() -> None:
        await index.apply([IndexEntry(make_tool(f"new{at}", "thing")) for at in range(200)], [])
        applied.set()

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(change)
        await anyio.lowlevel.checkpoint()
        assert not applied.is_set()
        assert [match.id.name for match in (await index.query(everything)).matches] == ["old"]
    assert len((await index.query(everything)).matches) == 201


@pytest.mark.anyio
async def test_a_change_that_is_cancelled_is_as_if_never_asked_for() -> None:
    index = MemoryIndex()
    await index.apply([IndexEntry(make_tool("old", "thing"))], [])
    with anyio.CancelScope() as scope:
        scope.cancel()
        await index.apply([IndexEntry(make_tool("new", "thing"))], [])
    assert [match.id.name for match in (await index.query(by_words(["thing"], limit=5))).matches] == ["old"]
    assert [id_.name for id_ in await index.digests()] == ["old"]


@pytest.mark.anyio
async def test_nineteen_tools_are_no_crowd_and_twenty_are() -> None:
    index = MemoryIndex()
    query = IndexQuery((Probe((), MODEL.vector("x")),), 5)
    await index.apply([IndexEntry(make_tool(f"t{at}"), MODEL.vector(str(at))) for at in range(19)], [])
    assert (await index.query(query)).crowd is None
    await index.apply([IndexEntry(make_tool("last"), MODEL.vector("last"))], [])
    assert (await index.query(query)).crowd is not None
