"""Equal digests are equal tools: everything that search or a call depends on is in them."""

from dataclasses import replace
from typing import Any

import pytest

from mcp_toolweaver.core.tools import Tool, ToolId

DEFINITION: dict[str, Any] = {
    "name": "read",
    "title": "Read a file",
    "description": "Reads a file.",
    "inputSchema": {"type": "object", "properties": {"path": {"type": "string"}, "limit": {"type": "integer"}}},
    "annotations": {"readOnlyHint": True},
}
TOOL = Tool(ToolId("files", "read"), DEFINITION, domain="disk", server_description="Files.", is_callable=True)


@pytest.mark.parametrize(
    "other",
    [
        replace(TOOL, id=ToolId("files", "write")),
        replace(TOOL, id=ToolId("disks", "read")),
        replace(TOOL, domain="storage"),
        replace(TOOL, server_description="Other files."),
        replace(TOOL, is_callable=False),
        replace(TOOL, definition={**DEFINITION, "title": "Read"}),
        replace(TOOL, definition={**DEFINITION, "description": "Reads a file!"}),
        replace(TOOL, definition={**DEFINITION, "inputSchema": {"type": "object"}}),
        replace(TOOL, definition={**DEFINITION, "annotations": {"readOnlyHint": False}}),
        replace(TOOL, definition={**DEFINITION, "outputSchema": {"type": "object"}}),
    ],
)
def test_a_change_of_any_part_changes_the_digest(other: Tool) -> None:
    assert other.digest != TOOL.digest


def test_the_order_in_which_a_server_writes_its_keys_does_not_matter() -> None:
    backwards = dict(reversed(DEFINITION.items()))
    assert replace(TOOL, definition=backwards).digest == TOOL.digest


def test_two_objects_of_one_tool_have_one_digest() -> None:
    assert replace(TOOL, definition=dict(DEFINITION)).digest == TOOL.digest


def test_text_moved_from_one_part_to_another_is_another_tool() -> None:
    first = replace(TOOL, domain="ab", server_description="c")
    assert first.digest != replace(TOOL, domain="a", server_description="bc").digest


def test_a_digest_exists_for_values_that_json_does_not_know() -> None:
    odd = replace(TOOL, definition={**DEFINITION, "_meta": {"number": float("nan"), "object": ToolId("a", "b")}})
    assert odd.digest == replace(odd).digest != TOOL.digest


def test_a_digest_exists_for_text_that_cannot_be_encoded() -> None:
    assert len(replace(TOOL, server_description="\ud800").digest) == 64
