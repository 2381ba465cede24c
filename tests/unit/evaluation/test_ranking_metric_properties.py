"""What holds for every ranking and all needs."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcp_toolweaver.core.tools import ToolId
from mcp_toolweaver.evaluation import METRICS, ndcg, recall, reciprocal_rank

Needs = list[list[str]]

TOOLS = [ToolId(server, name) for server in ("one", "two") for name in "abcdefgh"]
IRRELEVANT = [ToolId("three", name) for name in "stuvwxyz"]
LABELS = [str(tool) for tool in TOOLS] + [*"abcdefgh"] + ["nowhere::a", "unknown"]

rankings = st.permutations(TOOLS + IRRELEVANT).flatmap(
    lambda order: st.integers(0, len(order)).map(lambda length: order[:length])
)
needs_lists = st.lists(st.lists(st.sampled_from(LABELS), min_size=1, max_size=4), max_size=14)
all_metrics = pytest.mark.parametrize("name", METRICS)


@all_metrics
@given(ranked=rankings, needs=needs_lists)
def test_a_metric_lies_between_zero_and_one(name: str, ranked: list[ToolId], needs: Needs) -> None:
    assert 0.0 <= METRICS[name](ranked, needs) <= 1.0


@all_metrics
@given(ranked=rankings, needs=needs_lists, chance=st.randoms(use_true_random=False))
def test_the_order_of_needs_and_alternatives_changes_nothing(
    name: str, ranked: list[ToolId], needs: Needs, chance: random.Random
) -> None:
    shuffled = [chance.sample(need, len(need)) for need in chance.sample(needs, len(needs))]
    assert METRICS[name](ranked, shuffled) == METRICS[name](ranked, needs)


@all_metrics
@given(ranked=st.lists(st.sampled_from(TOOLS), unique=True), needs=needs_lists, more=st.permutations(IRRELEVANT))
def test_irrelevant_tools_at_the_end_change_nothing(
    name: str, ranked: list[ToolId], needs: Needs, more: list[ToolId]
) -> None:
    assert METRICS[name](ranked + more, needs) == METRICS[name](ranked, needs)


@given(ranked=rankings, needs=needs_lists, k=st.integers(0, 20), more=st.integers(0, 10))
def test_recall_never_falls_as_more_tools_are_looked_at(ranked: list[ToolId], needs: Needs, k: int, more: int) -> None:
    assert recall(ranked, needs, k) <= recall(ranked, needs, k + more)


@given(tools=st.lists(st.sampled_from(TOOLS), min_size=1, max_size=10, unique=True))
def test_one_right_tool_for_each_need_at_the_top_is_perfect(tools: list[ToolId]) -> None:
    needs = [[str(tool)] for tool in tools]
    ranked = tools + IRRELEVANT
    assert recall(ranked, needs, 10) == 1.0
    assert ndcg(ranked, needs) == 1.0
    assert reciprocal_rank(ranked, needs) == 1.0


@given(ranked=rankings, needs=needs_lists, place=st.integers(0, 30))
def test_an_irrelevant_tool_in_between_never_helps(ranked: list[ToolId], needs: Needs, place: int) -> None:
    worse = [*ranked[:place], ToolId("four", "noise"), *ranked[place:]]
    assert reciprocal_rank(worse, needs) <= reciprocal_rank(ranked, needs)
    assert recall(worse, needs, 10) <= recall(ranked, needs, 10)
