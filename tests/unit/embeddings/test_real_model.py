"""The real model, as it is installed, made ready and loaded once for this file."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mcp_toolweaver.embeddings.manifest import FULL, read
from mcp_toolweaver.embeddings.model import ModelEmbedder
from mcp_toolweaver.embeddings.onnx_runtime.runtime import load
from mcp_toolweaver.embeddings.opening import ModelOptions, open_model
from mcp_toolweaver.embeddings.selfcheck import COMPARABLE, proven
from mcp_toolweaver.embeddings.weights import DEFAULT_MODEL

pytestmark = pytest.mark.anyio

TEXTS = (
    "read a file",
    "send a message",
    "",
    " \n",
    "创建问题",
    "word " * 5000,
    "x" * 1_000_000,
    "\ud800 half a pair",
    "\0",
)


@pytest.fixture(scope="module")
def models() -> Path:
    return Path(os.environ["TOOLWEAVER_MODELS_DIR"])


@pytest.fixture(scope="module")
async def model(models: Path) -> ModelEmbedder:
    return await open_model(ModelOptions(DEFAULT_MODEL, models, device="cpu"))


async def test_queries_and_documents_have_384_dimensions_and_unit_length(model: ModelEmbedder) -> None:
    for vectors in (await model.embed_documents(TEXTS), await model.embed_queries(TEXTS)):
        assert [vector.shape for vector in vectors] == [(384,)] * len(TEXTS)
        assert {str(vector.dtype) for vector in vectors} == {"float32"}
        assert np.linalg.norm(np.stack(vectors).astype(np.float64), axis=1) == pytest.approx(1, abs=1e-6)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text(max_size=300))
async def test_any_text_has_a_vector_of_unit_length(model: ModelEmbedder, text: str) -> None:
    (vector,) = await model.embed_queries([text])
    assert abs(float(np.linalg.norm(vector.astype(np.float64))) - 1) < 1e-6


async def test_similar_texts_are_closer_than_unrelated_ones(model: ModelEmbedder) -> None:
    [query] = await model.embed_queries(["notify my team about the outage"])
    similar, unrelated = await model.embed_documents(
        ["slack post message: Sends a message to a channel.", "math sqrt: Computes the square root of a number."]
    )
    assert query @ similar > query @ unrelated + 0.1


async def test_a_text_has_one_vector_whatever_stands_beside_it(model: ModelEmbedder) -> None:
    for embed in (model.embed_documents, model.embed_queries):
        [alone] = await embed(["read a file"])
        _first, beside = await embed(["word " * 300, "read a file"])
        np.testing.assert_array_equal(alone, beside)


async def test_a_query_in_eight_bits_may_be_compared_with_documents_in_full(model: ModelEmbedder) -> None:
    texts = [text for text in TEXTS if len(text) < 100]
    for query, document in zip(await model.embed_queries(texts), await model.embed_documents(texts), strict=True):
        assert query @ document > COMPARABLE


async def test_documents_are_what_the_library_of_the_model_makes_of_them(model: ModelEmbedder, models: Path) -> None:
    name = model.space.removesuffix("-fp32")
    manifest = read(models / name)
    assert manifest is not None
    assert len(manifest.probes) >= 3
    runtime = load(models / name / FULL, models / name / "tokenizer.json", manifest.recipe, "fp32")
    assert await proven(runtime, manifest, 0.99999) is runtime


async def test_no_text_has_no_vector(model: ModelEmbedder) -> None:
    assert (list(await model.embed_documents([])), list(await model.embed_queries([]))) == ([], [])


async def test_what_embeds_what_is_told(model: ModelEmbedder) -> None:
    queries, documents = model.labels
    assert "int8" in queries
    assert "fp32" in documents
    assert model.query_space != model.space
