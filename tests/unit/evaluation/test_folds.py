"""Queries are split so that related ones stay together."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from mcp_toolweaver.evaluation.folds import folds_of, groups_of
from tests.unit.evaluation.outcomes import query

groupings = st.lists(st.integers(0, 9), min_size=1, max_size=60).map(
    lambda raw: np.unique(raw, return_inverse=True)[1].astype(np.intp)
)


def test_queries_with_a_tool_in_common_are_one_group_through_others() -> None:
    groups = groups_of([query("1", "a"), query("2", "b"), query("3", "c"), query("4", "a x", "b"), query("5", "d")])
    assert groups[0] == groups[1] == groups[3]
    assert len(set(groups.tolist())) == 3


def test_queries_of_one_text_are_one_group() -> None:
    groups = groups_of([query("Open  it", "a"), query("open it", "b", id_="2"), query("shut it", "c")])
    assert groups.tolist()[0] == groups.tolist()[1] != groups.tolist()[2]


@given(groupings)
def test_a_group_is_in_one_fold(groups: np.typing.NDArray[np.intp]) -> None:
    folds = folds_of(groups, 5)
    assert all(len(set(folds[groups == group].tolist())) == 1 for group in set(groups.tolist()))
    assert set(folds.tolist()) <= set(range(5))


def test_folds_are_about_equal() -> None:
    folds = folds_of(np.arange(103, dtype=np.intp), 5)
    assert sorted(np.bincount(folds).tolist()) == [20, 20, 21, 21, 21]


def test_one_seed_makes_one_split() -> None:
    groups = np.arange(50, dtype=np.intp)
    assert folds_of(groups, 5).tolist() == folds_of(groups, 5).tolist()
    assert folds_of(groups, 5).tolist() != folds_of(groups, 5, seed=1).tolist()
