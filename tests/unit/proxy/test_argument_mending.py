"""Arguments that can mean one thing only are taken for it; all others are left to the model."""

import copy
from collections.abc import Mapping
from typing import Any

import pytest

from mcp_toolweaver.core.errors import InvalidArguments
from mcp_toolweaver.core.tools import Tool, ToolResult
from mcp_toolweaver.proxy.arguments import CheckedCaller

pytestmark = pytest.mark.anyio


class Recorder:
    """A caller that remembers the arguments that got through."""

    def __init__(self) -> None:
        self.got: list[Mapping[str, Any]] = []

    async def call(self, tool: Tool, arguments: Mapping[str, Any]) -> ToolResult:
        self.got.append(arguments)
        return ToolResult.from_text(tool.id.name)


async def sent(properties: dict[str, Any], arguments: dict[str, Any], **rest: Any) -> Mapping[str, Any]:
    """Return the arguments that were sent."""
    recorder = Recorder()
    schema = {"type": "object", "properties": properties, **rest}
    tool = Tool.from_definition("s", {"name": "act", "inputSchema": schema})
    before = copy.deepcopy(arguments)
    await CheckedCaller(recorder).call(tool, arguments)
    assert arguments == before, "what was given is never changed"
    return recorder.got[0]


INTEGER, NUMBER, TEXT, TRUTH = ({"type": kind} for kind in ("integer", "number", "string", "boolean"))
TEXTS = {"type": "array", "items": TEXT}
POINT = {"type": "object", "properties": {"x": NUMBER, "y": NUMBER}, "required": ["x"]}
STATE = {"type": "string", "enum": ["open", "closed"]}


@pytest.mark.parametrize(
    ("schema", "given", "meant"),
    [
        (INTEGER, "7", 7),
        (INTEGER, " -7 ", -7),
        (INTEGER, "7.0", 7),
        (INTEGER, "12345678901234567890", 12345678901234567890),
        (NUMBER, "7.5", 7.5),
        (NUMBER, "1e3", 1000),
        (TRUTH, "true", True),
        (TRUTH, "False", False),
        ({"type": ["integer", "null"]}, "7", 7),
        ({"type": ["integer", "null"]}, "null", None),
        ({"anyOf": [INTEGER, {"type": "null"}]}, "7", 7),
        ({"anyOf": [TEXTS, {"type": "null"}]}, "a", ["a"]),
        ({"enum": [1, 2, 3]}, "2", 2),
        ({"const": True}, "true", True),
        (TEXTS, "bug", ["bug"]),
        (TEXTS, '["bug", "ui"]', ["bug", "ui"]),
        ({"type": "array", "items": INTEGER}, 7, [7]),
        ({"type": "array", "items": INTEGER}, "7", [7]),
        ({"type": "array", "items": INTEGER}, ["7", 8, "9"], [7, 8, 9]),
        ({"type": "array", "items": POINT}, {"x": 1}, [{"x": 1}]),
        ({"type": "array", "items": POINT}, '[{"x": "1"}]', [{"x": 1}]),
        ({"type": "array", "prefixItems": [INTEGER, TEXT]}, ["1", "2"], [1, "2"]),
        (POINT, '{"x": 1, "y": 2}', {"x": 1, "y": 2}),
        (POINT, {"x": "1", "y": None}, {"x": 1}),
        ({"allOf": [POINT, {"required": ["y"]}]}, {"x": "1", "y": "2"}, {"x": 1, "y": 2}),
        ({"type": "object"}, '{"any": ["thing"]}', {"any": ["thing"]}),
        ({"type": "object", "additionalProperties": INTEGER}, {"a": "1"}, {"a": 1}),
        (STATE, "Open", "open"),
        (STATE, " CLOSED", "closed"),
        ({"type": "array", "items": STATE}, ["OPEN"], ["open"]),
        ({"$ref": "#/$defs/point"}, {"x": "1"}, {"x": 1}),
    ],
)
async def test_a_value_that_can_mean_one_thing_is_taken_for_it(schema: Any, given: Any, meant: Any) -> None:
    got = await sent({"a": schema}, {"a": given}, **{"$defs": {"point": POINT}})
    assert got == {"a": meant}
    assert type(got["a"]) is type(meant)


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        (TEXT, "7"),
        (TEXT, "true"),
        (TEXT, '{"x": 1}'),
        (NUMBER, 5.0),
        (INTEGER, 5.0),
        ({"anyOf": [TEXT, INTEGER]}, "7"),
        ({"type": ["string", "array"], "items": TEXT}, "a"),
        ({"type": ["integer", "null"]}, None),
        ({}, "7"),
        ({"enum": ["a", "A"]}, "A"),
    ],
)
async def test_a_value_that_fits_is_never_touched(schema: Any, value: Any) -> None:
    got = await sent({"a": schema}, {"a": value})
    assert got == {"a": value}
    assert type(got["a"]) is type(value)


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        (INTEGER, "seven"),
        (INTEGER, "7.5"),
        (INTEGER, "7 issues"),
        (INTEGER, "0x10"),
        (INTEGER, "007"),
        (INTEGER, "1" * 5_000),
        (INTEGER, True),
        (INTEGER, None),
        ({"type": "integer", "minimum": 10}, "7"),
        (NUMBER, "NaN"),
        (NUMBER, "Infinity"),
        (TRUTH, "yes"),
        (TRUTH, 1),
        (TEXT, 5),
        (TEXT, ["a"]),
        (TEXTS, "bug, ui"),
        (TEXTS, "[draft] a title"),
        (TEXTS, 5),
        (TEXTS, {"0": "a"}),
        ({"type": "array", "items": TEXT, "minItems": 2}, "a"),
        ({"anyOf": [{"type": "array", "items": INTEGER}, INTEGER]}, "7"),
        ({"anyOf": [TRUTH, {"type": "array", "items": TRUTH}]}, "true"),
        ({"enum": ["open", "OPEN"]}, "Open"),
        (STATE, "opened"),
        (POINT, "{'x': 1}"),
        (POINT, "[1]"),
        (POINT, '{"x": NaN}'),
        (POINT, "[" * 100_000),
    ],
)
async def test_a_value_that_can_mean_two_things_or_none_is_refused(schema: Any, value: Any) -> None:
    with pytest.raises(InvalidArguments):
        await sent({"a": schema}, {"a": value}, required=["a"])


