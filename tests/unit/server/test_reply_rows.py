"""A row says what a model needs to choose and to call, and not more."""

from typing import Any

import pytest

from mcp_toolweaver.core.query import Hit
from mcp_toolweaver.server.rows import Level, ladder, row
from mcp_toolweaver.text.tokens import estimate
from tests.unit.server.fixed_view import tool

SCHEMA = {"type": "object", "properties": {"title": {"type": "string"}}, "required": ["title"]}
CREATE = tool("github", "create_issue", description="Create an issue. More words.", inputSchema=SCHEMA)
DESCRIBED = (Level.BRIEF, Level.WHOLE, Level.SCHEMA)


def test_a_row_says_how_to_call_the_tool() -> None:
    expected = {
        "name": "github__create_issue",
        "server": "github",
        "tool": "create_issue",
        "description": "Create an issue. More words.",
        "signature": "create_issue(title: string)",
        "score": 0.877,
    }
    assert row(Hit(CREATE, 0.87654), Level.WHOLE) == expected
    assert row(Hit(CREATE, 0.87654), Level.SCHEMA) == {**expected, "inputSchema": SCHEMA}
    assert row(Hit(CREATE, 0.87654), Level.NAME) == {"name": "github__create_issue"}


@pytest.mark.parametrize("level", Level)
def test_a_tool_of_a_file_is_marked_in_any_detail(level: Level) -> None:
    note = tool("files", "note", title="Take a note", is_callable=False)
    assert row(Hit(note, 1.0), level)["callable"] is False
    assert "callable" not in row(Hit(CREATE, 1.0), level)


def test_a_title_stands_in_for_a_description() -> None:
    assert row(Hit(tool("files", "note", title="Take a note"), 1.0), Level.BRIEF)["description"] == "Take a note"


@pytest.mark.parametrize(
    ("annotations", "hints"),
    [
        ({"readOnlyHint": True}, ["read-only"]),
        ({"readOnlyHint": True, "destructiveHint": True}, ["read-only"]),
        ({"destructiveHint": True}, ["destructive"]),
        ({"readOnlyHint": False, "destructiveHint": False, "openWorldHint": True}, None),
        ({"readOnlyHint": "yes"}, None),
        ({}, None),
    ],
)
def test_a_server_that_says_what_its_tool_does_to_the_world_is_quoted(
    annotations: dict[str, Any], hints: list[str] | None
) -> None:
    for level in DESCRIBED:
        assert row(Hit(tool("s", "t", annotations=annotations), 1.0), level).get("hints") == hints


def test_near_duplicates_on_other_servers_are_named() -> None:
    others = tuple(tool(f"s{number}", "create_issue") for number in range(5))
    names = row(Hit(CREATE, 1.0, others), Level.BRIEF)["alternatives"]
    assert names == ["s0__create_issue", "s1__create_issue", "s2__create_issue"]
    assert "alternatives" not in row(Hit(CREATE, 1.0), Level.BRIEF)


def test_more_detail_never_costs_less() -> None:
    costs = ladder(Hit(CREATE, 1.0), tuple(Level))
    assert list(costs) == sorted(costs)
    assert costs[Level.NAME] < costs[Level.SCHEMA]


HUGE = {"type": "object", "properties": {f"parameter_{n}": {"enum": ["說明" * 30, "x" * 90]} for n in range(60)}}


@pytest.mark.parametrize("description", ["word " * 5_000, "說明工具的用途" * 500, "🧰" * 2_000, "x" * 50_000])
def test_a_row_is_short_whatever_a_server_wrote(description: str) -> None:
    long = tool("s" * 500, "t" * 500, description=description, inputSchema=HUGE)
    sizes = [estimate(str(row(Hit(long, 1.0), level))) for level in (Level.NAME, Level.BRIEF, Level.WHOLE)]
    assert sizes[0] <= 30
    assert sizes[1] <= 220
    assert sizes[2] <= 330
