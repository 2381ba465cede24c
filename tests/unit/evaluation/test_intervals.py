"""Bootstrap intervals say how far a mean may lie from the one that was seen."""

from statistics import fmean

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcp_toolweaver.evaluation import Interval, mean_interval
from mcp_toolweaver.evaluation.intervals import RESAMPLES, mean_intervals

shares = st.floats(0, 1)


@given(st.lists(shares, min_size=2, max_size=60))
def test_an_interval_holds_the_mean_and_stays_among_the_values(values: list[float]) -> None:
    interval = mean_interval(values)
    assert interval is not None
    assert interval.low <= fmean(values) + 1e-12
    assert interval.high >= fmean(values) - 1e-12
    assert min(values) - 1e-9 <= interval.low <= interval.high <= max(values) + 1e-9


@given(st.lists(shares, min_size=2, max_size=30), st.integers(0, 5))
def test_one_seed_gives_one_interval(values: list[float], seed: int) -> None:
    assert mean_interval(values, seed=seed) == mean_interval(values, seed=seed)


@given(st.lists(shares, min_size=2, max_size=30))
def test_a_shift_of_all_values_shifts_the_interval(values: list[float]) -> None:
    interval, shifted = mean_interval(values), mean_interval([value + 1 for value in values])
    assert interval is not None
    assert shifted is not None
    assert (shifted.low, shifted.high) == pytest.approx((interval.low + 1, interval.high + 1))


def test_the_interval_is_that_of_theory_where_theory_knows_it() -> None:
    """Of 400 coin flips, the mean has a standard error of 0.025; 95 % lie within 1.96 of them."""
    interval = mean_interval([0.0, 1.0] * 200)
    assert interval is not None
    assert interval.low == pytest.approx(0.5 - 1.96 * 0.025, abs=0.005)
    assert interval.high == pytest.approx(0.5 + 1.96 * 0.025, abs=0.005)


def test_more_queries_make_it_narrower() -> None:
    few, many = mean_interval([0.0, 1.0] * 10), mean_interval([0.0, 1.0] * 1000)
    assert few is not None
    assert many is not None
    assert many.high - many.low < (few.high - few.low) / 5


def test_equal_values_leave_no_doubt() -> None:
    assert mean_interval([0.25] * 5) == Interval(0.25, 0.25)


@pytest.mark.parametrize("values", [[], [0.5]])
def test_fewer_than_two_queries_have_no_interval(values: list[float]) -> None:
    assert mean_interval(values) is None


def test_columns_are_resampled_together() -> None:
    column = np.random.default_rng(3).random(40)
    first, second = mean_intervals(np.stack([column, 1 - column], axis=1))
    assert (second.low, second.high) == pytest.approx((1 - first.high, 1 - first.low))


def test_many_queries_are_resampled_in_parts_that_fit_memory() -> None:
    values = np.random.default_rng(1).random(5_000)
    interval = mean_interval(values.tolist())
    assert interval is not None
    error = values.std() / np.sqrt(len(values))
    assert interval.high - interval.low == pytest.approx(2 * 1.96 * error, rel=0.1)
    assert RESAMPLES >= 1000
