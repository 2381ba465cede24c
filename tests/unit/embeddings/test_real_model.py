"""The real model, as it is installed, loaded once for this file."""

import os
from typing import Any

import numpy as np
import pytest

from mcp_toolweaver.core.errors import Unavailable
from mcp_toolweaver.embeddings.sentence_transformers import SentenceTransformerEmbedder, load
from mcp_toolweaver.embeddings.weights import DEFAULT_MODEL

pytestmark = [pytest.mark.anyio, pytest.mark.filterwarnings("default")]  # the libraries' own warnings


@pytest.fixture(scope="module")
async def model() -> SentenceTransformerEmbedder:
    return await load(DEFAULT_MODEL)


async def test_vectors_have_384_dimensions_and_unit_length(model: SentenceTransformerEmbedder) -> None:
    vectors = await model.embed_documents(["read a file", "send a message", "", "创建问题", "word " * 5000])
    assert [vector.shape for vector in vectors] == [(384,)] * 5
    assert [vector.dtype for vector in vectors] == [np.float32] * 5
    assert np.linalg.norm(np.stack(vectors), axis=1) == pytest.approx(np.ones(5), abs=1e-5)
    assert len(model.space) == 64, "named by the hash of its weights"


async def test_similar_texts_are_closer_than_unrelated_ones(model: SentenceTransformerEmbedder) -> None:
    [query] = await model.embed_queries(["notify my team about the outage"])
    similar, unrelated = await model.embed_documents(
        ["slack post message: Sends a message to a channel.", "math sqrt: Computes the square root of a number."]
    )
    assert query @ similar > query @ unrelated + 0.1


async def test_a_text_has_one_vector_whatever_stands_beside_it(model: SentenceTransformerEmbedder) -> None:
    [alone] = await model.embed_queries(["read a file"])
    _first, beside = await model.embed_documents(["word " * 300, "read a file"])
    np.testing.assert_allclose(alone, beside, atol=1e-5)


async def test_a_question_and_its_parts_have_their_vectors_in_the_order_of_the_texts(
    model: SentenceTransformerEmbedder,
) -> None:
    texts = ["read a file and then send a message to the team", "read a file", "send a message", "read a file"]
    found = await model.embed_queries(texts)
    alone = [(await model.embed_queries([text]))[0] for text in texts]
    np.testing.assert_allclose(np.stack(found), np.stack(alone), atol=1e-5)


async def test_no_text_has_no_vector(model: SentenceTransformerEmbedder) -> None:
    assert (list(await model.embed_documents([])), list(await model.embed_queries([]))) == ([], [])


@pytest.mark.parametrize("missing", ["no-such-model", "nobody/no-such-model", "/no/such/folder"])
async def test_a_missing_model_is_unavailable_by_name(missing: str) -> None:
    with pytest.raises(Unavailable, match=f"search by meaning: the model '{missing}' cannot be loaded: .+"):
        await load(missing)


async def test_a_missing_model_is_not_looked_for_in_the_network(model: SentenceTransformerEmbedder) -> None:
    del model
    assert os.environ["HF_HUB_OFFLINE"] == "1"


async def test_where_the_libraries_are_missing_the_message_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("mcp_toolweaver.embeddings.sentence_transformers.runtime_is_installed", lambda: False)
    with pytest.raises(Unavailable, match=r"pip install 'mcp-toolweaver\[embeddings\]'"):
        await load(DEFAULT_MODEL)


class BrokenModel:
    """A model that returns what is no number, or fails as torch does."""

    def __init__(self, error: Exception | None = None) -> None:
        self.error = error

    def encode(self, texts: list[str], **_options: Any) -> Any:
        if self.error is not None:
            raise self.error
        return np.full((len(texts), 3), np.nan)


@pytest.mark.parametrize("error", [None, RuntimeError("out of memory\nmore")])
async def test_a_model_that_fails_is_unavailable(error: Exception | None) -> None:
    with pytest.raises(
        Unavailable, match=r"the model fake (returned vectors that are not numbers|failed: out of memory)$"
    ):
        await SentenceTransformerEmbedder(BrokenModel(error), "fake").embed_queries(["a"])
