"""No schema and no arguments keep us long, and nothing but a refusal comes of them."""

import json
import time
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mcp_toolweaver.core.errors import InvalidArguments
from mcp_toolweaver.core.tools import Tool, ToolId, ToolResult
from mcp_toolweaver.proxy.arguments import CheckedCaller
from mcp_toolweaver.proxy.refusal import LONGEST

pytestmark = pytest.mark.anyio

SOON = 1.0
"""Seconds, on a machine that others keep busy; without bounds these take minutes, or for ever."""


class Recorder:
    """A caller that remembers the arguments that got through."""

    def __init__(self) -> None:
        self.got: list[Mapping[str, Any]] = []

    async def call(self, tool: Tool, arguments: Mapping[str, Any]) -> ToolResult:
        self.got.append(arguments)
        return ToolResult.from_text(tool.id.name)


async def outcome(schema: Mapping[str, Any], arguments: Mapping[str, Any]) -> str | Mapping[str, Any]:
    """Return what was sent, or the refusal; either must come soon."""
    recorder = Recorder()
    caller = CheckedCaller(recorder)
    await caller.call(Tool.from_definition("s", {"name": "first"}), {})  # which imports what checks
    tool = Tool(ToolId("s", "act"), {"name": "act", "inputSchema": schema})
    assert tool.digest
    began = time.perf_counter()
    refused = ""
    try:
        await caller.call(tool, arguments)
    except InvalidArguments as error:
        refused = str(error)
    assert time.perf_counter() - began < SOON
    assert len(refused) <= LONGEST
    return refused or recorder.got[1]


def nested(depth: int, key: str = "a") -> Any:
    value: Any = 1
    for _level in range(depth):
        value = {key: value}
    return value


FAN = {f"d{level}": {"allOf": [{"$ref": f"#/$defs/d{level + 1}"}] * 2} for level in range(60)} | {"d60": {}}
TREE = {"$defs": {"node": {"properties": {"a": {"$ref": "#/$defs/node"}}}}, "$ref": "#/$defs/node"}
ANCHORS = {"properties": {f"p{n}": {"$ref": "#there"} for n in range(500)}, "$defs": {"t": {"$anchor": "there"}}}

HOSTILE: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({"properties": {"a": {"$ref": "#/$defs/d0"}}, "$defs": FAN}, {"a": 1}),
    ({"properties": {"a": {"anyOf": [{"const": n} for n in range(100_000)]}}}, {"a": -1}),
    ({"properties": {"a": {"anyOf": [{"const": n} for n in range(5_000)]}}}, {"a": -1}),
    ({"properties": {"a": {"allOf": [{}] * 15_000}}}, {"a": -1}),
    ({"properties": {"a": {"enum": [f"e{n}" for n in range(100_000)]}}}, {"a": "E5"}),
    ({"properties": {"a": {"enum": [[n] * 100 for n in range(150)]}}}, {"a": [1] * 99 + [0]}),
    ({"properties": {"a": {"uniqueItems": True}}}, {"a": [{"n": n} for n in range(100_000)]}),
    ({"properties": {"a": {"uniqueItems": True}}}, {"a": [{"n": n} for n in range(9_000)]}),
    ({"properties": {"a": {"items": {"type": "integer"}}}}, {"a": ["x"] * 1_000_000}),
    ({"properties": {"a": {"items": {"type": "integer"}}}}, {"a": ["1"] * 15_000}),
    ({"properties": {"a": {"type": "integer"}}}, {"a": "x" * 16_000_000}),
    ({"properties": {"a": {"anyOf": [{"type": "integer"}] * 1_000}}}, {"a": "x" * 16_000_000}),
    ({"properties": {"a": {"type": "object"}}}, {"a": "{" + '"k": [' * 100_000}),
    (TREE, nested(10_000)),
    (TREE, nested(150)),
    ({"properties": {"a": {"pattern": "(x+)+$", "type": "string"}}}, {"a": "x" * 40 + "!"}),
    ({"unevaluatedProperties": False, "patternProperties": {"(x+)+$": {}}}, {"x" * 40 + "!": 1}),
    ({"additionalProperties": False, "patternProperties": {"(x+)+$": {}}}, {"x" * 40 + "!": 1}),
    (
        {"properties": {"a": {"$schema": "http://json-schema.org/draft-07/schema#", "pattern": "(x+)+$"}}},
        {"a": "x" * 40 + "!"},
    ),
    ({"properties": {"a": {"propertyNames": {"pattern": "(x+)+$"}}}}, {"a": {"x" * 40 + "!": 1}}),
    (ANCHORS, {f"p{n}": 1 for n in range(500)}),
    ({"required": [f"r{n}" for n in range(15_000)]}, {}),
    ({"properties": {f"p{n}": {"type": "integer"} for n in range(9_000)}}, {f"p{n}": "1" for n in range(9_000)}),
    ({"additionalProperties": False}, {f"p{n}": "1" for n in range(9_000)}),
    ({"properties": {"a": {"multipleOf": 1e-300}}}, {"a": 10**4000}),
]


