"""A search by words, and one by words and meaning, over an index and a catalog."""

from dataclasses import replace

import numpy as np
import pytest

from mcp_toolweaver.core.errors import Unavailable
from mcp_toolweaver.core.interfaces import ToolIndex
from mcp_toolweaver.core.query import IndexEntry, Match, SearchRequest, SearchResult
from mcp_toolweaver.core.tools import Tool, ToolId
from mcp_toolweaver.index.memory import MemoryIndex
from mcp_toolweaver.search.fusion import MEANING_WEIGHT, TYPICAL_TERMS
from mcp_toolweaver.search.hybrid import HybridSearcher, partly_embedded
from mcp_toolweaver.search.lexical import LexicalSearcher
from mcp_toolweaver.search.names import CurrentNames
from mcp_toolweaver.text.query_terms import query_terms
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


COMPOUND = "Find the cheapest flight to Oslo, and then add the trip to my calendar"
CLAUSES = ["Find the cheapest flight to Oslo", "add the trip to my calendar"]


def by_words(index: ToolIndex, catalog: FakeCatalog | None = None) -> LexicalSearcher:
    catalog = catalog or FakeCatalog(TOOLS)
    return LexicalSearcher(catalog, index, CurrentNames(catalog))


def by_both(
    index: ToolIndex, model: FakeEmbedder, catalog: FakeCatalog | None = None, *, meaning_weight: float = MEANING_WEIGHT
) -> HybridSearcher:
    catalog = catalog or FakeCatalog(TOOLS)
    return HybridSearcher(catalog, index, model, CurrentNames(catalog), meaning_weight=meaning_weight)


def found(result: SearchResult) -> list[str]:
    return [hit.tool.id.name for hit in result.hits]


async def indexed(tools: list[Tool], *, model: FakeEmbedder | None = None, like: str = "") -> MemoryIndex:
    """Return an index of the tools; with a model, each has the vector of the text ``like``."""
    index = MemoryIndex()
    await index.apply([IndexEntry(tool, model.vector(like) if model else None) for tool in tools], [])
    return index


async def test_words_find_tools() -> None:
    result = await by_words(await indexed(TOOLS)).search(SearchRequest("read a file"))
    assert found(result) == ["read_file", "write_file"]
    assert (result.tier, result.confidence, result.skipped) == ("lexical", "high", ())


async def test_words_that_no_tool_has_find_nothing() -> None:
    result = await by_words(await indexed(TOOLS)).search(SearchRequest("zebra"))
    assert (result.hits, result.confidence) == ((), "none")


@pytest.mark.parametrize("text", ["", " ", "!!!", "🙂"])
async def test_a_request_without_words_finds_nothing_by_words(text: str) -> None:
    result = await by_words(await indexed(TOOLS)).search(SearchRequest(text))
    assert result.hits == ()


async def test_limit_and_domain_are_kept() -> None:
    searcher = by_words(await indexed(TOOLS))
    assert len((await searcher.search(SearchRequest("file", limit=1))).hits) == 1
    assert (await searcher.search(SearchRequest("file", domain="mail"))).hits == ()


async def test_meaning_finds_what_shares_no_word() -> None:
    model = FakeEmbedder()
    index = await indexed(TOOLS, model=model, like="something else")
    await index.apply([IndexEntry(TOOLS[2], model.vector("notify my boss"))], [])
    result = await by_both(index, model).search(SearchRequest("notify my boss"))
    assert result.hits[0].tool.id.name == "send_mail"
    assert (result.tier, result.confidence, result.skipped) == ("hybrid", "high", ())


async def test_the_request_and_its_clauses_are_embedded_and_asked_with_their_words() -> None:
    model, index = FakeEmbedder(), FakeIndex()
    await by_both(index, model).search(SearchRequest(COMPOUND, domain="files"))
    assert model.batches == [[COMPOUND, *CLAUSES]]
    [query] = index.queries
    assert query.domain == "files"
    for text, probe in zip([COMPOUND, *CLAUSES], query.probes, strict=True):
        assert probe.terms == query_terms(text)
        assert probe.vector is not None
        np.testing.assert_array_equal(probe.vector, model.vector(text))


async def test_a_search_by_words_asks_the_same_without_vectors() -> None:
    index, other = FakeIndex(), FakeIndex()
    await by_words(index).search(SearchRequest(COMPOUND, domain="files"))
    await by_both(other, FakeEmbedder()).search(SearchRequest(COMPOUND, domain="files"))
    [query], [with_vectors] = index.queries, other.queries
    assert query == replace(with_vectors, probes=tuple(replace(each, vector=None) for each in with_vectors.probes))


TORN = [
    Match(ToolId("files", "read_file"), (5.0,), (0.1,), coverage=1.0),
    Match(ToolId("mail", "send_mail"), (1.5,), (0.9,), coverage=0.3),
]


