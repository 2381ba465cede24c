"""Worked examples of each metric, computed by hand.

The discounts 1 / log2(1 + rank) are 1 at rank 1, 0.6309 at rank 2, 0.5 at rank 3, 0.4307 at rank 4.
"""

import pytest

from mcp_toolweaver.core.tools import ToolId
from mcp_toolweaver.evaluation import METRICS, best_rank, hit_at, ndcg, recall, reciprocal_rank

DISCOUNT_2 = 0.63093
"""1 / log2(3)"""
DISCOUNT_4 = 0.43068
"""1 / log2(5)"""


def ranking(names: str) -> list[ToolId]:
    return [ToolId("server", name) for name in names.split()]


def needs(*alternatives: str) -> list[tuple[str, ...]]:
    return [tuple(names.split()) for names in alternatives]


def test_recall_is_the_share_of_needs_that_the_top_covers() -> None:
    ranked, wanted = ranking("a x b y c"), needs("a", "b", "c", "d")
    assert [recall(ranked, wanted, k) for k in (1, 2, 3, 5, 10)] == [0.25, 0.25, 0.5, 0.75, 0.75]


def test_one_alternative_covers_a_need() -> None:
    assert recall(ranking("x b"), needs("a b c"), 2) == 1.0


def test_two_alternatives_of_a_need_count_once() -> None:
    assert recall(ranking("a b"), needs("a b", "c"), 2) == 0.5


def test_a_label_with_a_server_means_that_server_only() -> None:
    ranked = [ToolId("mail", "send"), ToolId("chat", "send")]
    assert best_rank(ranked, [("chat::send",)]) == 2


def test_a_plain_label_means_the_tool_of_any_server() -> None:
    ranked = [ToolId("mail", "list"), ToolId("mail", "send"), ToolId("chat", "send")]
    assert best_rank(ranked, [("send",)]) == 2


def test_a_part_of_a_name_is_no_match() -> None:
    assert best_rank([ToolId("mail", "send_all")], [("send",), ("mail",), ("mail::send",)]) is None


def test_a_name_with_colons_is_matched_as_a_whole() -> None:
    assert best_rank([ToolId("perl", "Mail::send")], [("Mail::send",)]) == 1
    assert best_rank([ToolId("perl", "Mail::send")], [("perl::Mail::send",)]) == 1


def test_hit_is_one_if_the_top_serves_any_need() -> None:
    ranked, wanted = ranking("x b"), needs("a", "b")
    assert hit_at(ranked, wanted, 1) == 0.0
    assert hit_at(ranked, wanted, 2) == 1.0


def test_reciprocal_rank_is_that_of_the_first_tool_that_serves() -> None:
    assert reciprocal_rank(ranking("x y b a"), needs("a", "b")) == pytest.approx(1 / 3)


def test_reciprocal_rank_is_zero_if_nothing_serves() -> None:
    assert reciprocal_rank(ranking("x y"), needs("a")) == 0.0


def test_ndcg_of_one_need_is_the_discount_of_its_rank() -> None:
    assert ndcg(ranking("a x"), needs("a")) == 1.0
    assert ndcg(ranking("x a"), needs("a")) == pytest.approx(DISCOUNT_2, abs=1e-5)
    assert ndcg(ranking("x y a"), needs("a")) == pytest.approx(0.5)


def test_ndcg_compares_with_one_tool_for_each_need_at_the_top() -> None:
    expected = (1 + DISCOUNT_4) / (1 + DISCOUNT_2 + 0.5)  # gains at ranks 1 and 4; the ideal: 1, 2 and 3
    assert ndcg(ranking("a x y b"), needs("a", "b", "c")) == pytest.approx(expected, abs=1e-5)


def test_ndcg_gives_a_second_alternative_no_gain() -> None:
    expected = (1 + 0.5) / (1 + DISCOUNT_2)  # gains at ranks 1 and 3
    assert ndcg(ranking("a b c"), needs("a b", "c")) == pytest.approx(expected, abs=1e-5)


def test_ndcg_looks_at_the_first_k_tools_only() -> None:
    ranked = ranking("x1 x2 x3 x4 x5 x6 x7 x8 x9 x10 a")
    assert ndcg(ranked, needs("a")) == 0.0
    assert ndcg(ranked, needs("a"), 11) == pytest.approx(0.27894, abs=1e-5)  # 1 / log2(12)


def test_ndcg_is_one_where_ten_tools_serve_ten_of_twelve_needs() -> None:
    letters = [*"abcdefghijkl"]
    assert ndcg(ranking(" ".join(letters)), needs(*letters)) == 1.0


def test_ndcg_is_one_where_one_tool_at_the_top_serves_two_needs() -> None:
    assert ndcg(ranking("both x"), needs("a both", "b both")) == 1.0
    assert ndcg(ranking("a b"), needs("a both", "b both")) == 1.0


def test_ndcg_counts_needs_that_one_tool_serves_as_one() -> None:
    expected = DISCOUNT_2 / (1 + DISCOUNT_2)  # one gain at rank 2; the ideal: two needs as one, and c
    assert ndcg(ranking("x both"), needs("a both", "b both", "c")) == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize("name", METRICS)
def test_nothing_found_is_worth_nothing(name: str) -> None:
    assert METRICS[name]([], needs("a")) == 0.0


@pytest.mark.parametrize("name", METRICS)
def test_nothing_needed_is_worth_nothing(name: str) -> None:
    assert METRICS[name](ranking("a"), []) == 0.0
