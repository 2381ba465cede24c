"""What a request names leads its answer, whatever the lanes say."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcp_toolweaver.core.query import Candidates, Match, SearchRequest
from mcp_toolweaver.core.tools import Snapshot, ToolId
from mcp_toolweaver.search.names import Named
from mcp_toolweaver.search.ranking import rank
from tests.fakes.tools import make_tool
from tests.unit.search.asked import NAMED, TOOLS, ask, candidates, match, names, tool, unrelated


def test_named_tools_come_first_in_the_order_in_which_they_are_named() -> None:
    result = ask([match("a", 9.0, 0.99), match("b", 1.0, 0.1)], Named(tools=(tool("f"), tool("b"))))
    assert names(result) == ["f", "b", "a"]
    assert result.confidence == "high"


def test_a_named_tool_is_an_answer_where_the_lanes_have_none() -> None:
    result = ask([], Named(tools=(tool("f"),)))
    assert (names(result), result.confidence) == (["f"], "high")


@pytest.mark.parametrize("domain", ["work", "WORK", "s1", "S1"])
def test_a_named_tool_of_the_domain_or_server_that_is_asked_for_comes_first(domain: str) -> None:
    assert names(ask([match("a", 1.0)], Named(tools=(tool("b"),)), domain=domain)) == ["b", "a"]


@pytest.mark.parametrize("domain", ["play", "s2", "nowhere", ""])
def test_a_named_tool_outside_the_domain_that_is_asked_for_is_no_answer(domain: str) -> None:
    assert names(ask([match("a", 1.0, server="s3")], Named(tools=(tool("b"),)), domain=domain)) == ["a"]


def test_a_named_server_makes_nobody_confident() -> None:
    assert ask([unrelated("a")], Named(servers=frozenset(["s1"]))).confidence == "none"


def test_tools_spelled_alike_are_passed_on_and_are_no_hits() -> None:
    result = ask([], Named(similar=(tool("e"), tool("d"))))
    assert (result.hits, result.confidence, result.similar) == ((), "none", (tool("e"), tool("d")))


def test_named_and_similar_tools_that_left_the_catalog_are_dropped() -> None:
    gone = make_tool("x", server="gone")
    result = ask([match("a", 1.0)], Named(tools=(gone, tool("b")), similar=(gone, tool("c"))))
    assert names(result) == ["b", "a"]
    assert result.similar == (tool("c"),)


def test_where_all_that_is_named_is_gone_the_candidates_are_judged() -> None:
    assert ask([unrelated("a")], Named(tools=(make_tool("x", server="gone"),))).confidence == "none"


def test_a_request_that_is_only_a_servers_name_puts_its_tools_first() -> None:
    matches = [match("a", 3.0, 0.9, server="s1"), match("b", 0.5, 0.1, server="s2"), match("c", 0.4, 0.1, server="s2")]
    named, found = Named(servers=frozenset(["s2"])), Candidates(tuple(matches))
    result = rank(found, TOOLS, SearchRequest("the S2 server"), named, share=0.5, tier="hybrid")
    assert names(result) == ["b", "c", "a"]


def test_a_named_server_has_no_misspelt_tools() -> None:
    named = Named(servers=frozenset(["s1"]), similar=(tool("a"),))
    assert ask([match("a", 1.0, 0.5)], named).similar == ()


def test_misspelt_tools_are_of_the_domain_that_was_asked_for() -> None:
    assert ask([match("a", 1.0, 0.5)], Named(similar=(tool("a"), tool("a", "s3"))), domain="play").similar == (
        tool("a", "s3"),
    )


# --- servers that are named ----------------------------------------------------------------------

CROWD = Snapshot.of(make_tool(f"t{at}", server=server) for server in ("first", "second") for at in range(8))
COMPARABLE = [
    Match(id_, (1.0 if id_.server == "first" else 0.99,), (), coverage=1.0) for id_ in CROWD.tools
]  # fmt: skip


def rows_of_the_first(named: Named | None = None) -> int:
    result = ask(COMPARABLE, named, limit=8, snapshot=CROWD)
    return sum(hit.tool.id.server == "first" for hit in result.hits)


def test_a_server_leaves_rows_to_comparable_tools_of_others() -> None:
    assert 0 < rows_of_the_first() < 8


def test_a_named_server_keeps_all_its_rows() -> None:
    assert rows_of_the_first(Named(servers=frozenset(["first"]))) == 8


def test_a_named_tool_gives_its_server_no_further_rows() -> None:
    assert 0 < rows_of_the_first(Named(tools=(CROWD.tools[ToolId("first", "t3")],))) < 8


@given(candidates(), NAMED, st.integers(0, 19), st.floats(0, 1))
def test_what_is_named_leads_any_answer(matches: list[Match], named: Named, limit: int, share: float) -> None:
    hits = ask(matches, named, limit=limit, share=share).hits
    leaders = named.tools[:limit]
    assert tuple(hit.tool for hit in hits[: len(leaders)]) == leaders
