"""Tools whose server has many of the best candidates are raised a little."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcp_toolweaver.search.fusion import SERVER_SHARE, with_company

ROUNDING = 1e-9
SCORES = st.lists(st.floats(0, 1), min_size=1, max_size=8)


def servers_of(scores: list[float]) -> st.SearchStrategy[list[str]]:
    return st.lists(st.sampled_from("abc"), min_size=len(scores), max_size=len(scores))


def test_of_equal_candidates_the_one_in_good_company_comes_first() -> None:
    accompanied, _mate, lonely = with_company([0.8, 0.8, 0.8], ["a", "a", "b"])
    assert accompanied > lonely


def test_company_far_behind_is_worth_little() -> None:
    accompanied, *_mates, lonely = with_company([0.8, *[0.1] * 20, 0.8], ["a"] * 21 + ["b"])
    assert accompanied == pytest.approx(lonely, abs=0.01)


def test_without_candidates_there_is_no_company() -> None:
    assert with_company([], []) == []


@given(st.data())
def test_company_keeps_the_order_within_a_server(data: st.DataObject) -> None:
    scores = data.draw(SCORES)
    servers = data.draw(servers_of(scores))
    raised = with_company(scores, servers)
    for first in range(len(scores)):
        for second in range(len(scores)):
            if servers[first] == servers[second] and scores[first] >= scores[second]:
                assert raised[first] >= raised[second]


@given(SCORES)
def test_among_the_tools_of_one_server_company_changes_nothing(scores: list[float]) -> None:
    raised = with_company(scores, ["a"] * len(scores))
    gaps = [score - scores[0] for score in scores]
    assert [score - raised[0] for score in raised] == pytest.approx([gap / (1 + SERVER_SHARE) for gap in gaps])


@given(st.data())
def test_scores_with_company_are_from_0_to_1(data: st.DataObject) -> None:
    scores = data.draw(SCORES)
    assert all(0 <= score <= 1 + ROUNDING for score in with_company(scores, data.draw(servers_of(scores))))


@given(st.data())
def test_company_does_not_depend_on_the_order_of_the_candidates(data: st.DataObject) -> None:
    scores = data.draw(SCORES)
    servers = data.draw(servers_of(scores))
    order = data.draw(st.permutations(range(len(scores))))
    raised = with_company(scores, servers)
    assert with_company([scores[at] for at in order], [servers[at] for at in order]) == [raised[at] for at in order]


@given(st.data())
def test_company_makes_up_for_no_more_than_its_share(data: st.DataObject) -> None:
    scores = data.draw(SCORES)
    raised = with_company(scores, data.draw(servers_of(scores)))
    for first in range(len(scores)):
        for second in range(len(scores)):
            if scores[first] > scores[second] + SERVER_SHARE:
                assert raised[first] > raised[second]


@given(st.floats(0.001, 1), st.data())
def test_who_rises_alone_gains_on_everybody_else(rise: float, data: st.DataObject) -> None:
    scores = data.draw(SCORES)
    servers = data.draw(servers_of(scores))
    riser = data.draw(st.integers(0, len(scores) - 1))
    risen = [*scores[:riser], min(1.0, scores[riser] + rise), *scores[riser + 1 :]]
    before, after = with_company(scores, servers), with_company(risen, servers)
    for other in range(len(scores)):
        assert after[riser] - after[other] >= before[riser] - before[other] - ROUNDING
