"""What of a tool is searched, and how much each part counts."""

from collections import Counter
from typing import Any

import pytest

from mcp_toolweaver.core.tools import Tool, ToolId
from mcp_toolweaver.text.tool_text import NAME_WEIGHT, SERVER_WEIGHT, passage, search_terms
from tests.fakes.tools import make_tool


def test_name_title_and_server_count_more_than_prose() -> None:
    raw = {"name": "read", "title": "Opener", "description": "prose"}
    terms = Counter(search_terms(Tool.from_definition("disk", raw)))
    assert terms == {"read": NAME_WEIGHT, "open": NAME_WEIGHT, "disk": SERVER_WEIGHT, "prose": 1}
    assert min(NAME_WEIGHT, SERVER_WEIGHT) > 1


def test_a_word_in_several_fields_counts_in_each() -> None:
    terms = Counter(search_terms(make_tool("read", "read read", server="read")))
    assert terms == {"read": NAME_WEIGHT + SERVER_WEIGHT + 2}


def test_parameters_are_found_by_name_and_description() -> None:
    schema: dict[str, Any] = {
        "type": "object",
        "properties": {"zebra": {"description": "Stripes"}, "lion": True, "owl": {}},
    }
    terms = Counter(search_terms(make_tool("read", schema=schema)))
    assert (terms["zebra"], terms["stripe"], terms["lion"], terms["owl"]) == (1, 1, 1, 1)


def test_only_the_first_64_parameters_are_searched() -> None:
    schema: dict[str, Any] = {"type": "object", "properties": {f"p{number}x": {} for number in range(10_000)}}
    terms = set(search_terms(make_tool("read", schema=schema)))
    assert "p63x" in terms
    assert "p64x" not in terms


def test_only_the_first_part_of_a_long_description_is_searched() -> None:
    terms = search_terms(make_tool("read", f"early {'filler ' * 600}late"))
    assert "earli" in terms
    assert "late" not in terms


def test_only_the_first_part_of_a_long_parameter_description_is_searched() -> None:
    schema = {"type": "object", "properties": {"p": {"description": f"early {'filler ' * 50}late"}}}
    terms = search_terms(make_tool("read", schema=schema))
    assert "earli" in terms
    assert "late" not in terms


@pytest.mark.parametrize("properties", [None, [], "path", {"path": 3}, {"path": {"description": ["x"]}}])
def test_odd_schemas_are_searched_as_far_as_they_go(properties: Any) -> None:
    tool = Tool(ToolId("s", "read"), {"name": "read", "inputSchema": {"properties": properties}})
    assert "read" in search_terms(tool)


def test_the_passage_names_server_and_tool_in_words_before_the_description() -> None:
    tool = make_tool("create_pull-request", "Opens one.", server="git_hub")
    assert passage(tool) == "git hub create pull request: Opens one."


@pytest.mark.parametrize(("name", "description"), [("read", "x" * 10_000), ("x" * 10_000, "Reads."), ("read", "")])
def test_the_passage_is_never_longer_than_a_model_reads(name: str, description: str) -> None:
    text = passage(Tool(ToolId("s", name), {"name": name, "description": description}))
    assert text == f"s {name}: {description}"[:1200]


def test_tools_of_one_text_on_two_servers_have_passages_of_their_own() -> None:
    assert passage(make_tool("read", "Reads.", server="a")) != passage(make_tool("read", "Reads.", server="b"))
