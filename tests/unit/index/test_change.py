"""A change writes what is missing, takes what is there, and says what can go."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from mcp_toolweaver.core.query import IndexEntry
from mcp_toolweaver.core.tools import Snapshot, Tool
from mcp_toolweaver.index.change import Change, change, point_id
from mcp_toolweaver.index.engine import Point
from mcp_toolweaver.index.sparse import words_of
from mcp_toolweaver.index.view import View
from mcp_toolweaver.text.tool_text import passage, passage_digest
from tests.contracts.asking import MAIL, MODEL, READ, WRITE
from tests.fakes.tools import make_tool

CATALOG = "mine"
OLD = replace(READ, definition={**READ.definition, "description": "Opens a zebra."})


def bare(*tools: Tool) -> list[IndexEntry]:
    return [IndexEntry(tool) for tool in tools]


def embedded(*tools: Tool) -> list[IndexEntry]:
    return [IndexEntry(tool, MODEL.vector(tool.id.name)) for tool in tools]


def first(entries: Sequence[IndexEntry]) -> Change:
    return change(View.empty(), {}, CATALOG, entries, [])


def ids(*tools: Tool) -> set[int]:
    return {point_id(CATALOG, tool) for tool in tools}


def written(planned: Change) -> set[int]:
    return {point.id for point in planned.points}


def state(planned: Change) -> dict[str, tuple[str, int, bool]]:
    """Return the digest, the point and whether there is a vector, by the name of each searchable tool."""
    view = planned.view
    rows = zip(view.tools, view.digests, view.points, view.has_meaning.tolist(), strict=True)
    return {tool.name: (digest, point, has_meaning) for tool, digest, point, has_meaning in rows}


def as_state(entries: Sequence[IndexEntry]) -> dict[str, tuple[str, int, bool]]:
    return {
        entry.tool.id.name: (entry.tool.digest, point_id(CATALOG, entry.tool), entry.vector is not None)
        for entry in entries
    }


def test_new_tools_are_written() -> None:
    entries = [*embedded(READ), *bare(MAIL)]
    planned = first(entries)
    assert state(planned) == as_state(entries)
    assert written(planned) == ids(READ, MAIL)
    assert planned.gone == {}


def test_a_point_says_what_its_tool_is() -> None:
    schema = {"type": "object", "properties": {"path": {"type": "string"}, "mode": {}}}
    tool = make_tool("open", "Opens.", server="files", domain="storage", schema=schema)
    (point,) = first(embedded(tool)).points
    payload = point.payload
    assert (payload.server, payload.name, payload.domain) == ("files", "open", "storage")
    assert (payload.description, payload.parameters, payload.kind) == ("Opens.", ("path", "mode"), "mcp_worker")
    assert (payload.digest, payload.text) == (tool.digest, passage_digest(tool))
    assert payload.generation == Snapshot.of([tool]).generation
    assert point.words == words_of([tool])[0]
    assert point.meaning is not None
    (described,) = first(bare(replace(tool, is_callable=False))).points
    assert described.payload.kind == "described"


def test_what_is_stored_is_not_written_again() -> None:
    before = first(embedded(READ, WRITE))
    for entries in (bare(READ), embedded(READ, WRITE), []):
        planned = change(before.view, {}, CATALOG, entries, [])
        assert (written(planned), planned.gone) == (set(), {})
        assert state(planned) == state(before)


def test_a_vector_is_added_to_the_point_that_is_there() -> None:
    before = first(bare(READ, WRITE))
    planned = change(before.view, {}, CATALOG, embedded(READ), [])
    (point,) = planned.points
    assert point.id in ids(READ)
    assert point.meaning is not None
    assert point.words == words_of([READ])[0]
    assert planned.gone == {}
    assert state(planned) == as_state([*embedded(READ), *bare(WRITE)])


def test_the_old_version_of_a_tool_can_go() -> None:
    before = first(embedded(OLD, WRITE))
    planned = change(before.view, {}, CATALOG, bare(READ), [])
    assert (written(planned), set(planned.gone)) == (ids(READ), ids(OLD))
    assert state(planned) == as_state([*embedded(WRITE), *bare(READ)])


def test_a_deleted_tool_can_go() -> None:
    planned = change(first(embedded(READ, WRITE)).view, {}, CATALOG, [], [READ.id, MAIL.id])
    assert (written(planned), set(planned.gone)) == (set(), ids(READ))
    assert state(planned) == as_state(embedded(WRITE))


@pytest.mark.parametrize("new", [READ, OLD])
def test_a_tool_that_is_deleted_and_written_at_once_stays(new: Tool) -> None:
    planned = change(first(embedded(READ)).view, {}, CATALOG, embedded(new), [READ.id])
    assert state(planned) == as_state(embedded(new))
    assert set(planned.gone) == ids(READ) - ids(new)
    assert written(planned) == ids(new) - ids(READ)


def test_of_two_versions_in_one_change_the_last_counts() -> None:
    planned = first(embedded(OLD, READ))
    assert state(planned) == as_state(embedded(READ))
    assert written(planned) == ids(READ)


def test_points_that_lie_about_are_taken() -> None:
    left = first(embedded(READ, WRITE))
    planned = change(
        View.empty(), change(left.view, {}, CATALOG, [], [READ.id, WRITE.id]).gone, CATALOG, bare(READ), []
    )
    assert written(planned) == set()
    assert state(planned) == as_state(embedded(READ))
    assert set(planned.gone) == ids(WRITE)


def test_a_point_that_lies_about_without_a_vector_is_written_with_it() -> None:
    left = change(first(bare(READ)).view, {}, CATALOG, [], [READ.id]).gone
    planned = change(View.empty(), left, CATALOG, embedded(READ), [])
    assert written(planned) == ids(READ)
    assert state(planned) == as_state(embedded(READ))
    assert planned.gone == {}


def test_the_old_version_comes_back_where_it_still_lies_about() -> None:
    before = first(embedded(OLD))
    newer = change(before.view, {}, CATALOG, embedded(READ), [])
    back = change(newer.view, newer.gone, CATALOG, bare(OLD), [])
    assert (written(back), set(back.gone)) == (set(), ids(READ))
    assert state(back) == state(before)


def test_points_are_the_same_everywhere_and_of_64_bits() -> None:
    assert point_id("mine", make_tool("a", "b")) == 0xB0CAF8B66703968A
    assert ids(READ) == ids(replace(READ))
    assert all(0 <= point < 2**64 for point in ids(READ, WRITE, MAIL))


def test_versions_tools_and_catalogs_have_points_of_their_own() -> None:
    tools = [READ, OLD, WRITE, replace(READ, domain="other"), make_tool("read_file", server="other")]
    points = [point_id(catalog, tool) for catalog in ("one", "two") for tool in tools]
    assert len(set(points)) == len(points)


def test_names_that_no_encoder_accepts_have_points_of_their_own() -> None:
    odd = [replace(READ, id=replace(READ.id, name=name)) for name in ("\ud800", "\ud801", "?")]
    assert len({point_id(CATALOG, tool) for tool in odd}) == 3
    assert len(first(bare(*odd)).view) == 3


def test_a_text_is_known_by_what_is_embedded_and_nothing_else() -> None:
    moved = replace(READ, domain="elsewhere")
    assert passage(moved) == passage(READ)
    assert passage_digest(moved) == passage_digest(READ) != passage_digest(OLD)


def test_a_hundredth_of_the_tools_that_changed_is_all_that_is_written() -> None:
    tools = [make_tool(f"tool_{at}", f"Does {at}.") for at in range(500)]
    before = first(embedded(*tools))
    new = [make_tool(f"tool_{at}", f"Does {at} anew.") for at in range(0, 500, 100)]
    planned = change(before.view, {}, CATALOG, embedded(*new), [])
    assert written(planned) == ids(*new)
    assert set(planned.gone) == ids(*tools[::100])
    assert [type(point) for point in planned.points] == [Point] * 5


def test_a_point_repeats_only_the_beginning_of_a_long_definition() -> None:
    schema: dict[str, Any] = {"type": "object", "properties": {f"{number}{'p' * 999}": {} for number in range(999)}}
    long = make_tool("long", "d" * 1_000_000)
    long = replace(long, definition={**long.definition, "title": "t" * 9999, "inputSchema": schema})
    (point,) = change(View.empty(), {}, "c", [IndexEntry(long)], []).points
    size = len(point.payload.description) + len(point.payload.title) + sum(map(len, point.payload.parameters))
    assert size < 20_000
