"""Arguments that do not fit are refused before a server sees them, with what would fit."""

from collections.abc import Mapping
from typing import Any

import pytest

from mcp_toolweaver.core.errors import InvalidArguments, ToolNotCallable
from mcp_toolweaver.core.tools import Tool, ToolResult
from mcp_toolweaver.proxy.arguments import CheckedCaller
from mcp_toolweaver.proxy.validation.schemas import Schemas

pytestmark = pytest.mark.anyio

ISSUE = {
    "type": "object",
    "properties": {
        "repo": {"type": "string"},
        "number": {"type": "integer", "minimum": 1},
        "labels": {"type": "array", "items": {"type": "string"}},
    },
    "required": ["repo"],
    "additionalProperties": False,
}


class Recorder:
    """A caller that remembers what got through."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, Mapping[str, Any]]] = []

    async def call(self, tool: Tool, arguments: Mapping[str, Any]) -> ToolResult:
        self.calls.append((tool.id.name, arguments))
        if not tool.is_callable:
            raise ToolNotCallable("only a description")
        return ToolResult.from_text("done")


def tool_with(schema: Mapping[str, Any], *, name: str = "act", is_callable: bool = True) -> Tool:
    return Tool.from_definition("s", {"name": name, "inputSchema": dict(schema)}, is_callable=is_callable)


async def refusal_of(schema: Mapping[str, Any], arguments: Mapping[str, Any]) -> str:
    """Return the message of the refusal; nothing may have got through."""
    recorder = Recorder()
    with pytest.raises(InvalidArguments) as refused:
        await CheckedCaller(recorder).call(tool_with(schema), arguments)
    assert recorder.calls == []
    return str(refused.value)


async def passes(schema: Mapping[str, Any], arguments: Mapping[str, Any]) -> bool:
    """Return whether the call gets through, unchanged."""
    recorder = Recorder()
    result = await CheckedCaller(recorder).call(tool_with(schema), arguments)
    assert result == ToolResult.from_text("done")
    return recorder.calls == [("act", arguments)]


@pytest.mark.parametrize(
    "arguments",
    [{"repo": "a/b"}, {"repo": "", "number": 1, "labels": []}, {"repo": "a", "labels": ["x", "y"]}],
)
async def test_arguments_that_fit_get_through_unchanged(arguments: dict[str, Any]) -> None:
    assert await passes(ISSUE, arguments)


@pytest.mark.parametrize(
    ("arguments", "field", "reason"),
    [
        ({"repo": 5}, "repo", "5 is not of type 'string'"),
        ({"repo": "a", "number": "seven"}, "number", "'seven' is not of type 'integer'"),
        ({"repo": "a", "number": 0}, "number", "0 is less than the minimum of 1"),
        ({"repo": "a", "labels": ["x", 5]}, "labels.1", "5 is not of type 'string'"),
        ({}, "repo", "'repo' is a required property"),
        ({"repo": "a", "title": "t"}, "title", "Additional properties are not allowed ('title' was unexpected)"),
    ],
)
async def test_a_refusal_names_the_field_the_reason_and_the_signature(
    arguments: dict[str, Any], field: str, reason: str
) -> None:
    message = await refusal_of(ISSUE, arguments)
    assert message.startswith("Wrong arguments for s__act: ")
    assert field in message
    assert reason in message
    assert message.endswith("Signature: act(repo: string, number?: integer, labels?: string[])")


async def test_a_long_value_does_not_fill_the_refusal() -> None:
    message = await refusal_of(ISSUE, {"repo": ["x" * 100_000]})
    assert len(message) < 1_000
    assert "Signature: act(" in message


async def test_references_inside_the_schema_are_followed() -> None:
    schema = {"properties": {"who": {"$ref": "#/$defs/name"}}, "$defs": {"name": {"type": "string"}}}
    assert await passes(schema, {"who": "ada"})
    assert "5 is not of type 'string'" in await refusal_of(schema, {"who": 5})


async def test_cyclic_references_are_checked() -> None:
    schema = {
        "properties": {"tree": {"$ref": "#/$defs/node"}},
        "$defs": {"node": {"type": "object", "properties": {"child": {"$ref": "#/$defs/node"}}}},
    }
    assert await passes(schema, {"tree": {"child": {"child": {}}}})
    assert "tree.child.child" in await refusal_of(schema, {"tree": {"child": {"child": 5}}})


async def test_a_reference_to_itself_lets_the_call_through() -> None:
    loop = {"properties": {"a": {"$ref": "#/$defs/a"}}, "$defs": {"a": {"$ref": "#/$defs/a"}}}
    assert await passes(loop, {"a": 1})


async def test_remote_references_are_never_fetched_and_let_the_call_through(web_server: str) -> None:
    """The first address has a schema that asks for a number."""
    for reference in (f"{web_server}/schema", "https://json-schema.example/x.json", "file:///etc/passwd"):
        assert await passes({"properties": {"a": {"$ref": reference}}}, {"a": "text"})


@pytest.mark.parametrize(
    "schema",
    [
        {"properties": {"a": {"type": "no-such-type"}}},
        {"properties": {"a": 5}},
        {"properties": {"a": {"minimum": "one"}}},
        {"properties": {"a": {"$ref": "#/$defs/missing"}}},
        {"properties": {"a": {"$ref": "#no-such-anchor"}}},
        {"properties": {"a": {"$ref": "http://[broken"}}},
        {"properties": {"a": {"type": "string", "pattern": "("}}},
        {"patternProperties": {"(": {"type": "string"}}},
        {"$schema": {"not": "a text"}},
        {"$schema": "https://unknown.example/schema"},
        {"$schema": 5},
        {"$schema": ["a"]},
        {"$schema": "http://[broken"},
        {"properties": {"a": {"$id": "http://[broken", "$ref": "x"}}},
        {"$id": "http://[broken"},
    ],
)
async def test_a_schema_that_cannot_be_used_lets_the_call_through(schema: dict[str, Any]) -> None:
    assert await passes(schema, {"a": "b"})


@pytest.mark.parametrize(
    "draft", ["http://json-schema.org/draft-04/schema#", "http://json-schema.org/draft-07/schema#"]
)
async def test_a_schema_of_an_older_draft_is_read_as_such(draft: str) -> None:
    schema = {"$schema": draft, "properties": {"a": {"type": "integer"}}, "required": ["a"]}
    assert await passes(schema, {"a": 1})
    assert "'a' is a required property" in await refusal_of(schema, {})


async def test_a_tool_that_cannot_be_called_says_so_whatever_the_arguments() -> None:
    tool = tool_with(ISSUE, is_callable=False)
    with pytest.raises(ToolNotCallable):
        await CheckedCaller(Recorder()).call(tool, {"repo": 5})


async def test_arguments_that_are_wrapped_once_too_often_are_unwrapped() -> None:
    recorder = Recorder()
    await CheckedCaller(recorder).call(tool_with(ISSUE), {"arguments": {"repo": "a/b"}})
    assert recorder.calls == [("act", {"repo": "a/b"})]


@pytest.mark.parametrize(
    ("schema", "arguments"),
    [
        ({"properties": {"arguments": {"type": "object"}}}, {"arguments": {"repo": "a/b"}}),
        ({"properties": {"a": {}}}, {"arguments": {"repo": "a/b"}, "a": 1}),
        ({"properties": {"a": {}}}, {"arguments": "text"}),
    ],
)
async def test_arguments_of_that_name_stay_where_they_may_be_meant(
    schema: dict[str, Any], arguments: dict[str, Any]
) -> None:
    assert await passes(schema, arguments)


async def test_compiled_schemas_are_kept_for_the_tools_used_last(monkeypatch: pytest.MonkeyPatch) -> None:
    compiled: list[Mapping[str, Any]] = []
    compile_schema: Any = vars(Schemas)["_compile"]

    def counting(self: Schemas, schema: Mapping[str, Any]) -> Any:
        compiled.append(schema)
        return compile_schema(self, schema)

    monkeypatch.setattr(Schemas, "_compile", counting)
    caller = CheckedCaller(Recorder())
    tools = [tool_with({}, name=f"t{number}") for number in range(300)]
    for tool in tools:
        await caller.call(tool, {})
    assert len(compiled) == 300
    for tool in tools[-256:]:
        await caller.call(tool, {})
    assert len(compiled) == 300, "the last 256 are kept"
    await caller.call(tools[-256], {})
    await caller.call(tools[0], {})
    assert len(compiled) == 301, "the ones before them are not"
    await caller.call(tools[-256], {})
    assert len(compiled) == 301, "the one used a moment ago stays"
    await caller.call(tools[-255], {})
    assert len(compiled) == 302, "the one used longest ago made room"
