"""Thresholds turn a run into passed or failed."""

import pytest

from mcp_toolweaver.core.errors import ConfigurationError
from mcp_toolweaver.evaluation import Summary, Threshold, metric_name, parse_threshold
from tests.unit.evaluation.outcomes import outcome, query

HALF = Summary.of([outcome(query("one", "a"), "a"), outcome(query("two", "a"), "x")])


@pytest.mark.parametrize(
    ("text", "threshold"),
    [
        ("nDCG@10=0.6", Threshold("nDCG@10", 0.6)),
        (" ndcg@10 = 60% ", Threshold("nDCG@10", 0.6)),
        ("mrr=1", Threshold("MRR", 1.0)),
        ("recall@5=0", Threshold("recall@5", 0.0)),
        ("abstention=0.95", Threshold("abstention", 0.95)),
    ],
)
def test_a_threshold_is_a_metric_and_a_share(text: str, threshold: Threshold) -> None:
    assert parse_threshold(text) == threshold


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("nDCG@10", "METRIC=VALUE"),
        ("nDCG=0.5", "use one of recall@1"),
        ("false_abstention=0.5", "use one of"),
        ("=0.5", "use one of"),
        ("MRR=", "from 0 to 1"),
        ("MRR=high", "from 0 to 1"),
        ("MRR=60", "from 0 to 1"),
        ("MRR=-0.1", "from 0 to 1"),
        ("MRR=nan", "from 0 to 1"),
        ("MRR=200%", "from 0 to 1"),
    ],
)
def test_what_is_no_threshold_is_refused_with_the_fix(text: str, complaint: str) -> None:
    with pytest.raises(ConfigurationError, match=complaint):
        parse_threshold(text)


@pytest.mark.parametrize(("least", "passed"), [(0.4, True), (0.5, True), (0.51, False)])
def test_a_run_passes_at_the_threshold_and_above(least: float, passed: bool) -> None:  # noqa: FBT001
    verdict = Threshold("recall@10", least).judge(HALF)
    assert verdict.passed is passed
    assert str(verdict).startswith("recall@10 is 0.5000, ")


def test_a_metric_that_no_query_has_fails_and_says_why() -> None:
    for verdict in (Threshold("abstention", 0.0).judge(HALF), Threshold("MRR", 0.0).judge(Summary.of([]))):
        assert not verdict.passed
        assert "has no value" in str(verdict)


def test_metrics_are_known_in_any_case() -> None:
    assert metric_name("NDCG@10") == "nDCG@10"
    with pytest.raises(ConfigurationError, match="no metric 'speed'"):
        metric_name("speed")
