"""Fused scores reward items that stand high in many rankings."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcp_toolweaver.search.fusion import RANK_CONSTANT, reciprocal_rank_fusion

RANKINGS = st.lists(st.lists(st.integers(0, 9), unique=True, max_size=10), max_size=5)


def test_scores_follow_the_published_formula() -> None:
    scores = reciprocal_rank_fusion([["a", "b"], ["b"]], constant=60)
    assert scores == pytest.approx({"a": 1 / 61, "b": 1 / 62 + 1 / 61})


def test_the_default_constant_is_used() -> None:
    assert reciprocal_rank_fusion([["a"]]) == pytest.approx({"a": 1 / (RANK_CONSTANT + 1)})


@pytest.mark.parametrize("rankings", [[], [[]], [[], []]])
def test_nothing_ranked_is_nothing_scored(rankings: list[list[str]]) -> None:
    assert reciprocal_rank_fusion(rankings) == {}


@given(RANKINGS)
def test_exactly_the_ranked_items_are_scored_and_each_positively(rankings: list[list[int]]) -> None:
    scores = reciprocal_rank_fusion(rankings)
    assert set(scores) == {item for ranking in rankings for item in ranking}
    assert all(score > 0 for score in scores.values())


@given(RANKINGS)
def test_the_order_of_the_rankings_does_not_matter(rankings: list[list[int]]) -> None:
    assert reciprocal_rank_fusion(rankings[::-1]) == pytest.approx(reciprocal_rank_fusion(rankings))


@given(RANKINGS, st.permutations(range(10)))
def test_items_are_treated_alike_whatever_they_are(rankings: list[list[int]], renamed: list[int]) -> None:
    scores = reciprocal_rank_fusion(rankings)
    other = reciprocal_rank_fusion([[renamed[item] for item in ranking] for ranking in rankings])
    assert other == pytest.approx({renamed[item]: score for item, score in scores.items()})


@given(RANKINGS, st.lists(st.integers(0, 9), unique=True, min_size=2), st.data())
def test_moving_up_in_a_ranking_raises_the_score(
    rankings: list[list[int]], ranking: list[int], data: st.DataObject
) -> None:
    place = data.draw(st.integers(1, len(ranking) - 1))
    better = [*ranking[: place - 1], ranking[place], ranking[place - 1], *ranking[place + 1 :]]
    before, after = (reciprocal_rank_fusion([*rankings, last]) for last in (ranking, better))
    assert after[ranking[place]] > before[ranking[place]]
    assert after[ranking[place - 1]] < before[ranking[place - 1]]


@given(RANKINGS, st.integers(0, 9))
def test_standing_in_one_more_ranking_raises_the_score(rankings: list[list[int]], item: int) -> None:
    before = reciprocal_rank_fusion(rankings).get(item, 0)
    assert reciprocal_rank_fusion([*rankings, [item]])[item] > before


@given(st.lists(st.integers(0, 9), unique=True))
def test_fusing_one_ranking_keeps_its_order(ranking: list[int]) -> None:
    scores = reciprocal_rank_fusion([ranking])
    assert sorted(scores, key=lambda item: -scores[item]) == ranking
