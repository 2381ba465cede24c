"""The paired randomization test tells a difference from chance."""

from itertools import product
from math import comb

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcp_toolweaver.evaluation import randomization_test

differences = st.lists(st.floats(-1, 1), max_size=40)


@given(differences)
def test_p_is_above_0_and_at_most_1(values: list[float]) -> None:
    assert 0 < randomization_test(values) <= 1


@given(differences)
def test_it_does_not_matter_which_run_is_called_the_other(values: list[float]) -> None:
    assert randomization_test(values) == randomization_test([-value for value in values])


@given(st.integers(0, 50))
def test_identical_runs_have_p_1(queries: int) -> None:
    assert randomization_test([0.0] * queries) == 1.0


@given(differences, st.integers(1, 20))
def test_queries_that_do_not_differ_say_nothing(values: list[float], ties: int) -> None:
    assert randomization_test([*values, *[0.0] * ties]) == randomization_test(values)


@given(st.lists(st.sampled_from([-1.0, -0.5, -0.25, 0.25, 0.5, 1.0]), min_size=1, max_size=8))
def test_few_differences_are_counted_exactly(values: list[float]) -> None:
    sums = [
        sum(sign * value for sign, value in zip(signs, values, strict=True))
        for signs in product((-1, 1), repeat=len(values))
    ]
    as_far = sum(abs(each) >= abs(sum(values)) for each in sums)
    assert randomization_test(values) == pytest.approx(as_far / len(sums))


def test_random_patterns_agree_with_counting_all() -> None:
    """Of 20 equal differences, 16 for one run: the sign test knows p, and 2**20 patterns are too many to try."""
    exact = 2 * sum(comb(20, k) for k in range(5)) / 2**20
    assert randomization_test([0.1] * 16 + [-0.1] * 4) == pytest.approx(exact, abs=0.005)


def test_a_clear_difference_is_hardly_chance() -> None:
    assert randomization_test([0.2] * 30) < 0.001
    assert randomization_test([0.2, -0.2] * 15) == 1.0


@given(st.lists(st.floats(-1, 1), min_size=15, max_size=30), st.integers(0, 9))
def test_one_seed_gives_one_p(values: list[float], seed: int) -> None:
    assert randomization_test(values, seed=seed) == randomization_test(values, seed=seed)
