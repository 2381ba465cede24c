"""A search says how sure it is by how the best candidate stands out."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcp_toolweaver.core.query import Candidates, Match
from mcp_toolweaver.core.tools import ToolId
from mcp_toolweaver.search.confidence import Evidence, judge

SHARES = st.floats(0, 1)
COSINES = st.floats(-1, 1)
SURENESS = ("none", "low", "high")


def match(name: str, *, coverage: float = 0.0, dense: tuple[float, ...] = ()) -> Match:
    return Match(ToolId("s", name), (0.0,), dense, coverage)


def sure(seen: Evidence) -> int:
    return SURENESS.index(judge(seen))


def test_the_evidence_is_the_best_of_all_candidates() -> None:
    found = Candidates((match("a", coverage=0.9, dense=(0.1, 0.8)), match("b", dense=(0.5,))), crowd=0.2)
    assert Evidence.of(found, 0.3, ToolId("s", "a")) == Evidence(coverage=0.9, lead=0.3, cosine=0.5, crowd=0.2)


def test_candidates_without_vectors_leave_the_cosine_unknown() -> None:
    assert Evidence.of(Candidates((match("a", coverage=0.4),)), 0.0, None) == Evidence(coverage=0.4, lead=0.0)


def test_a_first_candidate_without_a_vector_is_judged_by_words() -> None:
    found = Candidates((match("a", coverage=0.9), match("b", dense=(0.5,))), crowd=0.2)
    assert Evidence.of(found, 0.3, ToolId("s", "a")) == Evidence(coverage=0.9, lead=0.3)


def test_without_candidates_there_is_no_answer() -> None:
    assert judge(Evidence.of(Candidates(), 0.0, None)) == "none"


def test_a_best_candidate_no_nearer_than_the_crowd_is_no_answer() -> None:
    assert judge(Evidence(coverage=0.1, lead=0.0, cosine=0.45, crowd=0.35)) == "none"


def test_the_same_cosine_far_from_the_crowd_is_an_answer() -> None:
    assert judge(Evidence(coverage=0.1, lead=0.05, cosine=0.45, crowd=0.1)) == "low"


def test_a_candidate_that_stands_out_is_sure() -> None:
    assert judge(Evidence(coverage=0.7, lead=0.2, cosine=0.7, crowd=0.25)) == "high"


def test_standing_out_together_with_another_is_less_sure_than_alone() -> None:
    together, alone = (Evidence(coverage=0.5, lead=lead, cosine=0.6, crowd=0.25) for lead in (0.0, 0.2))
    assert (judge(together), judge(alone)) == ("low", "high")


def test_words_decide_between_equal_cosines() -> None:
    without, with_words = (Evidence(coverage=share, lead=0.1, cosine=0.4, crowd=0.24) for share in (0.0, 0.9))
    assert (judge(without), judge(with_words)) == ("none", "low")


@pytest.mark.parametrize(("cosine", "confidence"), [(0.1, "none"), (0.4, "low"), (0.8, "high")])
def test_in_a_catalog_too_small_for_a_crowd_the_cosine_itself_counts(cosine: float, confidence: str) -> None:
    assert judge(Evidence(coverage=0.3, lead=0.1, cosine=cosine)) == confidence


@pytest.mark.parametrize(("coverage", "confidence"), [(0.0, "none"), (0.3, "low"), (0.6, "high"), (1.0, "high")])
def test_by_words_alone_the_share_of_known_words_counts(coverage: float, confidence: str) -> None:
    assert judge(Evidence(coverage=coverage, lead=0.0)) == confidence


@given(st.tuples(SHARES, SHARES), st.tuples(COSINES, COSINES), SHARES, COSINES)
def test_more_evidence_never_makes_less_sure(
    shares: tuple[float, float], cosines: tuple[float, float], lead: float, crowd: float
) -> None:
    little, much = (Evidence(pick(shares), lead, pick(cosines), crowd) for pick in (min, max))
    assert sure(little) <= sure(much)


@given(SHARES, SHARES, COSINES, COSINES, st.floats(-0.5, 0.5))
def test_a_shift_of_all_cosines_changes_nothing(
    coverage: float, lead: float, cosine: float, crowd: float, shift: float
) -> None:
    seen = Evidence(coverage, lead, cosine, crowd)
    shifted = Evidence(coverage, lead, cosine + shift, crowd + shift)
    if abs((shifted.cosine or 0) - (shifted.crowd or 0) - (cosine - crowd)) < 1e-12:
        assert sure(shifted) == sure(seen)
