"""Full definitions by name; a name that is wrong is answered with the names that are close."""

import json
from typing import Any

import pytest

from mcp_toolweaver.core.errors import InvalidArguments, UnknownTool
from mcp_toolweaver.server.details import get_tool_details
from tests.unit.server.fixed_view import tool, view

CREATE = tool(
    "github",
    "create_issue",
    domain="code",
    title="New issue",
    description="Create an issue.",
    inputSchema={"type": "object", "properties": {"title": {"type": "string"}}},
    outputSchema={"type": "object"},
    annotations={"destructiveHint": False},
    icons=[{"src": "https://x/y.png"}],
    _meta={"k": 1},
)
NOTE = tool("files", "note", is_callable=False)
CATALOG = view(CREATE, NOTE, tool("gitlab", "create_issue"))


def details(names: Any) -> dict[str, Any]:
    return get_tool_details(CATALOG, {"names": names})


def test_details_are_the_whole_definition_but_for_what_models_do_not_need() -> None:
    assert details(["github__create_issue"]) == {
        "tools": [
            {
                "name": "github__create_issue",
                "server": "github",
                "tool": "create_issue",
                "domain": "code",
                "title": "New issue",
                "description": "Create an issue.",
                "inputSchema": {"type": "object", "properties": {"title": {"type": "string"}}},
                "outputSchema": {"type": "object"},
                "annotations": {"destructiveHint": False},
            }
        ]
    }


def test_a_tool_of_a_file_is_marked() -> None:
    assert details("files__note")["tools"][0]["callable"] is False
    assert "callable" not in details("github__create_issue")["tools"][0]


def test_several_tools_come_in_the_order_of_their_names() -> None:
    answer = details(["note", "gitlab::create_issue", "github__create_issue"])
    assert [row["server"] for row in answer["tools"]] == ["files", "gitlab", "github"]
    assert "unknown" not in answer
    json.dumps(answer)


def test_unknown_names_are_listed_with_the_closest_beside_the_tools_that_are_known() -> None:
    answer = details(["github__create_isue", "files__note", "create_issue"])
    assert [row["name"] for row in answer["tools"]] == ["files__note"]
    misspelt, ambiguous = answer["unknown"]
    assert misspelt["name"] == "github__create_isue"
    assert misspelt["closest"][0] == "github__create_issue"
    assert ambiguous == {"name": "create_issue", "closest": ["github__create_issue", "gitlab__create_issue"]}


def test_if_all_names_are_unknown_that_is_an_error_with_the_closest() -> None:
    with pytest.raises(UnknownTool, match=r"no tool named 'github__create_isue'.*github__create_issue") as unknown:
        details(["github__create_isue", "nothing-like-it"])
    assert unknown.value.closest[0] == "github__create_issue"


@pytest.mark.parametrize("arguments", [{}, {"names": []}, {"names": 5}, {"name": "files__note"}])
def test_wrong_arguments_are_refused(arguments: dict[str, Any]) -> None:
    with pytest.raises(InvalidArguments, match=r"get_tool_details.*names"):
        get_tool_details(CATALOG, arguments)
