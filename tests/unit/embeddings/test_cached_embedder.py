"""Nothing is embedded twice, and nothing but our own vectors is taken from a cache."""

import struct

import anyio
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcp_toolweaver.cache.memory import MemoryCache
from mcp_toolweaver.core.errors import Unavailable
from mcp_toolweaver.embeddings.cached import LIFETIME, CachedEmbedder
from mcp_toolweaver.embeddings.vector_cache import text_digest
from tests.fakes.cache import FakeCache
from tests.fakes.embedder import FakeEmbedder
from tests.fakes.short_embedder import ShortEmbedder

pytestmark = pytest.mark.anyio

UNIT = struct.pack("<2f", 0.6, 0.8)


async def test_a_text_is_embedded_once() -> None:
    model = FakeEmbedder()
    embedder = CachedEmbedder(model, FakeCache())
    first = await embedder.embed_documents(["a", "b"])
    second = await embedder.embed_documents(["b", "c", "a"])
    assert model.texts == ["a", "b", "c"]
    np.testing.assert_array_equal(second, [first[1], model.vector("c"), first[0]])


async def test_a_new_process_uses_what_the_last_one_embedded() -> None:
    cache, model = FakeCache(), FakeEmbedder()
    await CachedEmbedder(FakeEmbedder(), cache).embed_documents(["a"])
    [vector] = await CachedEmbedder(model, cache).embed_documents(["a"])
    assert model.batches == []
    np.testing.assert_array_equal(vector, model.vector("a"))
    assert vector.dtype == np.float32


async def test_a_text_that_repeats_in_a_batch_is_embedded_once_and_returned_each_time() -> None:
    model = FakeEmbedder()
    vectors = await CachedEmbedder(model, FakeCache()).embed_documents(["a", "b", "a", "a"])
    assert model.texts == ["a", "b"]
    np.testing.assert_array_equal(vectors, [model.vector(text) for text in "abaa"])


async def test_queries_are_remembered_and_never_taken_for_documents() -> None:
    model = FakeEmbedder()
    embedder = CachedEmbedder(model, FakeCache())
    for _ in range(2):
        [query] = await embedder.embed_queries(["a"])
        np.testing.assert_array_equal(query, model.vector("a"))
    assert model.texts == ["a"]
    await embedder.embed_documents(["a"])
    assert model.texts == ["a", "a"], "a model may embed the two differently"


async def test_of_a_question_and_its_parts_only_what_is_new_is_embedded_all_at_once() -> None:
    model = FakeEmbedder()
    embedder = CachedEmbedder(model, FakeCache())
    await embedder.embed_queries(["known part"])
    vectors = await embedder.embed_queries(["whole", "known part", "part", "whole"])
    assert model.batches == [["known part"], ["whole", "part"]]
    np.testing.assert_array_equal(vectors, [model.vector(text) for text in ("whole", "known part", "part", "whole")])


@given(st.lists(st.lists(st.sampled_from("abcdef"), max_size=8), max_size=5))
def test_any_questions_have_their_vectors_in_order_and_no_text_is_embedded_twice(questions: list[list[str]]) -> None:
    async def embed() -> None:
        model = FakeEmbedder()
        embedder = CachedEmbedder(model, FakeCache())
        for texts in questions:
            found = [vector.tolist() for vector in await embedder.embed_queries(texts)]
            assert found == [model.vector(text).tolist() for text in texts]
        assert model.texts == list(dict.fromkeys(text for texts in questions for text in texts))
        assert [] not in model.batches

    anyio.run(embed)


async def test_no_text_needs_no_model() -> None:
    model = FakeEmbedder()
    model.calls_before_away = 0
    embedder = CachedEmbedder(model, FakeCache())
    assert (list(await embedder.embed_documents([])), list(await embedder.embed_queries([]))) == ([], [])


async def test_what_is_known_is_answered_while_the_model_is_away() -> None:
    model = FakeEmbedder()
    embedder = CachedEmbedder(model, FakeCache())
    await embedder.embed_queries(["a"])
    model.calls_before_away = 0
    np.testing.assert_array_equal(await embedder.embed_queries(["a", "a"]), [model.vector("a")] * 2)
    for embed in (embedder.embed_queries, embedder.embed_documents):
        with pytest.raises(Unavailable):
            await embed(["a", "b"])


async def test_two_spaces_never_share_a_vector() -> None:
    cache = FakeCache()
    models = [FakeEmbedder("one"), FakeEmbedder("two"), FakeEmbedder("two:x", dimension=3)]
    for _ in range(2):
        for model in models:
            embedder = CachedEmbedder(model, cache)
            assert embedder.space == model.space
            np.testing.assert_array_equal(await embedder.embed_queries(["a"]), [model.vector("a")])
    assert [model.texts for model in models] == [["a"], ["a"], ["a"]]


