"""A snapshot is a catalog at one moment: unambiguous and immutable."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcp_toolweaver.core.tools import Snapshot, Tool, ToolId

TOOLS = [Tool(ToolId(server, name), {"name": name}) for server in ("a", "b") for name in ("one", "two", "three")]


def test_of_two_tools_with_one_identity_the_first_stays() -> None:
    first = replace(TOOLS[0], server_description="first")
    snapshot = Snapshot.of([first, replace(TOOLS[0], server_description="second"), TOOLS[1]])
    assert list(snapshot.tools.values()) == [first, TOOLS[1]]


@given(st.permutations(TOOLS))
def test_the_generation_does_not_depend_on_the_order_of_the_tools(shuffled: list[Tool]) -> None:
    assert Snapshot.of(shuffled).generation == Snapshot.of(TOOLS).generation


@given(st.sets(st.sampled_from(TOOLS[0:6]).map(lambda tool: tool.id)), st.sets(st.sampled_from([t.id for t in TOOLS])))
def test_generations_are_equal_exactly_where_the_catalogs_are(first: set[ToolId], second: set[ToolId]) -> None:
    one, other = (Snapshot.of(tool for tool in TOOLS if tool.id in chosen) for chosen in (first, second))
    assert (one.generation == other.generation) == (first == second)


def test_a_change_inside_a_tool_is_a_new_generation() -> None:
    changed = [replace(TOOLS[0], domain="other"), *TOOLS[1:]]
    assert Snapshot.of(changed).generation != Snapshot.of(TOOLS).generation


def test_tools_are_found_by_each_of_their_names() -> None:
    snapshot = Snapshot.of(TOOLS)
    assert snapshot.by_callable_name["b__two"].id == ToolId("b", "two")
    assert [tool.id.server for tool in snapshot.by_tool_name["two"]] == ["a", "b"]
    assert [tool.id.name for tool in snapshot.by_server["a"]] == ["one", "two", "three"]
    assert len(snapshot) == 6


def test_nobody_can_change_a_snapshot() -> None:
    snapshot = Snapshot.of(TOOLS)
    with pytest.raises(TypeError, match="does not support item assignment"):
        snapshot.tools[TOOLS[0].id] = TOOLS[1]  # type: ignore[index]  # pyright: ignore[reportIndexIssue]


def test_an_empty_snapshot_has_no_tools() -> None:
    assert len(Snapshot()) == 0
    assert Snapshot().generation == Snapshot.of([]).generation
