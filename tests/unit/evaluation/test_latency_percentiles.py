"""Percentiles of latency, by hand and against their definition."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcp_toolweaver.evaluation import percentiles_ms


def test_percentiles_are_in_milliseconds_and_interpolated() -> None:
    seconds = [0.005, 0.001, 0.003, 0.002, 0.004]  # positions 2, 3.6, 3.8 and 3.96 of 1, 2, 3, 4, 5 ms
    assert percentiles_ms(seconds) == pytest.approx({"p50": 3.0, "p90": 4.6, "p95": 4.8, "p99": 4.96})


def test_one_time_is_every_percentile() -> None:
    assert percentiles_ms([0.25]) == {"p50": 250.0, "p90": 250.0, "p95": 250.0, "p99": 250.0}


def test_no_times_have_no_percentiles() -> None:
    assert percentiles_ms([]) == {}


@given(st.lists(st.floats(0, 100), min_size=1))
def test_percentiles_rise_and_stay_among_the_times(seconds: list[float]) -> None:
    values = list(percentiles_ms(seconds).values())
    ordered = [min(seconds) * 1000, *values, max(seconds) * 1000]
    assert all(low <= high + 1e-6 for low, high in pairwise(ordered))
