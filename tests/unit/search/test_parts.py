"""A short request of several needs has a row for each of them."""

from hypothesis import given
from hypothesis import strategies as st

from mcp_toolweaver.core.query import Candidates, Hit, Match, SearchRequest
from mcp_toolweaver.search.names import Named
from mcp_toolweaver.search.parts import LEAST_COSINE, best_of_parts, with_a_row_each
from mcp_toolweaver.search.ranking import rank
from tests.unit.search.asked import TOOLS, names, tool

RANKED = [Hit(tool(name), 1.0 - at / 10) for at, name in enumerate("abcdef")]
IDS = [hit.tool.id for hit in RANKED]
WANTED = st.lists(st.sampled_from(RANKED), unique_by=lambda hit: hit.tool.id, max_size=4)


def shown(wanted: list[Hit], limit: int) -> list[str]:
    return [hit.tool.id.name for hit in with_a_row_each(RANKED, wanted, limit)[:limit]]


def test_the_best_for_each_part_is_found_once_and_in_the_order_of_the_parts() -> None:
    parts = [[0.1, 0.2, 1.0], [1.0, 0.2, 0.1], [0.3, 0.2, 0.9]]
    assert best_of_parts(parts, [[0.5] * 3] * 3, [0.5, 0.5, 0.5], IDS) == [2, 0]


def test_of_equals_the_first_by_name_is_the_best_whatever_their_order() -> None:
    parts, near = [[1.0, 1.0, 0.0], [0.0, 1.0, 1.0]], [[0.5] * 3] * 2
    assert best_of_parts(parts, near, [0.5] * 3, IDS) == [0, 1]
    turned = [lane[::-1] for lane in parts]
    assert best_of_parts(turned, near, [0.5] * 3, IDS[2::-1]) == [2, 1]


def test_a_part_that_nothing_is_near_to_is_talk() -> None:
    parts = [[1.0, 0.0], [0.0, 1.0]]
    assert best_of_parts(parts, [[0.9, 0.9], [0.0, LEAST_COSINE - 0.01]], [0.5, 0.5], IDS) == [0]


def test_a_request_of_one_part_wants_nothing_more() -> None:
    assert best_of_parts([[1.0, 0.0]], [[0.9, 0.9]], [0.5, 0.5], IDS) == []


def test_the_last_rows_give_way_and_the_first_stays() -> None:
    assert shown([RANKED[5], RANKED[4]], 3) == ["a", "f", "e"]
    assert shown([RANKED[4]], 3) == ["a", "b", "e"]
    assert shown([RANKED[5]], 1) == ["a"]


def test_what_is_wanted_and_shown_already_stays_where_it_is() -> None:
    assert with_a_row_each(RANKED, [RANKED[1], RANKED[2]], 3) == RANKED


@given(WANTED, st.integers(0, 7))
def test_nothing_is_lost_or_doubled_and_scores_fall(wanted: list[Hit], limit: int) -> None:
    hits = with_a_row_each(RANKED, wanted, limit)
    assert sorted(hit.tool.id.name for hit in hits) == list("abcdef")
    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)


@given(WANTED, st.integers(2, 6))
def test_as_many_of_the_wanted_are_shown_as_there_is_room_for(wanted: list[Hit], limit: int) -> None:
    names_shown = shown(wanted, limit)
    found = sum(hit.tool.id.name in names_shown for hit in wanted)
    assert found >= min(len(wanted), limit - 1)


def plan(text: str) -> list[str]:
    """Ask with two parts: all of ``s1`` serves the first, ``f`` of ``s3`` the second."""
    first = [Match(tool(name).id, (2.0, 2.0, 0.0), (0.6, 0.7, 0.1), 0.5) for name in "abcde"]
    second = Match(tool("f", "s3").id, (0.5, 0.0, 2.0), (0.3, 0.1, 0.6), 0.2)
    found = Candidates((*first, second))
    return names(rank(found, TOOLS, SearchRequest(text, limit=3), Named(), share=0.6, tier="hybrid"))


def test_each_step_of_a_plan_has_a_row() -> None:
    assert "f" in plan("list pods and send an email")


def test_a_long_story_is_no_plan() -> None:
    story = " ".join(f"word{number}" for number in range(30))
    assert "f" not in plan(story)
