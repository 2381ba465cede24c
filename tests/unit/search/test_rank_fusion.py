"""The scores of all lanes become one score a candidate."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcp_toolweaver.search.fusion import PEAK_SHARE, TYPICAL_TERMS, Lane, fuse, meaning_share

BY_WORDS, BY_MEANING = 0.0, 1.0
ROUNDING = 1e-9

SHARES = st.floats(0, 1)
WORD_SCORES = st.just(0.0) | st.floats(0.001, 100)
COSINES = st.floats(-1, 1)


@dataclass(frozen=True)
class Scored:
    """A question's lanes over some candidates; the lanes after the first of each kind are for its parts."""

    lexical: Sequence[Lane]
    dense: Sequence[Lane]
    share: float

    @property
    def candidates(self) -> int:
        return len(self.lexical[0])

    def fused(self) -> list[float]:
        return fuse(self.lexical, self.dense, self.share)

    def of(self, candidates: list[int]) -> Scored:
        """Return the same for some of the candidates, in another order."""
        lexical = [[lane[at] for at in candidates] for lane in self.lexical]
        return Scored(lexical, [[lane[at] for at in candidates] for lane in self.dense], self.share)

    def with_parts(self, parts: list[int]) -> Scored:
        """Return the same with its parts in another order; those without a vector stay where they are."""
        order = [0, *parts]
        words_only = self.lexical[len(order) :]
        return Scored([*(self.lexical[at] for at in order), *words_only], [self.dense[at] for at in order], self.share)


@st.composite
def scored(draw: st.DrawFn, *, fewest: int = 1, most: int = 6) -> Scored:
    """Draw a question of up to three parts, perhaps with one that is matched by words alone."""
    size = draw(st.integers(fewest, most))
    embedded = draw(st.integers(1, 4))
    lanes = embedded + draw(st.integers(0, 1))
    lexical = st.lists(st.lists(WORD_SCORES, min_size=size, max_size=size), min_size=lanes, max_size=lanes)
    dense = st.lists(st.lists(COSINES, min_size=size, max_size=size), min_size=embedded, max_size=embedded)
    return Scored(draw(lexical), draw(dense), draw(SHARES))


# --- one question --------------------------------------------------------------------------------


def test_by_words_alone_a_score_is_the_share_of_the_best() -> None:
    assert fuse([[8.0, 2.0, 0.0]], [], BY_WORDS) == pytest.approx([1.0, 0.25, 0.0])


def test_by_meaning_alone_a_gap_to_the_best_counts_more_than_its_share() -> None:
    best, near, unrelated = fuse([[0.0] * 3], [[0.8, 0.7, 0.0]], BY_MEANING)
    assert best == pytest.approx(1.0)
    assert (1 - PEAK_SHARE) * 0.7 / 0.8 < near < 0.7 / 0.8
    assert unrelated == pytest.approx(0.0, abs=0.001)


def test_words_and_meaning_count_by_their_shares() -> None:
    for share in (0.2, 0.5, 0.9):
        by_words, by_meaning = fuse([[1.0, 0.0]], [[0.0, 0.9]], share)
        assert by_words == pytest.approx(1 - share, abs=0.001)
        assert by_meaning == pytest.approx(share)


def test_what_opposes_the_question_is_no_worse_than_what_has_nothing_to_do_with_it() -> None:
    opposed, unrelated, _best = fuse([[0.0] * 3], [[-0.4, 0.0, 0.9]], 0.6)
    assert opposed == pytest.approx(unrelated, abs=0.001)


@pytest.mark.parametrize("lanes", [[], [[]], [[], []]])
def test_no_candidates_have_no_scores(lanes: list[Lane]) -> None:
    assert fuse(lanes, lanes, 0.5) == []


@pytest.mark.parametrize("share", [0.0, 0.5, 1.0])
def test_lanes_that_found_nothing_score_nothing(share: float) -> None:
    assert fuse([[0.0, 0.0]], [], share) == [0.0, 0.0]


# --- a question of several parts -----------------------------------------------------------------


def test_who_serves_a_part_well_comes_before_who_serves_all_parts_badly() -> None:
    first, second, neither = fuse(
        [[4.0, 4.0, 4.0], [5.0, 0.0, 1.0], [0.0, 5.0, 1.0]],
        [[0.5, 0.5, 0.5], [0.7, 0.1, 0.4], [0.1, 0.7, 0.4]],
        0.6,
    )
    assert first == pytest.approx(second)
    assert first > neither + PEAK_SHARE / 2


def test_a_part_counts_less_than_the_whole() -> None:
    of_whole, of_part = fuse([[1.0, 0.0], [0.0, 1.0]], [[0.8, 0.0], [0.0, 0.8]], 0.6)
    assert of_whole > of_part > 0


def test_a_part_that_is_matched_by_words_alone_counts_by_its_words() -> None:
    known, unknown = fuse([[0.0, 0.0], [3.0, 0.0]], [[0.2, 0.2]], 0.5)
    assert known > unknown


