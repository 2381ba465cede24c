"""Candidates become hits: fused, ordered, judged, and only of tools that are still there."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcp_toolweaver.core.query import Match, SearchRequest
from mcp_toolweaver.core.tools import Snapshot, ToolId
from mcp_toolweaver.search.fusion import RANK_CONSTANT
from mcp_toolweaver.search.ranking import CANDIDATES, index_query, rank
from tests.fakes.tools import make_tool

TOOLS = Snapshot.of(make_tool(name, server=server) for server in ("s1", "s2") for name in "abcdef")


def match(name: str, lexical: float | None, dense: float | None, *, server: str = "s1") -> Match:
    return Match(ToolId(server, name), lexical, dense, coverage=1.0)


@st.composite
def candidates(draw: st.DrawFn) -> list[Match]:
    ids = draw(st.lists(st.sampled_from(sorted(TOOLS.tools)), unique=True))
    scores = st.sampled_from([0.25, 0.5, 0.75, 1.0])
    return [
        Match(id_, draw(scores), draw(st.none() | scores), coverage=draw(st.sampled_from([0.0, 0.5, 1.0])))
        for id_ in ids
    ]


def names(matches: list[Match], limit: int = 10) -> list[str]:
    return [hit.tool.id.name for hit in rank(matches, TOOLS, limit, tier="hybrid").hits]


def test_the_best_of_both_lanes_comes_first() -> None:
    assert names([match("a", 3.0, 0.1), match("b", 2.0, 0.9), match("c", 1.0, 0.5)]) == ["b", "a", "c"]


def test_a_lane_that_did_not_score_a_candidate_does_not_rank_it() -> None:
    result = rank([match("a", None, 0.9), match("b", 1.0, None)], TOOLS, 10, tier="hybrid")
    assert [hit.score for hit in result.hits] == pytest.approx([1 / (RANK_CONSTANT + 1)] * 2)


def test_ties_are_settled_by_the_identity() -> None:
    tied = [match("b", 1.0, None), match("a", None, 1.0), match("a", None, None, server="s2")][:2]
    assert names(tied) == names(tied[::-1]) == ["a", "b"]


def test_candidates_that_left_the_catalog_are_dropped_before_they_are_ranked() -> None:
    gone = Match(ToolId("gone", "x"), 9.0, 0.99, coverage=1.0)
    result = rank([gone, match("a", 1.0, None)], TOOLS, 10, tier="hybrid")
    assert [hit.tool.id.name for hit in result.hits] == ["a"]
    assert result.hits[0].score == pytest.approx(1 / (RANK_CONSTANT + 1))


def test_candidates_that_left_the_catalog_make_nobody_confident() -> None:
    result = rank([Match(ToolId("gone", "x"), 9.0, 0.99, coverage=1.0)], TOOLS, 10, tier="hybrid")
    assert (result.hits, result.confidence) == ((), "none")


def test_hits_carry_the_tools_of_the_snapshot() -> None:
    [hit] = rank([match("a", 1.0, None)], TOOLS, 10, tier="lexical").hits
    assert hit.tool is TOOLS.tools[ToolId("s1", "a")]


def test_where_nothing_fits_there_are_no_hits() -> None:
    unrelated = [Match(id_, None, 0.1, coverage=0.0) for id_ in TOOLS.tools]
    result = rank(unrelated, TOOLS, 10, tier="hybrid")
    assert (result.hits, result.confidence) == ((), "none")


def test_tier_and_notes_are_passed_on() -> None:
    result = rank([], TOOLS, 5, tier="lexical", skipped=("one", "two"))
    assert (result.tier, result.skipped) == ("lexical", ("one", "two"))


@given(candidates(), st.permutations(range(12)), st.integers(0, 13))
def test_the_answer_does_not_depend_on_the_order_of_the_candidates(
    matches: list[Match], order: list[int], limit: int
) -> None:
    shuffled = [matches[at] for at in order if at < len(matches)]
    assert rank(shuffled, TOOLS, limit, tier="hybrid") == rank(matches, TOOLS, limit, tier="hybrid")


@given(candidates(), st.integers(0, 13))
def test_hits_are_the_first_of_the_whole_ranking_best_first(matches: list[Match], limit: int) -> None:
    hits, whole = (rank(matches, TOOLS, most, tier="hybrid").hits for most in (limit, 100))
    assert hits == whole[:limit]
    assert [hit.score for hit in whole] == sorted((hit.score for hit in whole), reverse=True)


@given(candidates())
def test_a_candidate_better_in_every_lane_comes_first(matches: list[Match]) -> None:
    order = [hit.tool.id for hit in rank(matches, TOOLS, 100, tier="hybrid").hits]
    for first in matches:
        for second in matches:
            if order and (first.lexical or 0) > (second.lexical or 0) and (first.dense or 0) > (second.dense or 0):
                assert order.index(first.id) < order.index(second.id)


def test_a_request_asks_the_index_for_its_words_within_its_domain() -> None:
    query = index_query(SearchRequest("Create an issue", domain="dev"))
    assert (query.terms, query.domain, query.vector) == (("creat", "issu"), "dev", None)


@pytest.mark.parametrize(("limit", "asked"), [(1, CANDIDATES), (CANDIDATES, CANDIDATES), (200, 200)])
def test_each_lane_brings_enough_candidates(limit: int, asked: int) -> None:
    assert index_query(SearchRequest("x", limit=limit)).limit == asked
