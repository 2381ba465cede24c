"""A foreign definition is repaired where that is harmless and refused where it is not."""

import copy
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcp_toolweaver.core.definition import MalformedTool, mend
from mcp_toolweaver.core.tools import Tool, ToolId

EMPTY: dict[str, Any] = {"type": "object", "properties": {}}
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
KEYS = ("title", "description", "inputSchema", "parameters", "outputSchema", "annotations", "icons", "_meta")
DEFINITIONS = st.fixed_dictionaries({"name": st.text() | JSON}, optional=dict.fromkeys(KEYS, JSON))


@pytest.mark.parametrize("raw", [None, "read", 3, [], [{"name": "read"}]])
def test_what_is_no_object_is_refused(raw: Any) -> None:
    with pytest.raises(MalformedTool, match="must be a JSON object"):
        mend(raw)


@pytest.mark.parametrize("raw", [{}, {"name": None}, {"name": 7}, {"name": ""}, {"name": " \t"}])
def test_a_tool_without_a_name_is_refused(raw: Any) -> None:
    with pytest.raises(MalformedTool, match="has no name"):
        mend(raw)


def test_a_name_of_hidden_characters_is_refused() -> None:
    with pytest.raises(MalformedTool, match="no visible character"):
        mend({"name": "\u200b\u202e"})


@pytest.mark.parametrize("schema", [[], "object", 3, True, [{"type": "object"}]])
def test_a_schema_that_is_no_object_is_refused_by_name(schema: Any) -> None:
    with pytest.raises(MalformedTool, match="'read' has an inputSchema that is not a JSON object"):
        mend({"name": "read", "inputSchema": schema})


@pytest.mark.parametrize("kind", ["string", "array", ["object", "null"], 3, {}])
def test_arguments_that_are_no_object_are_refused_by_name(kind: Any) -> None:
    with pytest.raises(MalformedTool, match=r"'read' takes .* instead of an object"):
        mend({"name": "read", "inputSchema": {"type": kind}})


def test_a_definition_nested_too_deep_is_refused_by_name() -> None:
    schema: dict[str, Any] = {}
    for _ in range(100_000):
        schema = {"items": schema}
    with pytest.raises(MalformedTool, match="'read' is nested more than 64 levels deep"):
        mend({"name": "read", "inputSchema": schema})


def test_a_refusal_of_a_long_name_stays_short() -> None:
    with pytest.raises(MalformedTool) as refused:
        mend({"name": "x" * 100_000, "inputSchema": 3})
    assert len(str(refused.value)) < 200


@pytest.mark.parametrize("raw", [{"name": "read"}, {"name": "read", "inputSchema": None}])
def test_a_missing_schema_becomes_one_without_arguments(raw: Any) -> None:
    assert mend(raw) == {"name": "read", "inputSchema": EMPTY}


@pytest.mark.parametrize("kind", [{}, {"type": None}, {"type": ["object"]}, {"type": "object"}])
def test_an_untyped_schema_becomes_one_of_an_object(kind: dict[str, Any]) -> None:
    properties = {"path": {"type": "string"}}
    mended = mend({"name": "read", "inputSchema": {**kind, "properties": properties}})
    assert mended["inputSchema"] == {"type": "object", "properties": properties}


def test_parameters_are_read_as_the_schema() -> None:
    parameters: dict[str, Any] = {"type": "object", "properties": {"path": {}}, "required": ["path"]}
    assert mend({"name": "read", "parameters": parameters}) == {"name": "read", "inputSchema": parameters}


def test_parameters_beside_a_schema_are_dropped() -> None:
    assert mend({"name": "read", "inputSchema": EMPTY, "parameters": {"type": "string"}})["inputSchema"] == EMPTY


def test_properties_and_required_of_a_wrong_type_are_dropped() -> None:
    mended = mend({"name": "read", "inputSchema": {"properties": ["path"], "required": "path", "title": "x"}})
    assert mended["inputSchema"] == {"type": "object", "title": "x"}


@pytest.mark.parametrize(
    ("key", "wrong", "right"),
    [
        ("title", 3, "Read"),
        ("description", ["Reads"], "Reads"),
        ("description", None, "Reads"),
        ("outputSchema", True, {"type": "object"}),
        ("annotations", [], {"readOnlyHint": True}),
        ("icons", {}, [{"src": "x"}]),
        ("_meta", "x", {"a": 1}),
    ],
)
def test_an_optional_part_of_a_wrong_type_is_dropped_and_a_right_one_kept(key: str, wrong: Any, right: Any) -> None:
    assert key not in mend({"name": "read", key: wrong})
    assert mend({"name": "read", key: right})[key] == right


@pytest.mark.parametrize("hint", ["readOnlyHint", "destructiveHint", "idempotentHint", "openWorldHint"])
def test_a_hint_that_is_no_boolean_is_dropped(hint: str) -> None:
    mended = mend({"name": "read", "annotations": {hint: "yes", "title": 4, "other": 5}})
    assert mended["annotations"] == {"other": 5}
    assert mend({"name": "read", "annotations": {hint: False}})["annotations"] == {hint: False}


def test_keys_that_the_specification_does_not_name_are_passed_on() -> None:
    assert mend({"name": "read", "x-vendor": {"a": [1, 2.5, None, True]}})["x-vendor"] == {"a": [1, 2.5, None, True]}


def test_hidden_characters_are_removed_everywhere() -> None:
    mended = mend({"name": "re\u200bad", "description": "a\u202eb", "x": [{"k\ufeffey": "\U000e0041v"}]})
    assert (mended["name"], mended["description"], mended["x"]) == ("read", "ab", [{"key": "v"}])


@pytest.mark.parametrize("smuggled", [5, "delete_everything", None])
def test_a_key_that_reads_as_name_does_not_replace_the_name(smuggled: Any) -> None:
    try:
        mended = mend({"name": "read", "na\u200bme": smuggled})
    except MalformedTool:
        return
    assert mended["name"] == "read"


def test_the_original_is_left_as_it_was() -> None:
    raw: dict[str, Any] = {"name": "read", "inputSchema": {"required": 3}, "annotations": {"title": 3}}
    before = copy.deepcopy(raw)
    mend(raw)
    assert raw == before


@given(DEFINITIONS | JSON)
def test_any_json_is_mended_or_refused_and_mending_twice_changes_nothing(raw: Any) -> None:
    try:
        mended = mend(raw)
    except MalformedTool:
        return
    assert mended["name"].strip()
    assert mended["inputSchema"]["type"] == "object"
    assert mend(mended) == mended
    json.dumps(mended).encode()


def test_a_tool_takes_its_name_from_the_definition_and_its_domain_from_the_server() -> None:
    tool = Tool.from_definition("files", {"name": "re\u200bad"})
    assert (tool.id, tool.domain, tool.is_callable) == (ToolId("files", "read"), "files", True)


def test_a_tool_keeps_what_it_is_told_beside_the_definition() -> None:
    tool = Tool.from_definition("s", {"name": "t"}, domain="disk", server_description="Files.", is_callable=False)
    assert (tool.domain, tool.server_description, tool.is_callable) == ("disk", "Files.", False)


def test_a_malformed_tool_is_refused() -> None:
    with pytest.raises(MalformedTool):
        Tool.from_definition("files", {"description": "nameless"})
