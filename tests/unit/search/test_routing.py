"""What a request names says where to look too, and never where not to look."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mcp_toolweaver.core.interfaces import Searcher, ToolIndex
from mcp_toolweaver.core.query import IndexEntry, SearchRequest
from mcp_toolweaver.index.memory import MemoryIndex
from mcp_toolweaver.search.hybrid import HybridSearcher
from mcp_toolweaver.search.lexical import LexicalSearcher
from mcp_toolweaver.search.names import CurrentNames
from mcp_toolweaver.search.routing import MOST_LIKELY, Routing
from tests.fakes.catalog import FakeCatalog
from tests.fakes.embedder import FakeEmbedder
from tests.fakes.index import FakeIndex
from tests.fakes.tools import make_tool

pytestmark = pytest.mark.anyio

TOOLS = [
    make_tool("create_issue", "Creates an issue.", server="github-official", domain="github"),
    make_tool("create_issue", "Creates an issue.", server="linear"),
    make_tool("run_query", "Runs a query.", server="warehouse", domain="Database"),
    make_tool("post_message", "Posts a message.", server="Slack"),
]


async def likely(text: str, catalog: FakeCatalog | None = None, *, domain: str | None = None) -> tuple[str, ...]:
    catalog = catalog or FakeCatalog(TOOLS)
    named = (await CurrentNames(catalog).get()).find(text)
    return Routing(catalog).likely(SearchRequest(text, domain=domain), named)


async def test_a_server_that_is_named_is_likely() -> None:
    assert await likely("create an issue with Linear") == ("linear",)


async def test_the_domain_of_a_product_that_is_named_is_likely() -> None:
    assert await likely("run a query on Postgres") == ("Database",)


async def test_a_named_server_comes_before_the_domain_of_its_product() -> None:
    assert await likely("open an issue on github") == ("github-official", "github")


async def test_a_domain_that_the_catalog_lacks_is_not_likely() -> None:
    assert await likely("merge on gitlab and tell me on Slack") == ("Slack",)


async def test_where_nothing_is_named_no_domain_is_likely() -> None:
    for text in ("", "create an issue", "what is the weather?"):
        assert await likely(text) == ()


async def test_a_domain_that_the_caller_chose_leaves_nothing_to_guess() -> None:
    assert await likely("create an issue in github", domain="linear") == ()


async def test_no_more_than_a_few_domains_are_likely() -> None:
    servers = [make_tool("x", server=name) for name in ("slack", "github", "gitlab", "jira", "redis")]
    text = "tell slack, github, gitlab, jira and redis"
    assert len(await likely(text, FakeCatalog(servers))) == MOST_LIKELY


async def test_the_domains_are_those_of_the_catalog_as_it_is_now() -> None:
    catalog = FakeCatalog(TOOLS[:1])
    routing, named = Routing(catalog), (await CurrentNames(catalog).get()).find("a query")
    request = SearchRequest("a query to mysql")
    assert routing.likely(request, named) == ()
    catalog.snapshot = FakeCatalog(TOOLS).snapshot
    assert routing.likely(request, named) == ("Database",)


def searchers(index: ToolIndex, *, routed: bool = True) -> list[Searcher]:
    catalog = FakeCatalog(TOOLS)
    names = CurrentNames(catalog)
    by_words = LexicalSearcher(catalog, index, names, routed=routed)
    return [by_words, HybridSearcher(catalog, index, FakeEmbedder(), names, routed=routed)]


async def test_likely_domains_are_asked_for_in_the_same_query_and_nothing_is_left_out() -> None:
    request = SearchRequest("post a message on Slack")
    index, plain = FakeIndex(), FakeIndex()
    for by in searchers(index):
        await by.search(request)
    for by in searchers(plain, routed=False):
        await by.search(request)
    assert [query.likely for query in index.queries] == [("Slack",)] * 2
    assert [query.domain for query in index.queries] == [None] * 2
    bare = [(query.likely, query.limit, [probe.terms for probe in query.probes]) for query in plain.queries]
    assert bare == [((), query.limit, [probe.terms for probe in query.probes]) for query in index.queries]


async def test_a_wrong_guess_keeps_every_tool_that_is_found_without_it() -> None:
    index = MemoryIndex()
    model = FakeEmbedder()
    await index.apply([IndexEntry(tool, model.vector(tool.id.name)) for tool in TOOLS], [])
    request = SearchRequest("create an issue, not in postgres", limit=10)
    for routed, plain in zip(searchers(index), searchers(index, routed=False), strict=True):
        with_guess, without = await routed.search(request), await plain.search(request)
        assert {hit.tool.id for hit in without.hits} <= {hit.tool.id for hit in with_guess.hits}
        assert replace(with_guess, hits=()) == replace(without, hits=())
