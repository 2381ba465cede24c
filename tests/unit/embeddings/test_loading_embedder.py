"""Until the model is loaded an embedder says why it cannot answer."""

import pytest

from mcp_toolweaver.core.errors import Unavailable
from mcp_toolweaver.core.interfaces import Embedder
from mcp_toolweaver.embeddings.loading import LoadingEmbedder
from tests.fakes.embedder import FakeEmbedder

pytestmark = pytest.mark.anyio


async def load_fake() -> Embedder:
    return FakeEmbedder()


async def fail_to_load() -> Embedder:
    raise Unavailable("search by meaning", "not installed")


async def load_with_a_bug() -> Embedder:
    raise ValueError("a bug")


async def test_before_it_is_loaded_it_says_that_it_is_loading() -> None:
    embedder = LoadingEmbedder("fake", load_fake)
    for embed in (embedder.embed_queries, embedder.embed_documents):
        with pytest.raises(Unavailable, match="search by meaning: the embedding model is still loading"):
            await embed(["a"])


async def test_once_loaded_it_answers() -> None:
    embedder = LoadingEmbedder("fake", load_fake)
    await embedder.load()
    for embed in (embedder.embed_queries, embedder.embed_documents):
        vectors = await embed(["a", "b", "a"])
        assert [vector.tolist() for vector in vectors] == [FakeEmbedder().vector(text).tolist() for text in "aba"]
    assert embedder.space == "fake"


async def test_every_caller_learns_why_loading_failed() -> None:
    embedder = LoadingEmbedder("fake", fail_to_load)
    await embedder.load()
    errors: list[Unavailable] = []
    for _ in range(2):
        with pytest.raises(Unavailable, match="search by meaning: not installed") as raised:
            await embedder.embed_queries(["a"])
        errors.append(raised.value)
    assert errors[0] is not errors[1]  # an error that is raised again grows a traceback each time


async def test_a_bug_in_loading_is_not_hidden() -> None:
    embedder = LoadingEmbedder("fake", load_with_a_bug)
    with pytest.raises(ValueError, match="a bug"):
        await embedder.load()
    assert not embedder.is_loaded
    with pytest.raises(Unavailable):
        await embedder.embed_queries(["a"])