@pytest.mark.parametrize(("schema", "arguments"), HOSTILE)
async def test_neither_a_hostile_schema_nor_hostile_arguments_keep_us_long(
    schema: dict[str, Any], arguments: dict[str, Any]
) -> None:
    assert await outcome(schema, arguments)


async def test_arguments_that_no_reader_of_json_takes_are_refused() -> None:
    assert "nested more than 200 levels deep" in await outcome({}, nested(201))
    assert await outcome({}, nested(200)) == nested(200)


async def test_what_takes_too_much_work_is_left_to_the_server() -> None:
    arguments = {"a": ["x"] * 30_000}
    assert await outcome({"properties": {"a": {"items": {"type": "integer"}}}}, arguments) == arguments


@pytest.mark.parametrize(
    "part",
    [
        {"not": {"pattern": "^a"}},
        {"oneOf": [{"pattern": "^a"}, {"pattern": "^b"}]},
        {"if": {"pattern": "^a"}, "then": {"type": "integer"}},
        {"not": {"minLength": "one"}},
        {"not": {"unevaluatedProperties": False}},
        {"minLength": True},
        {"required": True},
        {"enum": "open"},
    ],
)
async def test_a_part_that_cannot_be_decided_is_no_reason_to_refuse(part: dict[str, Any]) -> None:
    arguments = {"a": "b", "b": 1}
    schema = {"properties": {"a": part, "b": {"type": "integer"}}}
    assert await outcome(schema, arguments) == arguments
    assert "b: 'x' is not of type 'integer'" in await outcome(schema, {"a": "b", "b": "x"})


@pytest.mark.parametrize(
    "part",
    [
        {"not": {"type": "string"}},
        {"oneOf": [{"type": "string"}, {"minLength": 1}]},
        {"if": {"type": "string"}, "then": {"minLength": 5}},
        {"uniqueItems": True, "type": "array"},
        {"const": 1},
        {"enum": [1, 2]},
    ],
)
async def test_what_can_be_decided_still_is(part: dict[str, Any]) -> None:
    assert "Wrong arguments" in await outcome({"properties": {"a": part}}, {"a": "b"})


@pytest.mark.parametrize(
    ("items", "unique"),
    [([1, True], True), ([1, 1.0], False), ([{"a": 1}, {"a": 1}], False), ([[1], [True]], True), (["1", 1], True)],
)
async def test_equal_elements_are_those_that_json_has_equal(items: list[Any], unique: bool) -> None:  # noqa: FBT001
    refused = isinstance(await outcome({"properties": {"a": {"uniqueItems": True}}}, {"a": items}), str)
    assert refused is not unique


