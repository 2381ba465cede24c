"""The list that a host sees: the meta-tools always, all others only where they are few."""

from typing import Any

import pytest
from mcp_types import Tool as WireTool

from mcp_toolweaver.server.describe import search_description
from mcp_toolweaver.server.exposure import Exposure
from tests.unit.server.fixed_view import FixedView, tool, view

META = ["search_tools", "get_tool_details", "call_tool"]


def exposed_tools(catalog: FixedView, threshold: int) -> list[WireTool]:
    return Exposure(direct_threshold=threshold).listed(catalog, None)


def names(catalog: FixedView, threshold: int) -> list[str]:
    return [exposed.name for exposed in exposed_tools(catalog, threshold)]


@pytest.mark.parametrize(
    ("threshold", "direct"),
    [(0, []), (1, []), (2, ["s__a", "s__b"]), (100, ["s__a", "s__b"])],
)
def test_tools_are_listed_as_themselves_up_to_the_threshold(threshold: int, direct: list[str]) -> None:
    assert names(view(tool("s", "a"), tool("s", "b")), threshold) == [*META, *direct]


def test_an_empty_catalog_has_the_meta_tools() -> None:
    assert names(view(), 0) == META


def test_the_search_tool_describes_the_catalog() -> None:
    catalog = view(tool("github", "a"))
    assert exposed_tools(catalog, 0)[0].description == search_description(catalog.snapshot, ())


def test_only_the_meta_tools_ask_to_be_loaded_always() -> None:
    *meta, direct = exposed_tools(view(tool("s", "a", _meta={"k": 1})), 10)
    assert [exposed.meta for exposed in meta] == [{"anthropic/alwaysLoad": True}] * 3
    assert direct.meta == {"k": 1}


def test_a_tool_listed_as_itself_keeps_its_definition_but_for_the_name() -> None:
    definition: dict[str, Any] = {
        "title": "T",
        "description": "Does it.",
        "inputSchema": {"type": "object", "properties": {"x": {"type": "integer"}}},
        "outputSchema": {"type": "object", "properties": {"y": {}}},
        "annotations": {"readOnlyHint": True},
    }
    direct = exposed_tools(view(tool("s", "a", **definition)), 10)[-1]
    sent = direct.model_dump(by_alias=True, mode="json", exclude_none=True)
    assert sent == {"name": "s__a", **definition}


def test_a_name_that_hosts_refuse_is_replaced() -> None:
    *_meta, exposed = names(view(tool("my server", "do.it/" + "x" * 80)), 10)
    assert len(exposed) <= 46
    assert exposed.replace("_", "").isalnum()


@pytest.mark.parametrize("output", [{"type": "array"}, {"type": "string"}, {}, {"anyOf": [{"type": "object"}]}])
def test_an_output_schema_that_is_no_object_is_dropped(output: dict[str, object]) -> None:
    catalog = view(tool("s", "a", outputSchema=output))
    direct = exposed_tools(catalog, 10)[-1]
    assert direct.output_schema is None
    assert "outputSchema" in next(iter(catalog.snapshot.tools.values())).definition, "the catalog keeps it"


def test_a_tool_that_the_protocol_refuses_is_left_out_of_the_list_alone() -> None:
    catalog = view(tool("s", "a"), tool("s", "odd", icons=[5]), tool("s", "b"))
    assert names(catalog, 10) == [*META, "s__a", "s__b"]
    assert len(catalog.snapshot) == 3
