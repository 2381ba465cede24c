"""How sure an answer is follows from its best candidate in each lane."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcp_toolweaver.core.query import Confidence, Match
from mcp_toolweaver.core.tools import ToolId
from mcp_toolweaver.search.confidence import (
    SURE_COSINE,
    SURE_COVERAGE,
    UNRELATED_COSINE,
    UNRELATED_COVERAGE,
    judge,
)

SHARES = st.floats(0, 1)
COSINES = st.none() | st.floats(-1, 1)
ORDER: dict[Confidence, int] = {"none": 0, "low": 1, "high": 2}
A_LITTLE = 1e-6


def match(coverage: float, cosine: float | None, name: str = "t") -> Match:
    return Match(ToolId("s", name), coverage or None, cosine, coverage)


MATCHES = st.lists(st.builds(match, SHARES, COSINES), max_size=6)


def test_no_candidate_is_no_answer() -> None:
    assert judge([]) == "none"


@pytest.mark.parametrize(
    ("coverage", "cosine", "expected"),
    [
        (SURE_COVERAGE, None, "high"),
        (SURE_COVERAGE - A_LITTLE, None, "low"),
        (A_LITTLE, None, "low"),
        (0.0, None, "none"),
        (0.0, SURE_COSINE, "high"),
        (0.0, SURE_COSINE - A_LITTLE, "low"),
        (0.0, UNRELATED_COSINE, "low"),
        (0.0, UNRELATED_COSINE - A_LITTLE, "none"),
        (UNRELATED_COVERAGE, UNRELATED_COSINE - A_LITTLE, "low"),
        (UNRELATED_COVERAGE - A_LITTLE, UNRELATED_COSINE - A_LITTLE, "none"),
        (UNRELATED_COVERAGE - A_LITTLE, UNRELATED_COSINE, "low"),
        (SURE_COVERAGE, -1.0, "high"),
        (1.0, 1.0, "high"),
    ],
)
def test_the_limits_are_where_they_are_said_to_be(coverage: float, cosine: float | None, expected: Confidence) -> None:
    assert judge([match(coverage, cosine)]) == expected


def test_one_good_candidate_among_bad_ones_is_enough() -> None:
    assert judge([match(0.0, -0.5), match(0.0, 0.9), match(0.1, None)]) == "high"


def test_a_tool_matched_by_words_is_judged_beside_tools_matched_by_meaning() -> None:
    assert judge([match(0.0, 0.1), match(0.4, None)]) == "low"


@given(MATCHES)
def test_the_order_of_the_candidates_does_not_matter(matches: list[Match]) -> None:
    assert judge(matches[::-1]) == judge(matches)


@given(SHARES, SHARES, COSINES)
def test_more_coverage_never_lowers_the_confidence(first: float, second: float, cosine: float | None) -> None:
    lower, higher = sorted((first, second))
    assert ORDER[judge([match(lower, cosine)])] <= ORDER[judge([match(higher, cosine)])]


@given(SHARES, st.floats(-1, 1), st.floats(-1, 1))
def test_a_higher_cosine_never_lowers_the_confidence(coverage: float, first: float, second: float) -> None:
    lower, higher = sorted((first, second))
    assert ORDER[judge([match(coverage, lower)])] <= ORDER[judge([match(coverage, higher)])]