JSON: st.SearchStrategy[Any] = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-5, 5)
    | st.floats(allow_nan=False)
    | st.sampled_from(["a", "5", "true", "A"]),
    lambda inside: (
        st.lists(inside, max_size=3) | st.dictionaries(st.sampled_from(["a", "b", "A", "type"]), inside, max_size=3)
    ),
    max_leaves=8,
)
TYPE = st.sampled_from(["string", "integer", "number", "boolean", "object", "array", "null", "odd"])


def _schemas(inside: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    named = st.dictionaries(st.sampled_from(["a", "b", "file_path", "arguments"]), inside, max_size=3)
    keywords: dict[str, st.SearchStrategy[Any]] = {
        "type": TYPE | st.lists(TYPE, max_size=2),
        "properties": named | JSON,
        "required": st.lists(st.sampled_from(["a", "b", "file_path"]), max_size=2) | JSON,
        "items": inside,
        "prefixItems": st.lists(inside, max_size=2),
        "anyOf": st.lists(inside, max_size=3),
        "oneOf": st.lists(inside, max_size=3) | JSON,
        "allOf": st.lists(inside, max_size=3),
        "not": inside,
        "if": inside,
        "then": inside,
        "additionalProperties": inside | JSON,
        "enum": st.lists(JSON, max_size=3),
        "const": JSON,
        "minimum": JSON,
        "pattern": st.text(max_size=4),
        "contains": inside,
        "uniqueItems": JSON,
        "dependentRequired": JSON,
        "$ref": st.sampled_from(["#", "#/properties/a", "#/$defs/none", "#x", "http://x/y", "("]),
        "$schema": st.sampled_from(
            ["http://json-schema.org/draft-04/schema#", "http://json-schema.org/draft-03/schema#"]
        ),
        "$id": st.text(max_size=4),
    }
    return st.fixed_dictionaries({}, optional=keywords)


SCHEMA = st.recursive(st.booleans() | _schemas(st.booleans()), _schemas, max_leaves=4).filter(
    lambda schema: isinstance(schema, dict)
)
ARGUMENTS = st.dictionaries(st.sampled_from(["a", "b", "filePath", "input"]), JSON, max_size=3)


@given(SCHEMA, ARGUMENTS)
@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])
async def test_any_schema_and_any_arguments_end_in_a_call_or_in_a_refusal(
    schema: dict[str, Any], arguments: dict[str, Any]
) -> None:
    given_text = json.dumps(arguments)
    sent = await outcome(schema, arguments)
    if isinstance(sent, str):
        assert sent.startswith("Wrong arguments for s__act: ")
    else:
        again = await outcome(schema, sent)
        assert json.dumps(again) == json.dumps(sent), "what is sent needs no mending"
    assert json.dumps(arguments) == given_text


SIMPLE = st.sampled_from(
    [
        ({"type": "integer"}, st.integers()),
        ({"type": "number"}, st.floats(allow_nan=False, allow_infinity=False)),
        ({"type": "string"}, st.text() | st.sampled_from(["5", "true", "null", "{}", "[]"])),
        ({"type": ["string", "null"]}, st.text() | st.none()),
        ({"anyOf": [{"type": "string"}, {"type": "integer"}]}, st.text() | st.integers()),
        ({"type": "array", "items": {"type": "string"}}, st.lists(st.text())),
        ({"type": "object"}, JSON.filter(lambda value: isinstance(value, dict))),
        ({}, JSON),
    ]
)


@given(SIMPLE.flatmap(lambda pair: st.tuples(st.just(pair[0]), pair[1])))
@settings(max_examples=300, deadline=None)
async def test_a_valid_call_is_sent_byte_for_byte(pair: tuple[dict[str, Any], Any]) -> None:
    schema, value = pair
    arguments = {"a": value, "input": value, "Extra": value}
    sent = await outcome({"type": "object", "properties": {"a": schema}, "required": ["a"]}, arguments)
    assert json.dumps(sent) == json.dumps(arguments)
