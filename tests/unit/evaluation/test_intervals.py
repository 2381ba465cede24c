"""Bootstrap intervals say how far a mean may lie from the one that was seen."""

from statistics import fmean

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcp_toolweaver.evaluation import Interval, mean_interval
from mcp_toolweaver.evaluation.intervals import RESAMPLES, grouped_interval, mean_intervals

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


@given(st.lists(shares, min_size=2, max_size=30))
def test_queries_that_have_nothing_in_common_are_groups_of_one(values: list[float]) -> None:
    assert grouped_interval(values, np.arange(len(values), dtype=np.intp)) == mean_interval(values)


def test_related_queries_count_as_one_observation() -> None:
    """Thirty queries for one tool gain and thirty others do not: drawn as queries that looks certain."""
    gains = [1.0] * 30 + [0.0] * 30
    groups = np.concatenate([np.zeros(30), np.arange(1, 31)]).astype(np.intp)
    apart, together = mean_interval(gains), grouped_interval(gains, groups)
    assert apart is not None
    assert together is not None
    assert apart.low > 0.3
    assert together.low == 0.0


@given(st.lists(st.tuples(shares, st.integers(0, 5)), min_size=2, max_size=30))
def test_an_interval_by_groups_holds_the_mean_over_queries(drawn: list[tuple[float, int]]) -> None:
    values = [value for value, _ in drawn]
    groups = np.unique([group for _, group in drawn], return_inverse=True)[1].astype(np.intp)
    interval = grouped_interval(values, groups)
    assert (interval is None) == (groups.max() == 0)
    if interval is not None:
        assert interval.low - 1e-12 <= fmean(values) <= interval.high + 1e-12