async def test_null_for_an_optional_parameter_is_none_given() -> None:
    assert await sent({"a": TEXT, "b": TEXT}, {"a": "x", "b": None}) == {"a": "x"}
    assert await sent({"a": TEXT, "b": {"type": ["string", "null"]}}, {"a": None, "b": None}) == {"b": None}
    with pytest.raises(InvalidArguments):
        await sent({"a": TEXT}, {"a": None}, required=["a"])


@pytest.mark.parametrize("spelled", ["filePath", "FilePath", "file-path", "FILE_PATH", "filepath", "file path"])
async def test_a_parameter_spelled_in_another_way_is_the_one_that_is_meant(spelled: str) -> None:
    properties = {"file_path": TEXT, "mode": TEXT}
    assert await sent(properties, {spelled: "a", "mode": "r"}, required=["file_path"]) == {
        "file_path": "a",
        "mode": "r",
    }
    assert await sent(properties, {spelled: "a"}, additionalProperties=False) == {"file_path": "a"}


@pytest.mark.parametrize(
    ("properties", "given", "rest"),
    [
        ({"file_path": TEXT, "filepath": TEXT}, {"filePath": "a"}, {}),
        ({"file_path": TEXT}, {"filePath": "a", "FilePath": "b"}, {}),
        ({"file_path": TEXT}, {"filePath": "a", "file_path": "b"}, {}),
        ({"file_path": TEXT}, {"path": "a"}, {}),
    ],
)
async def test_a_name_that_may_be_two_parameters_is_refused(
    properties: dict[str, Any], given: dict[str, Any], rest: dict[str, Any]
) -> None:
    with pytest.raises(InvalidArguments):
        await sent(properties, given, additionalProperties=False, **rest)


async def test_any_name_stays_where_any_name_may_be_meant() -> None:
    with pytest.raises(InvalidArguments):
        await sent({"file_path": TEXT}, {"filePath": "a"}, required=["file_path"], additionalProperties=TEXT)


@pytest.mark.parametrize("wrapper", ["arguments", "input", "params", "parameters"])
@pytest.mark.parametrize(
    "inside", [{"repo": "a", "number": 7}, '{"repo": "a", "number": 7}', {"repo": "a", "number": "7"}]
)
async def test_arguments_in_a_wrapper_are_unwrapped_and_mended(wrapper: str, inside: Any) -> None:
    got = await sent({"repo": TEXT, "number": INTEGER}, {wrapper: inside}, required=["repo"])
    assert got == {"repo": "a", "number": 7}


async def test_the_wrapper_of_call_tool_is_unwrapped_where_a_tool_would_ignore_it() -> None:
    assert await sent({"state": STATE}, {"arguments": {"state": "Open"}}) == {"state": "open"}
    assert await sent({"state": STATE}, {"input": {"state": "open"}}) == {"input": {"state": "open"}}
    assert await sent({"state": STATE}, {"arguments": {"other": 1}}) == {"arguments": {"other": 1}}


async def test_a_wrapper_that_may_be_meant_stays() -> None:
    given = {"input": {"a": "x"}}
    assert await sent({"a": TEXT}, given, additionalProperties=True) == given
    assert await sent({"a": TEXT}, given, patternProperties={".*": {}}) == given
    with pytest.raises(InvalidArguments):
        await sent({"input": TEXT, "a": TEXT}, {"input": {"a": "x"}}, required=["a"])


async def test_several_faults_are_mended_at_once() -> None:
    properties = {"filePath": TEXT, "limit": INTEGER, "tags": TEXTS, "state": STATE, "cursor": TEXT}
    given = {"file_path": "a", "limit": "5", "tags": "bug", "state": "OPEN", "cursor": None}
    got = await sent(properties, given, required=["filePath"])
    assert got == {"filePath": "a", "limit": 5, "tags": ["bug"], "state": "open"}


async def test_one_fault_that_cannot_be_mended_refuses_the_call() -> None:
    with pytest.raises(InvalidArguments, match="b: 'x' is not of type 'integer'"):
        await sent({"a": INTEGER, "b": INTEGER}, {"a": "1", "b": "x"})


async def test_the_log_has_the_names_of_what_was_mended_and_no_values(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    await sent({"limit": INTEGER, "state": STATE}, {"limit": "5551234", "state": "OPEN"})
    assert "s::act: arguments were mended: limit, state" in caplog.text
    assert "5551234" not in caplog.text
    assert "OPEN" not in caplog.text
