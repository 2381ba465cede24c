"""What is read from a tool's definition, whatever stands in it."""

import pytest

from mcp_toolweaver.core.tools import Tool, ToolId, ToolResult


def with_definition(**parts: object) -> Tool:
    return Tool(ToolId("s", "t"), {"name": "t", **parts})


def test_the_title_comes_before_the_title_of_the_annotations() -> None:
    assert with_definition(title="Own", annotations={"title": "Hint"}).title == "Own"
    assert with_definition(annotations={"title": "Hint"}).title == "Hint"


def test_a_tool_without_title_and_description_has_empty_ones() -> None:
    tool = with_definition(description=None)
    assert (tool.title, tool.description) == ("", "")


@pytest.mark.parametrize("wrong", [None, [], "object", 3])
def test_parts_that_are_no_objects_read_as_empty(wrong: object) -> None:
    tool = with_definition(inputSchema=wrong, annotations=wrong)
    assert (dict(tool.input_schema), dict(tool.annotations)) == ({}, {})


def test_an_identity_is_written_with_two_colons() -> None:
    assert str(ToolId("github", "create_issue")) == "github::create_issue"


def test_a_result_of_text_says_whether_it_is_an_error() -> None:
    result = ToolResult.from_text("no such file", is_error=True)
    assert result.payload["content"] == [{"type": "text", "text": "no such file"}]
    assert result.is_error
    assert not ToolResult({"content": []}).is_error
