"""A model as an embedder: what goes in, what comes out, and who goes first."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING

import anyio
import anyio.to_thread
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcp_toolweaver.core.errors import Unavailable
from mcp_toolweaver.embeddings.ladder import Ladder
from mcp_toolweaver.embeddings.model import ModelEmbedder, ModelFacts
from mcp_toolweaver.embeddings.texts import prepared
from mcp_toolweaver.embeddings.turns import Turns
from mcp_toolweaver.embeddings.vectors import normalized

if TYPE_CHECKING:
    from mcp_toolweaver.core.query import Vector

pytestmark = pytest.mark.anyio

FACTS = ModelFacts("space-fp32", "space-int8-query", 2, 4, "query: ", "passage: ")


class Recording:
    """A runtime that returns what it is told to, and remembers what it was asked."""

    label = "recording"

    def __init__(self, *vectors: Sequence[float]) -> None:
        self.vectors = vectors or ((3.0, 4.0),)
        self.asked: list[tuple[list[str], str]] = []

    async def embed(self, texts: Sequence[str], *, prompt: str = "") -> Sequence[Vector]:
        await anyio.lowlevel.checkpoint()
        self.asked.append((list(texts), prompt))
        return [np.asarray(vector, dtype=np.float32) for vector in self.vectors]


def _embedder(queries: Recording, documents: Recording) -> ModelEmbedder:
    return ModelEmbedder(FACTS, Ladder([queries], FACTS.check), Ladder([documents], FACTS.check), Turns())


async def test_queries_and_documents_go_their_own_ways_with_their_own_prompts() -> None:
    queries, documents = Recording(), Recording((0.0, 2.0))
    embedder = _embedder(queries, documents)
    [query] = await embedder.embed_queries(["a"])
    [document] = await embedder.embed_documents(["b"])
    assert query.tolist() == pytest.approx([0.6, 0.8])
    assert document.tolist() == [0.0, 1.0]
    assert queries.asked == [(["a"], "query: ")]
    assert documents.asked == [(["b"], "passage: ")]
    assert (embedder.space, embedder.query_space) == ("space-fp32", "space-int8-query")


async def test_nothing_is_asked_for_no_texts() -> None:
    queries, documents = Recording(), Recording()
    embedder = _embedder(queries, documents)
    assert (list(await embedder.embed_queries([])), list(await embedder.embed_documents([]))) == ([], [])
    assert queries.asked == documents.asked == []


@pytest.mark.parametrize(
    "wrong",
    [
        [],
        [(1.0, 0.0), (1.0, 0.0)],
        [(1.0, 0.0, 0.0)],
        [(float("nan"), 1.0)],
        [(float("inf"), 1.0)],
        [(0.0, 0.0)],
    ],
)
async def test_what_is_no_vector_of_the_model_never_leaves_it(wrong: list[tuple[float, ...]]) -> None:
    runtime = Recording()
    runtime.vectors = tuple(wrong)
    with pytest.raises(Unavailable, match="the model returned"):
        await _embedder(runtime, Recording()).embed_queries(["a"])
    with pytest.raises(Unavailable, match="the model returned"):
        await _embedder(Recording(), runtime).embed_documents(["a"])


@given(
    st.lists(st.floats(-(2.0**60), 2.0**60, width=32), min_size=1, max_size=50).filter(
        lambda row: np.linalg.norm(row) > 0
    )
)
def test_vectors_have_length_one(row: list[float]) -> None:
    [vector] = normalized([np.asarray(row, dtype=np.float32)], 1, None)
    assert abs(float(np.linalg.norm(vector.astype(np.float64))) - 1) < 1e-6


@given(st.text(alphabet=st.characters(exclude_categories=()), max_size=500), st.integers(1, 20))
def test_any_text_is_made_one_that_every_tokenizer_takes(text: str, max_length: int) -> None:
    ready = prepared(text, max_length)
    assert ready
    assert len(ready) <= max(1, 16 * max_length)
    ready.encode("utf-8")
    if text.strip() and text.isascii() and len(text) <= 16 * max_length:
        assert ready == text


async def test_documents_wait_for_a_query_but_not_for_ever() -> None:
    turns = Turns()
    passed = threading.Event()

    def document() -> None:
        turns.document()
        passed.set()

    document()
    assert passed.is_set(), "nobody is waiting"
    passed.clear()
    with turns.query():
        worker = threading.Thread(target=document)
        worker.start()
        assert not passed.wait(0.02)
    worker.join(10)
    assert passed.is_set(), "the query is through"
    with turns.query():
        await anyio.to_thread.run_sync(document)  # goes on although the query is not through


class Asking:
    """A runtime that sees whether a document would wait while it works."""

    label = "asking"

    def __init__(self, turns: Turns) -> None:
        self._turns = turns
        self.has_waited: list[bool] = []

    async def embed(self, texts: Sequence[str], *, prompt: str = "") -> Sequence[Vector]:  # noqa: ARG002  see Runtime
        passed = threading.Event()

        def document() -> None:
            self._turns.document()
            passed.set()

        worker = threading.Thread(target=document)
        worker.start()
        self.has_waited.append(not await anyio.to_thread.run_sync(passed.wait, 0.1))
        await anyio.to_thread.run_sync(worker.join, 10)
        return [np.asarray([1.0, 0.0], dtype=np.float32)] * len(texts)


async def test_documents_wait_while_a_query_is_embedded_and_not_for_one_another() -> None:
    turns = Turns()
    queries, documents = Asking(turns), Asking(turns)
    embedder = ModelEmbedder(FACTS, queries, documents, turns)
    await embedder.embed_queries(["a"])
    await embedder.embed_documents(["a"])
    assert (queries.has_waited, documents.has_waited) == ([True], [False])


async def test_a_query_that_fails_holds_nobody_back() -> None:
    turns = Turns()
    with pytest.raises(ValueError, match="it failed"), turns.query():
        raise ValueError("it failed")
    with turns.query(), turns.query():
        pass
    waited = threading.Event()

    def document() -> None:
        turns.document()
        waited.set()

    thread = threading.Thread(target=document)
    thread.start()
    thread.join(10)
    assert waited.is_set()