def test_who_leads_a_part_by_more_helps_nobody_but_itself() -> None:
    """Its rise takes the part from the best of the whole question; who has no part in that gains nothing."""
    whole = [0.0, 1.0, 0.99]
    before, after = (fuse([whole, [lead, 0.9, 0.0]], [[0.9, 0.1, 0.2]], 0.5) for lead in (1.0, 10.0))
    assert after[0] - after[2] >= before[0] - before[2]


# --- what holds for any scores -------------------------------------------------------------------


@given(scored())
def test_every_candidate_has_a_score_from_0_to_1(question: Scored) -> None:
    scores = question.fused()
    assert len(scores) == question.candidates
    assert all(0 <= score <= 1 + ROUNDING for score in scores)


@given(scored(), st.data())
def test_the_order_of_the_candidates_does_not_matter(question: Scored, data: st.DataObject) -> None:
    order = data.draw(st.permutations(range(question.candidates)))
    scores = question.fused()
    assert question.of(order).fused() == [scores[at] for at in order]


@given(scored(), st.data())
def test_the_order_of_the_parts_does_not_matter(question: Scored, data: st.DataObject) -> None:
    order = data.draw(st.permutations(range(1, len(question.dense))))
    assert question.with_parts(order).fused() == question.fused()


@given(scored(fewest=2), st.floats(0.01, 100), st.data())
def test_who_rises_in_a_lane_gains_on_everybody_else(question: Scored, rise: float, data: st.DataObject) -> None:
    words, cosines = [list(lane) for lane in question.lexical], [list(lane) for lane in question.dense]
    lane = data.draw(st.sampled_from([*words, *cosines]))
    riser = data.draw(st.integers(0, question.candidates - 1))
    lane[riser] += rise
    before, after = question.fused(), fuse(words, cosines, question.share)
    assert after[riser] >= before[riser] - ROUNDING
    for other in range(question.candidates):
        assert after[riser] - after[other] >= before[riser] - before[other] - ROUNDING


@given(scored(), st.integers(-8, 8), st.data())
def test_the_scale_of_word_scores_does_not_matter(question: Scored, doublings: int, data: st.DataObject) -> None:
    lanes = list(question.lexical)
    at = data.draw(st.integers(0, len(lanes) - 1))
    lanes[at] = [score * 2.0**doublings for score in lanes[at]]
    assert replace(question, lexical=lanes).fused() == question.fused()


@given(scored(), scored(fewest=6))
def test_without_a_share_meaning_is_ignored(question: Scored, other: Scored) -> None:
    cosines = other.of(list(range(question.candidates))).dense
    by_words = fuse(question.lexical, [], BY_WORDS)
    assert fuse(question.lexical, question.dense, BY_WORDS) == by_words
    assert fuse(question.lexical, cosines, BY_WORDS) == by_words


@given(scored(), scored(fewest=6))
def test_where_meaning_has_the_whole_share_words_are_ignored(question: Scored, other: Scored) -> None:
    words = other.of(list(range(question.candidates))).lexical
    by_meaning = fuse([], question.dense, BY_MEANING)
    assert fuse(question.lexical, question.dense, BY_MEANING) == by_meaning
    assert fuse(words, question.dense, BY_MEANING) == by_meaning


@given(scored(fewest=2))
def test_who_is_not_behind_in_any_lane_is_not_behind(question: Scored) -> None:
    scores = question.fused()
    lanes = (*question.lexical, *question.dense)
    for first in range(question.candidates):
        for second in range(question.candidates):
            if all(lane[first] >= lane[second] for lane in lanes):
                assert scores[first] >= scores[second]


@given(scored(fewest=2), st.data())
def test_more_candidates_that_lead_no_lane_change_no_score(question: Scored, data: st.DataObject) -> None:
    behind = data.draw(st.lists(st.integers(0, question.candidates - 1), max_size=5))
    more = question.of([*range(question.candidates), *behind])
    assert more.fused()[: question.candidates] == question.fused()


# --- how much meaning counts ---------------------------------------------------------------------


@given(SHARES, st.integers(0, 500))
def test_the_share_of_meaning_is_from_0_to_1(weight: float, terms: int) -> None:
    assert -ROUNDING <= meaning_share(weight, terms) <= 1 + ROUNDING


@given(SHARES, st.integers(0, 100), st.integers(0, 100))
def test_the_more_terms_a_question_has_the_less_meaning_counts(weight: float, first: int, second: int) -> None:
    fewer, more = sorted((first, second))
    assert meaning_share(weight, fewer) >= meaning_share(weight, more)


def test_few_terms_leave_more_to_meaning_and_many_less() -> None:
    assert meaning_share(0.6, 1) > meaning_share(0.6, TYPICAL_TERMS) == 0.6 > meaning_share(0.6, 40)


@given(st.sampled_from([0.0, 1.0]), st.integers(0, 500))
def test_what_the_owner_turned_off_stays_off(weight: float, terms: int) -> None:
    assert meaning_share(weight, terms) == weight