async def test_the_weight_of_meaning_decides_between_words_and_meaning() -> None:
    request = SearchRequest("notify my boss")
    for weight, first in ((0.0, "read_file"), (1.0, "send_mail")):
        searcher = by_both(FakeIndex(TORN), FakeEmbedder(), meaning_weight=weight)
        assert found(await searcher.search(request))[0] == first


async def test_meaning_counts_more_for_few_words_than_for_many() -> None:
    few, many = "boss", " ".join(f"word{at}" for at in range(4 * TYPICAL_TERMS))
    searcher = by_both(FakeIndex(TORN), FakeEmbedder(), meaning_weight=0.5)
    scores: list[float] = []
    for text in (few, many):
        hits = (await searcher.search(SearchRequest(text))).hits
        scores.append(next(hit.score for hit in hits if hit.tool.id.name == "send_mail"))
    assert scores[0] > scores[1]


async def test_a_tool_that_is_named_comes_first_whatever_the_lanes_say() -> None:
    for searcher in (by_words(FakeIndex(TORN)), by_both(FakeIndex(TORN), FakeEmbedder())):
        result = await searcher.search(SearchRequest("files::write_file"))
        assert found(result)[0] == "write_file"
        assert result.confidence == "high"


async def test_a_tool_that_is_almost_named_is_passed_on() -> None:
    for searcher in (by_words(FakeIndex()), by_both(FakeIndex(), FakeEmbedder())):
        result = await searcher.search(SearchRequest("write_notes_file"))
        assert (result.hits, [tool.id.name for tool in result.similar]) == ((), ["write_file"])


async def test_a_tool_that_left_the_catalog_is_not_found_even_while_it_is_indexed() -> None:
    catalog, model = FakeCatalog(TOOLS[1:]), FakeEmbedder()
    index = await indexed(TOOLS, model=model, like="read a file")
    for searcher in (by_words(index, catalog), by_both(index, model, catalog)):
        result = await searcher.search(SearchRequest("read a file"))
        assert "read_file" not in found(result)
        assert result.hits


async def test_an_index_that_is_partly_embedded_says_so() -> None:
    model = FakeEmbedder()
    index = await indexed(TOOLS[:1], model=model, like="file")
    await index.apply([IndexEntry(tool) for tool in TOOLS[1:]], [])
    result = await by_both(index, model).search(SearchRequest("file"))
    assert (result.skipped, result.is_warming) == ((partly_embedded(1, 3),), True)
    assert {hit.tool.id.name for hit in result.hits} == {"read_file", "write_file"}


async def test_what_will_not_be_embedded_is_not_promised() -> None:
    model = FakeEmbedder()
    index = await indexed(TOOLS[:1], model=model, like="file")
    await index.apply([IndexEntry(tool) for tool in TOOLS[1:]], [])
    catalog = FakeCatalog(TOOLS)
    searcher = HybridSearcher(catalog, index, model, CurrentNames(catalog), is_coming=lambda: False)
    result = await searcher.search(SearchRequest("file"))
    assert (result.skipped, result.is_warming) == ((partly_embedded(1, 3),), False)


@pytest.mark.parametrize("embedded", [0, 1])
async def test_an_index_that_is_partly_embedded_says_so_even_where_no_word_matches(embedded: int) -> None:
    model = FakeEmbedder()
    index = await indexed(TOOLS[:embedded], model=model, like="file")
    await index.apply([IndexEntry(tool) for tool in TOOLS[embedded:]], [])
    result = await by_both(index, model).search(SearchRequest("notify my boss"))
    assert (result.skipped, result.is_warming) == ((partly_embedded(embedded, 3),), True)


async def test_a_model_that_is_away_is_for_the_caller_to_handle() -> None:
    model = FakeEmbedder()
    model.calls_before_away = 0
    with pytest.raises(Unavailable, match="fake model"):
        await by_both(FakeIndex(), model).search(SearchRequest("file"))


async def test_the_catalog_is_read_anew_for_every_search() -> None:
    catalog = FakeCatalog(TOOLS)
    searcher = by_words(FakeIndex([Match(ToolId("files", "read_file"), (1.0,), (), coverage=1.0)]), catalog)
    assert len((await searcher.search(SearchRequest("notes"))).hits) == 1
    catalog.snapshot = FakeCatalog().snapshot
    assert (await searcher.search(SearchRequest("notes"))).hits == ()
    catalog.snapshot = FakeCatalog(TOOLS).snapshot
    assert found(await searcher.search(SearchRequest("send_mail")))[0] == "send_mail"


async def test_an_answer_says_which_store_was_skipped() -> None:
    index = FakeIndex([Match(TOOLS[0].id, (1.0,), (0.9,), 1.0)], skipped=("index: gone",))
    for searcher in (by_words(index), by_both(index, FakeEmbedder())):
        assert (await searcher.search(SearchRequest("read a file"))).skipped == ("index: gone",)
