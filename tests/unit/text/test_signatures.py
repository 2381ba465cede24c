"""A signature is short, readable and safe to make of any schema."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcp_toolweaver.core.tools import Tool, ToolId
from mcp_toolweaver.text.signature import signature

LONGEST = 600
KEYS = st.sampled_from(
    ["type", "properties", "required", "items", "enum", "const", "anyOf", "oneOf", "$ref", "$defs", "a", "b"]
)
VALUES = st.sampled_from(
    ["object", "array", "string", "a", "b", "#/properties/a", "#/$defs/b", "#/", "", None, 3, True]
)
SCHEMAS = st.recursive(
    VALUES | st.text(), lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=5)
)


def of_schema(schema: Any) -> str:
    return signature(Tool(ToolId("s", "t"), {"name": "t", "inputSchema": schema}))


def of_parameter(schema: Any, **definitions: Any) -> str:
    """Return the type of one optional parameter."""
    text = of_schema({"properties": {"p": schema}, "$defs": definitions})
    return text.removeprefix("t(p?: ").removesuffix(")")


def test_required_parameters_come_first_in_the_order_of_the_schema() -> None:
    properties = {name: {"type": "string"} for name in ("limit", "repo", "title")}
    assert of_schema({"properties": properties, "required": ["title", "repo"]}) == (
        "t(title: string, repo: string, limit?: string)"
    )


def test_the_example_of_a_real_tool_reads_well() -> None:
    schema = {
        "type": "object",
        "properties": {
            "labels": {"type": "array", "items": {"type": "string"}},
            "repo": {"type": "string"},
            "state": {"enum": ["open", "closed"]},
        },
        "required": ["repo"],
    }
    tool = Tool(ToolId("github", "create_issue"), {"name": "create_issue", "inputSchema": schema})
    assert signature(tool) == 'create_issue(repo: string, labels?: string[], state?: "open" | "closed")'


@pytest.mark.parametrize("schema", [{}, {"properties": {}}, {"properties": None}, {"properties": ["a"]}, None, []])
def test_a_tool_without_parameters_takes_nothing(schema: Any) -> None:
    assert of_schema(schema) == "t()"


def test_required_names_that_no_property_has_are_left_out() -> None:
    assert of_schema({"properties": {"a": {}}, "required": ["b", 3, None]}) == "t(a?: any)"


@pytest.mark.parametrize("odd", [["a"], {"a": 1}])
def test_required_names_that_are_no_names_are_left_out(odd: Any) -> None:
    assert of_schema({"properties": {"a": {}}, "required": [odd]}) == "t(a?: any)"


def test_a_parameter_required_twice_is_named_once() -> None:
    assert of_schema({"properties": {"a": {}}, "required": ["a", "a"]}) == "t(a: any)"


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        ({"type": "string"}, "string"),
        ({"type": "integer"}, "integer"),
        ({"type": "number"}, "number"),
        ({"type": "boolean"}, "boolean"),
        ({"type": "null"}, "null"),
        ({"type": "array"}, "any[]"),
        ({"type": "array", "items": {"type": "integer"}}, "integer[]"),
        ({"type": "array", "items": {"type": "array", "items": {"type": "string"}}}, "string[][]"),
        ({"type": "array", "items": {"enum": ["a", 1]}}, '("a" | 1)[]'),
        ({"type": "object"}, "object"),
        ({"type": "object", "properties": {"x": {"type": "number"}}, "required": ["x"]}, "{x: number}"),
        ({"type": ["string", "null"]}, "string | null"),
        ({"type": ["array", "null"], "items": {"type": "string"}}, "string[] | null"),
        ({"enum": ["a", 1, None, True]}, '"a" | 1 | null | true'),
        ({"enum": list(range(7))}, "0 | 1 | 2 | 3 | 4 | 5 | …"),
        ({"enum": []}, "any"),
        ({"const": "x"}, '"x"'),
        ({"const": None}, "null"),
        ({"anyOf": [{"type": "string"}, {"type": "null"}]}, "string | null"),
        ({"oneOf": [{"type": "string"}, {"type": "string"}]}, "string"),
        ({"enum": ["é"]}, '"é"'),
        ({}, "any"),
        (True, "any"),
        (None, "any"),
        ("string", "any"),
        ({"type": "date"}, "any"),
        ({"type": 3}, "any"),
        ({"type": []}, "any"),
    ],
)
def test_types_read_like_typescript(schema: Any, expected: str) -> None:
    assert of_parameter(schema) == expected


def test_a_long_literal_is_cut() -> None:
    text = of_parameter({"const": "x" * 1000})
    assert len(text) == 40
    assert text.endswith("…")


def test_references_inside_the_schema_are_followed() -> None:
    assert of_parameter({"$ref": "#/$defs/kind"}, kind={"enum": ["a", "b"]}) == '"a" | "b"'
    assert of_parameter({"$ref": "#/$defs/a~1b~0c"}, **{"a/b~c": {"type": "string"}}) == "string"


@pytest.mark.parametrize(
    "reference", ["#/$defs/none", "#", "#/", "other.json#/a", "https://example.com/s", "", 3, None]
)
def test_other_references_are_any(reference: Any) -> None:
    assert of_parameter({"$ref": reference}) == "any"


def test_a_reference_to_itself_ends() -> None:
    assert of_parameter({"$ref": "#/$defs/a"}, a={"$ref": "#/$defs/a"}) == "any"


def test_a_tree_that_holds_itself_ends() -> None:
    tree = {"type": "object", "properties": {"left": {"$ref": "#/$defs/tree"}, "right": {"$ref": "#/$defs/tree"}}}
    text = of_parameter({"$ref": "#/$defs/tree"}, tree=tree)
    assert text.startswith("{left?: ")
    assert len(text) < LONGEST


def test_parameters_beyond_the_twelfth_are_hinted_at() -> None:
    text = of_schema({"properties": {f"p{number}": {"type": "string"} for number in range(13)}})
    assert "p11?: string, …)" in text
    assert "p12" not in text


def test_a_signature_is_cut_to_its_longest() -> None:
    text = of_schema({"properties": {"x" * 100_000: {"type": "string"}}, "required": ["x" * 100_000]})
    assert len(text) == LONGEST
    assert text.endswith("…)")


def short(schema: Any, longest: int) -> str:
    return signature(Tool(ToolId("s", "t"), {"name": "t", "inputSchema": schema}), longest=longest)


def test_where_room_is_short_the_insides_of_objects_go_first() -> None:
    point = {"type": "object", "properties": {"x": {"type": "number"}, "y": {"type": "number"}}}
    schema = {"properties": {"at": point, "label": {"type": "string"}}, "required": ["at"]}
    assert short(schema, 60) == "t(at: {x?: number, y?: number}, label?: string)"
    assert short(schema, 40) == "t(at: object, label?: string)"


def test_then_optional_parameters_go_from_the_end_and_required_ones_stay() -> None:
    properties = {name: {"type": "string"} for name in ("one", "two", "three", "four")}
    schema = {"properties": properties, "required": ["three"]}
    assert short(schema, 45) == "t(three: string, one?: string, …)"
    assert short(schema, 30) == "t(three: string, …)"
    assert short(schema, 12) == "t(three: s…)"


@given(SCHEMAS, st.integers(10, 300))
def test_a_signature_is_never_longer_than_asked(schema: Any, longest: int) -> None:
    for whole in (schema, {"properties": {"p": schema, "q": schema}, "required": ["q"]}):
        assert len(short(whole, longest)) <= longest


def test_deep_nesting_ends_in_a_word() -> None:
    schema: dict[str, Any] = {"type": "string"}
    for _ in range(60):
        schema = {"type": "object", "properties": {"x": schema}}
    assert of_parameter(schema) == "{x?: {x?: {x?: object}}}"


class CountedList(list[Any]):
    """A list that counts how many of its items were looked at one by one."""

    seen = 0

    def __iter__(self) -> Any:
        for item in super().__iter__():
            self.seen += 1
            yield item


@pytest.mark.parametrize("key", ["enum", "anyOf", "oneOf", "type"])
def test_of_a_hundred_thousand_alternatives_only_those_shown_are_looked_at(key: str) -> None:
    alternatives = CountedList("string" for _ in range(100_000))
    of_parameter({key: alternatives})
    assert alternatives.seen <= 10


def test_any_number_of_required_parameters_has_a_signature() -> None:
    names = [f"p{number}" for number in range(200_000)]  # quadratic time would run into the limit of a test
    schema = {"properties": {name: {"type": "string"} for name in names}, "required": names}
    assert of_schema(schema).startswith("t(p0: string, p1: string")


class CountedObject(dict[str, Any]):
    """A schema that counts how often its type was read."""

    reads = 0

    def get(self, key: str, default: Any = None) -> Any:
        CountedObject.reads += key == "type"
        return super().get(key, default)


def test_the_work_is_bounded_by_the_size_of_the_schema() -> None:
    nodes = 0

    def nested(depth: int) -> CountedObject:
        nonlocal nodes
        nodes += 1
        schema = CountedObject(type=["object"] * 6)
        if depth:
            schema["properties"] = {f"p{number}": nested(depth - 1) for number in range(12)}
        return schema

    CountedObject.reads = 0
    of_schema({"properties": {f"p{number}": nested(1) for number in range(12)}})
    assert CountedObject.reads <= 3 * nodes


@given(SCHEMAS)
def test_any_json_has_a_signature(schema: Any) -> None:
    for text in (of_schema(schema), of_schema({"properties": {"p": schema}, "required": schema})):
        assert text.startswith("t(")
        assert text.endswith(")")
        assert len(text) <= LONGEST


@given(st.text(min_size=1, max_size=2000))
def test_any_name_fits(name: str) -> None:
    assert len(signature(Tool(ToolId("s", name), {"name": name}))) <= LONGEST
