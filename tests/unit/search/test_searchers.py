"""A search by words, and one by words and meaning, over an index and a catalog."""

import numpy as np
import pytest

from mcp_toolweaver.core.errors import Unavailable
from mcp_toolweaver.core.query import IndexEntry, Match, SearchRequest
from mcp_toolweaver.core.tools import Tool, ToolId
from mcp_toolweaver.index.memory import MemoryIndex
from mcp_toolweaver.search.hybrid import PARTLY_EMBEDDED, HybridSearcher
from mcp_toolweaver.search.lexical import LexicalSearcher
from tests.fakes.catalog import FakeCatalog
from tests.fakes.embedder import FakeEmbedder
from tests.fakes.index import FakeIndex
from tests.fakes.tools import make_tool

pytestmark = pytest.mark.anyio

TOOLS = [
    make_tool("read_file", "Reads a file.", server="files"),
    make_tool("write_file", "Writes a file.", server="files"),
    make_tool("send_mail", "Sends a message.", server="mail"),
]


async def indexed(tools: list[Tool], *, model: FakeEmbedder | None = None, like: str = "") -> MemoryIndex:
    """Return an index of the tools; with a model, each has the vector of the text ``like``."""
    index = MemoryIndex()
    await index.apply([IndexEntry(tool, model.vector(like) if model else None) for tool in tools], [])
    return index


async def test_words_find_tools() -> None:
    result = await LexicalSearcher(FakeCatalog(TOOLS), await indexed(TOOLS)).search(SearchRequest("read a file"))
    assert [hit.tool.id.name for hit in result.hits] == ["read_file", "write_file"]
    assert (result.tier, result.confidence, result.skipped) == ("lexical", "high", ())


async def test_words_that_no_tool_has_find_nothing() -> None:
    result = await LexicalSearcher(FakeCatalog(TOOLS), await indexed(TOOLS)).search(SearchRequest("zebra"))
    assert (result.hits, result.confidence) == ((), "none")


@pytest.mark.parametrize("text", ["", " ", "!!!", "🙂"])
async def test_a_request_without_words_finds_nothing_by_words(text: str) -> None:
    result = await LexicalSearcher(FakeCatalog(TOOLS), await indexed(TOOLS)).search(SearchRequest(text))
    assert result.hits == ()


async def test_limit_and_domain_are_kept() -> None:
    searcher = LexicalSearcher(FakeCatalog(TOOLS), await indexed(TOOLS))
    assert len((await searcher.search(SearchRequest("file", limit=1))).hits) == 1
    assert (await searcher.search(SearchRequest("file", domain="mail"))).hits == ()


async def test_meaning_finds_what_shares_no_word() -> None:
    model = FakeEmbedder()
    index = await indexed(TOOLS, model=model, like="something else")
    await index.apply([IndexEntry(TOOLS[2], model.vector("notify my boss"))], [])
    result = await HybridSearcher(FakeCatalog(TOOLS), index, model).search(SearchRequest("notify my boss"))
    assert result.hits[0].tool.id.name == "send_mail"
    assert (result.tier, result.confidence, result.skipped) == ("hybrid", "high", ())


async def test_the_request_is_embedded_whole_and_asked_with_its_words() -> None:
    model, index = FakeEmbedder(), FakeIndex()
    await HybridSearcher(FakeCatalog(TOOLS), index, model).search(SearchRequest("Read the file", domain="files"))
    assert model.texts == ["Read the file"]
    [query] = index.queries
    assert (query.terms, query.domain) == (("read", "file"), "files")
    assert query.vector is not None
    np.testing.assert_array_equal(query.vector, model.vector("Read the file"))


async def test_a_tool_that_left_the_catalog_is_not_found_even_while_it_is_indexed() -> None:
    catalog, model = FakeCatalog(TOOLS[1:]), FakeEmbedder()
    index = await indexed(TOOLS, model=model, like="read a file")
    for searcher in (LexicalSearcher(catalog, index), HybridSearcher(catalog, index, model)):
        result = await searcher.search(SearchRequest("read a file"))
        assert "read_file" not in [hit.tool.id.name for hit in result.hits]
        assert result.hits


async def test_an_index_that_is_partly_embedded_says_so() -> None:
    model = FakeEmbedder()
    index = await indexed(TOOLS[:1], model=model, like="file")
    await index.apply([IndexEntry(tool) for tool in TOOLS[1:]], [])
    result = await HybridSearcher(FakeCatalog(TOOLS), index, model).search(SearchRequest("file"))
    assert result.skipped == (PARTLY_EMBEDDED,)
    assert {hit.tool.id.name for hit in result.hits} == {"read_file", "write_file"}


@pytest.mark.parametrize("embedded", [0, 1])
async def test_an_index_that_is_partly_embedded_says_so_even_where_no_word_matches(embedded: int) -> None:
    model = FakeEmbedder()
    index = await indexed(TOOLS[:embedded], model=model, like="file")
    await index.apply([IndexEntry(tool) for tool in TOOLS[embedded:]], [])
    result = await HybridSearcher(FakeCatalog(TOOLS), index, model).search(SearchRequest("notify my boss"))
    assert result.skipped == (PARTLY_EMBEDDED,)


async def test_a_model_that_is_away_is_for_the_caller_to_handle() -> None:
    model = FakeEmbedder()
    model.calls_before_away = 0
    with pytest.raises(Unavailable, match="fake model"):
        await HybridSearcher(FakeCatalog(TOOLS), FakeIndex(), model).search(SearchRequest("file"))


async def test_the_catalog_is_read_anew_for_every_search() -> None:
    catalog = FakeCatalog(TOOLS)
    index = FakeIndex([Match(ToolId("files", "read_file"), 1.0, None, coverage=1.0)])
    searcher = LexicalSearcher(catalog, index)
    assert len((await searcher.search(SearchRequest("file"))).hits) == 1
    catalog.snapshot = FakeCatalog().snapshot
    assert (await searcher.search(SearchRequest("file"))).hits == ()
