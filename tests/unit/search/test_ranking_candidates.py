"""Candidates become hits: fused, led by what is named, judged, spread, and only of tools that are still there."""

from hypothesis import given
from hypothesis import strategies as st

from mcp_toolweaver.core.query import Candidates, Match, SearchRequest
from mcp_toolweaver.core.tools import Snapshot, ToolId
from mcp_toolweaver.search.names import Named
from mcp_toolweaver.search.ranking import rank
from tests.fakes.tools import make_tool
from tests.unit.search.asked import NAMED, TOOLS, ask, candidates, match, names, tool, unrelated

SHOT = "Take a screenshot of the current page or a specific element"


# --- the order of the lanes ----------------------------------------------------------------------


def test_the_best_of_both_lanes_comes_first() -> None:
    assert names(ask([match("a", 3.0, 0.1), match("b", 2.0, 0.9), match("c", 1.0, 0.5)])) == ["b", "a", "c"]


def test_the_share_of_meaning_decides_between_the_lanes() -> None:
    torn = [match("a", 3.0, 0.1), match("b", 1.0, 0.9)]
    assert [names(ask(torn, share=share)) for share in (0.0, 1.0)] == [["a", "b"], ["b", "a"]]


def test_the_best_for_a_part_of_the_question_comes_before_the_middling() -> None:
    whole_and_parts = [
        Match(ToolId("s1", name), (1.0, *words), (0.5, *cosines), coverage=1.0)
        for name, words, cosines in (
            ("a", (0.5, 0.5), (0.4, 0.4)),
            ("b", (2.0, 0.0), (0.7, 0.1)),
            ("c", (0.0, 2.0), (0.1, 0.7)),
        )
    ]
    assert names(ask(whole_and_parts)) == ["b", "c", "a"]


def test_a_tool_without_a_vector_is_ranked_by_its_words() -> None:
    assert names(ask([match("a", 1.0), match("b", 3.0), match("c", 2.0, 0.4)], share=0.1)) == ["b", "c", "a"]


def test_a_tool_that_is_not_embedded_yet_keeps_its_place_by_words_among_embedded_ones() -> None:
    embedded = [match(name, 0.2, 0.3 - at / 100, coverage=0.1) for at, name in enumerate("bcdef")]
    result = ask([match("a", 3.0, coverage=1.0), *embedded], share=0.6)
    assert (names(result)[0], result.confidence) == ("a", "high")


def test_ties_are_settled_by_the_identity() -> None:
    tied = [match("b", 1.0), match("a", 1.0)]
    assert names(ask(tied)) == names(ask(tied[::-1])) == ["a", "b"]


def test_a_server_that_has_many_of_the_best_comes_before_an_equal_one() -> None:
    tied = [match("a", 1.0, server="s1"), match("b", 1.0, server="s2"), match("c", 0.99, server="s2")]
    assert names(ask(tied)) == ["b", "c", "a"]


def test_hits_carry_the_tools_of_the_snapshot() -> None:
    [hit] = ask([match("a", 1.0)]).hits
    assert hit.tool is tool("a")


def test_tier_and_notes_are_passed_on() -> None:
    result = rank(
        Candidates(), TOOLS, SearchRequest("any"), Named(), share=0.0, tier="lexical", skipped=("one", "two")
    )  # fmt: skip
    assert (result.tier, result.skipped) == ("lexical", ("one", "two"))


# --- what is gone --------------------------------------------------------------------------------


def test_candidates_that_left_the_catalog_are_dropped_before_they_are_ranked() -> None:
    left = [match("a", 2.0, 0.5), match("b", 1.0, 0.4)]
    gone = match("x", 9.0, 0.99, server="gone")
    assert ask([gone, *left]) == ask(left)


def test_candidates_that_left_the_catalog_make_nobody_confident() -> None:
    result = ask([match("x", 9.0, 0.99, server="gone")])
    assert (result.hits, result.confidence, result.nearest) == ((), "none", ())


# --- what fits, and where to look ----------------------------------------------------------------


def test_where_nothing_fits_there_are_no_hits_but_the_nearest_domains() -> None:
    result = ask([unrelated("a"), match("b", 0.0, 0.02, server="s3", coverage=0.0)])
    assert (result.hits, result.confidence, result.nearest) == ((), "none", ("Play", "Work"))


def test_the_nearest_domains_are_those_of_the_best_candidates_and_at_most_three() -> None:
    snapshot = Snapshot.of(make_tool("t", server=f"s{at}", domain=f"d{at // 2}") for at in range(12))
    found = [Match(ToolId(f"s{at}", "t"), (12.0 - at,), (), coverage=1.0) for at in range(12)]
    assert ask(found, snapshot=snapshot).nearest == ("d0", "d1", "d2")


def test_near_duplicates_share_a_row() -> None:
    snapshot = Snapshot.of(make_tool("screenshot", SHOT, server=server) for server in ("puppeteer", "playwright"))
    found = [Match(id_, (score,), (), coverage=1.0) for id_, score in zip(snapshot.tools, (2.0, 1.0), strict=True)]
    [hit] = ask(found, snapshot=snapshot).hits
    assert (hit.tool.id.server, [each.id.server for each in hit.alternatives]) == ("puppeteer", ["playwright"])


# --- what holds for any candidates ---------------------------------------------------------------


@given(candidates(), NAMED, st.permutations(range(18)), st.integers(0, 19), st.floats(0, 1))
def test_the_answer_does_not_depend_on_the_order_of_the_candidates(
    matches: list[Match], named: Named, order: list[int], limit: int, share: float
) -> None:
    shuffled = [matches[at] for at in order if at < len(matches)]
    assert ask(shuffled, named, limit=limit, share=share) == ask(matches, named, limit=limit, share=share)


@given(candidates(), NAMED, st.integers(0, 19), st.floats(0, 1))
def test_hits_are_as_many_as_there_may_be_best_first_and_each_once(
    matches: list[Match], named: Named, limit: int, share: float
) -> None:
    result = ask(matches, named, limit=limit, share=share)
    ids = {each.id for each in matches} | {each.id for each in named.tools}
    assert len(result.hits) == (0 if result.confidence == "none" else min(limit, len(ids)))
    assert len({hit.tool.id for hit in result.hits}) == len(result.hits)
    assert [hit.score for hit in result.hits] == sorted((hit.score for hit in result.hits), reverse=True)


@given(candidates(), st.floats(0, 0.99))
def test_of_one_servers_tools_the_one_that_leads_in_every_lane_comes_first(matches: list[Match], share: float) -> None:
    order = [hit.tool.id for hit in ask(matches, limit=100, share=share).hits]
    for first in matches if order else ():
        for second in matches:
            if first.id.server == second.id.server and _leads(first, second):
                assert order.index(first.id) < order.index(second.id)


def _leads(first: Match, second: Match) -> bool:
    lanes = [*zip(first.lexical, second.lexical, strict=True), *zip(first.dense, second.dense, strict=False)]
    return len(first.dense) == len(second.dense) and all(one > other for one, other in lanes)
