"""What waits for a vector is taken in chunks of a good size, the newest first."""

from __future__ import annotations

import hypothesis.strategies as st
import pytest
from hypothesis import given

from mcp_toolweaver.core.tools import Snapshot, Tool
from mcp_toolweaver.index.chunks import ChunkSize, Waiting
from tests.fakes.tools import make_tool

OLD = [make_tool(f"old{number}") for number in range(5)]
NEW = [make_tool(f"new{number}") for number in range(2)]


def names(tools: list[Tool]) -> list[str]:
    return sorted(tool.id.name for tool in tools)


def waiting(*groups: list[Tool]) -> Waiting:
    made = Waiting()
    for group in groups:
        made.add(group)
    return made


def test_what_came_last_is_taken_first_and_by_itself() -> None:
    line, current = waiting(OLD, NEW), Snapshot.of([*OLD, *NEW]).tools
    assert names(line.take(4, current)) == ["new0", "new1"]
    assert len(line.take(4, current)) == 4
    assert len(line.take(4, current)) == 1
    assert line.take(4, current) == []


def test_what_waits_or_was_taken_already_is_not_taken_again() -> None:
    line, current = waiting(OLD), Snapshot.of(OLD).tools
    line.take(2, current)
    line.add(OLD)
    assert len(line) == 3
    assert len(line.take(10, current)) == 3


def test_what_left_or_changed_is_passed_over_and_may_come_back() -> None:
    line = waiting(OLD)
    changed = make_tool("old0", "It does something else now.")
    assert names(line.take(10, Snapshot.of([changed, *OLD[3:]]).tools)) == ["old3", "old4"]
    line.add(OLD)
    assert names(line.take(10, Snapshot.of(OLD).tools)) == ["old0", "old1", "old2"]


def test_the_order_among_equals_is_another_one_each_time() -> None:
    tools = [make_tool(f"t{number}") for number in range(100)]
    current = Snapshot.of(tools).tools
    assert waiting(tools).take(100, current) != waiting(tools).take(100, current)


@given(st.lists(st.tuples(st.floats(0, 1000), st.booleans())))
def test_a_chunk_is_never_smaller_than_16_nor_larger_than_2048(chunks: list[tuple[float, bool]]) -> None:
    size = ChunkSize()
    for seconds, is_full in chunks:
        size.note(size.size if is_full else 1, seconds)
        assert 16 <= size.size <= 2048


@pytest.mark.parametrize(
    ("tools", "seconds", "then"),
    [(64, 0.4, 128), (63, 0.4, 64), (64, 0.5, 64), (64, 2.0, 64), (64, 2.1, 32), (64, 9, 16)],
)
def test_the_size_follows_how_long_a_full_chunk_takes(tools: int, seconds: float, then: int) -> None:
    size = ChunkSize()
    size.note(tools, seconds)
    assert size.size == then
