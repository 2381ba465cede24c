"""A view after a change is the view of what is there then."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from mcp_toolweaver.core.tools import Snapshot, ToolId
from mcp_toolweaver.index.engine import Sparse
from mcp_toolweaver.index.view import Row, View
from tests.fakes.tools import make_tool

DIMENSIONS = (0, 3, 7, 2**31, 2**32 - 1)
SPARSE = st.dictionaries(st.sampled_from(DIMENSIONS), st.sampled_from([0.25, 0.5, 2.0])).map(
    lambda held: Sparse(sorted(held), [held[index] for index in sorted(held)])
)


def row(number: int, words: Sparse, *, has_meaning: bool) -> Row:
    return Row(ToolId("srv", f"tool {number}"), f"{number:064x}", 2**64 - 1 - number, has_meaning, words)


@st.composite
def rows(draw: st.DrawFn, first: int = 0) -> list[Row]:
    """Return rows of tools that are numbered from ``first``."""
    held = draw(st.lists(st.tuples(SPARSE, st.booleans()), max_size=6))
    return [row(first + at, words, has_meaning=has_meaning) for at, (words, has_meaning) in enumerate(held)]


def rows_of(view: View) -> list[Row]:
    return [
        Row(tool, view.digests[at], view.points[at], bool(view.has_meaning[at]), view.words(at))
        for at, tool in enumerate(view.tools)
    ]


def same(one: View, other: View) -> bool:
    """Whether everything of two views is equal."""
    arrays = ("has_meaning", "starts", "dimensions", "values", "known", "holders")
    equal = [np.array_equal(getattr(one, name), getattr(other, name)) for name in arrays]
    return rows_of(one) == rows_of(other) and all(equal)


@given(rows())
def test_a_view_gives_its_rows_back(held: list[Row]) -> None:
    view = View.of(held)
    assert rows_of(view) == held
    assert len(view) == len(held)
    assert view.unembedded == sum(not each.has_meaning for each in held)
    assert [view.row_of_point[each.point] for each in held] == list(range(len(held)))
    assert [view.row_of_tool[each.tool] for each in held] == list(range(len(held)))


@given(rows(), rows(first=100), st.data())
def test_a_changed_view_is_the_view_of_the_rows_that_result(
    held: list[Row], new: list[Row], data: st.DataObject
) -> None:
    numbers = st.sets(st.sampled_from(range(len(held)))) if held else st.just(set[int]())
    gone, embedded = data.draw(numbers), data.draw(numbers)
    left = [
        Row(each.tool, each.digest, each.point, each.has_meaning or at in embedded, each.words)
        for at, each in enumerate(held)
        if at not in gone
    ]
    assert same(View.of(held).changed(new, gone, embedded), View.of([*left, *new]))


@given(rows(), rows(first=100))
def test_a_change_leaves_the_view_before_as_it_was(held: list[Row], new: list[Row]) -> None:
    view = View.of(held)
    view.changed(new, range(len(held) // 2), range(len(held)))
    assert same(view, View.of(held))


@given(st.lists(rows(), max_size=5))
def test_a_view_that_changes_again_and_again_counts_right(generations: list[list[Row]]) -> None:
    view = View.empty()
    for generation in generations:
        view = view.changed(generation, range(len(view)), ())
    assert same(view, View.of(generations[-1] if generations else []))


@given(rows())
def test_the_holders_of_a_dimension_are_the_tools_that_have_it(held: list[Row]) -> None:
    asked = np.asarray([0, 1, *DIMENSIONS, 2**32 - 2], dtype=np.uint32)
    expected = [sum(index in each.words.indices for each in held) for index in asked.tolist()]
    assert View.of(held).holders_of(asked).tolist() == expected


def test_the_generation_is_that_of_the_catalog() -> None:
    tools = [make_tool(name, f"Does {name}.") for name in "abc"]
    held = [Row(tool.id, tool.digest, at, has_meaning=True, words=Sparse((), ())) for at, tool in enumerate(tools)]
    assert View.of(held).generation == View.of(held[::-1]).generation == Snapshot.of(tools).generation
    assert View.of(held[:2]).generation != Snapshot.of(tools).generation
    assert View.empty().generation == Snapshot().generation