async def test_vectors_are_kept_for_a_week() -> None:
    cache = FakeCache()
    await CachedEmbedder(FakeEmbedder(), cache).embed_documents(["a", "b"])
    assert list(cache.lifetimes.values()) == [LIFETIME, LIFETIME]
    assert LIFETIME == 604_800


async def test_vectors_are_kept_for_as_long_as_is_said() -> None:
    documents, queries = FakeCache(), FakeCache()
    embedder = CachedEmbedder(FakeEmbedder(), documents, queries=queries, lifetime=60.0)
    await embedder.embed_documents(["a"])
    await embedder.embed_queries(["b"])
    assert [*documents.lifetimes.values(), *queries.lifetimes.values()] == [60.0, 60.0]


async def test_queries_can_have_a_cache_of_their_own() -> None:
    documents, queries, model = FakeCache(), FakeCache(), FakeEmbedder()
    embedder = CachedEmbedder(model, documents, queries=queries)
    for _ in range(2):
        await embedder.embed_queries(["a question"])
        assert (len(documents.values), len(queries.values)) == (0, 1)
    for _ in range(2):
        await embedder.embed_documents(["a document"])
        assert (len(documents.values), len(queries.values)) == (1, 1)
    assert model.texts == ["a question", "a document"]


async def test_queries_have_a_cache_of_their_own_also_while_it_is_empty() -> None:
    documents, queries = FakeCache(), MemoryCache(max_entries=10, max_bytes=10_000)
    await CachedEmbedder(FakeEmbedder(), documents, queries=queries).embed_queries(["a question"])
    assert (len(documents.values), len(queries)) == (0, 1)


async def test_keys_begin_with_their_tier_and_name_the_space_that_made_the_vector() -> None:
    cache, model = FakeCache(), FakeEmbedder("a space")
    embedder = CachedEmbedder(model, cache)
    await embedder.embed_documents(["a"])
    await embedder.embed_queries(["a"])
    digest = text_digest("a")
    assert list(cache.values) == [f"embeddings:a space:{digest}", f"embeddings:a space-query:{digest}"]


async def test_texts_do_not_stand_in_the_cache() -> None:
    cache = FakeCache()
    await CachedEmbedder(FakeEmbedder(), cache).embed_queries(["a secret"])
    assert not [key for key in cache.values if "secret" in key]


@pytest.mark.parametrize(
    "damaged",
    [
        b"",
        b"\x01",
        b"\x01abc",
        b"\x01" + UNIT[:7],
        b"\x02" + UNIT,
        UNIT,
        b"not a vector at all!",
        b"\x01" + struct.pack("<2f", float("nan"), 1.0),
        b"\x01" + struct.pack("<2f", float("inf"), 0.0),
        b"\x01" + struct.pack("<2f", 3e38, 3e38),
        b"\x01" + bytes([1, 0, 128, 127]) * 4,  # a signalling NaN
        b"\x01" + struct.pack("<2f", 0.0, 0.0),
        b"\x01" + struct.pack("<2f", 3.0, 4.0),
        b"\x01" + struct.pack("<2f", 0.6, 0.79),
    ],
)
async def test_a_damaged_value_is_embedded_anew_and_replaced(damaged: bytes) -> None:
    cache, model = FakeCache(), FakeEmbedder()
    embedder = CachedEmbedder(model, cache)
    for embed in (embedder.embed_queries, embedder.embed_documents):
        cache.values.clear()
        await embed(["a"])
        [key] = cache.values
        good = cache.values[key]
        cache.values[key] = damaged
        model.batches.clear()
        np.testing.assert_array_equal(await embed(["a"]), [model.vector("a")])
        assert model.texts == ["a"]
        assert cache.values[key] == good


@given(st.binary(max_size=64))
def test_any_bytes_in_the_cache_give_a_unit_vector_of_the_model_or_are_ignored(value: bytes) -> None:
    async def embed() -> None:
        cache, model = FakeCache(), FakeEmbedder()
        embedder = CachedEmbedder(model, cache)
        await embedder.embed_queries(["a"])
        cache.values = dict.fromkeys(cache.values, value)
        [vector] = await embedder.embed_queries(["a"])
        assert float(np.linalg.norm(vector)) == pytest.approx(1, abs=1e-2)

    anyio.run(embed)


async def test_a_text_that_cannot_be_encoded_has_a_vector() -> None:
    assert len(await CachedEmbedder(FakeEmbedder(), FakeCache()).embed_documents(["\ud800", ""])) == 2


async def test_a_model_that_returns_too_few_vectors_is_unavailable_and_none_of_them_is_kept() -> None:
    cache = FakeCache()
    embedder = CachedEmbedder(ShortEmbedder(), cache)
    for embed in (embedder.embed_queries, embedder.embed_documents):
        with pytest.raises(Unavailable, match="returned 1 vectors for 2 texts"):
            await embed(["a", "b"])
    assert cache.values == {}
