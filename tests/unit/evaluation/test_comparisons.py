"""Two runs are compared query by query."""

import json

import pytest

from mcp_toolweaver.core.errors import ConfigurationError
from mcp_toolweaver.evaluation import Comparison, Outcome, Report, compare, from_report, scored_by_id
from tests.unit.evaluation.outcomes import outcome, query

A, B, C, NONE = query("one", "a"), query("two", "a"), query("three", "a"), query("four")


def compared(this: list[Outcome], other: list[Outcome], metric: str = "MRR") -> Comparison:
    return compare(scored_by_id(this), scored_by_id(other), name="other", metric=metric)


def test_the_difference_is_what_the_other_run_has_more() -> None:
    found = compared([outcome(A, "a"), outcome(B, "x a")], [outcome(A, "x a"), outcome(B, "x x2 x3 a")])
    difference = found.differences["MRR"]
    assert (difference.this, difference.other, difference.mean) == (0.75, 0.375, -0.375)
    assert difference.interval is not None
    assert difference.interval.low <= -0.375 <= difference.interval.high <= -0.25


def test_queries_are_counted_by_which_run_has_more() -> None:
    found = compared(
        [outcome(A, "a"), outcome(B, "x a"), outcome(C, "a")], [outcome(A, "x a"), outcome(B, "a"), outcome(C, "a")]
    )
    difference = found.differences["MRR"]
    assert (difference.more, difference.less, difference.same) == (1, 1, 1)


def test_a_run_does_not_differ_from_itself() -> None:
    run = [outcome(A, "a"), outcome(B, "x"), outcome(NONE, "x")]
    found = compared(run, run)
    assert found.movers == ()
    assert all(each.p == 1 and each.mean == 0 and not each.is_significant for each in found.differences.values())


def test_a_run_does_not_differ_from_its_saved_report() -> None:
    run = [outcome(query(str(n), "a", "b", "c"), " ".join(["x"] * n + ["a"])) for n in range(9)]
    saved = from_report(json.loads(json.dumps(Report.of(run).to_json())), name="saved")
    found = compare(scored_by_id(run), saved, name="saved", metric="nDCG@10")
    assert {each.p for each in found.differences.values()} == {1.0}
    assert found.movers == ()


def test_movers_come_by_the_size_of_their_change() -> None:
    this = [outcome(A, "a"), outcome(B, "x a"), outcome(C, "")]
    other = [outcome(A, "x a"), outcome(B, "x a"), outcome(C, "a")]
    found = compared(this, other)
    assert [(mover.query, mover.this, mover.other) for mover in found.movers] == [("three", 0, 1), ("one", 1, 0.5)]


def test_queries_with_changed_labels_are_left_out() -> None:
    changed, new = query("two", "b", id_=B.id), query("five", "a")
    found = compared([outcome(A, "a"), outcome(B, "a")], [outcome(A, "a"), outcome(changed, "x"), outcome(new, "x")])
    assert (found.queries, found.left_out) == (1, 2)
    assert found.differences["MRR"].mean == 0


def test_runs_with_nothing_in_common_cannot_be_compared() -> None:
    with pytest.raises(ConfigurationError, match="other: none of its queries"):
        compared([outcome(A)], [outcome(B)])


def test_abstention_is_compared_where_it_is_right_and_where_it_is_wrong() -> None:
    this = [outcome(A, "a"), outcome(NONE, "x")]
    other = [outcome(A, "a", confidence="none"), outcome(NONE, "", confidence="none")]
    found = compared(this, other)
    assert found.differences["abstention"].mean == 1
    assert found.differences["false_abstention"].mean == 1
    only_none = compared([outcome(NONE)], [outcome(NONE)])
    assert set(only_none.differences) == {"abstention"}


def test_a_clear_gain_over_many_queries_is_significant() -> None:
    queries = [query(str(number), "a") for number in range(30)]
    found = compared([outcome(each, "x a") for each in queries], [outcome(each, "a") for each in queries])
    assert found.differences["MRR"].is_significant


def test_a_comparison_is_json() -> None:
    document = compared([outcome(A, "a"), outcome(B, "a")], [outcome(A, ""), outcome(B, "a")]).to_json()
    assert json.loads(json.dumps(document, allow_nan=False)) == document
    assert document["differences"]["MRR"] == {
        "this": 1.0,
        "other": 0.5,
        "difference": -0.5,
        "interval": [-1.0, 0.0],
        "p": 1.0,
        "more": 0,
        "less": 1,
        "same": 1,
    }
    assert document["movers"] == [{"id": A.id, "query": "one", "this": 1.0, "other": 0.0}]
