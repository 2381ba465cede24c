"""Public specifications become tools, and every one of their operations is called as it is described."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from catalog_sources.openapi import open_source
from mcp_toolweaver.core.json_values import is_array, is_object
from mcp_toolweaver.core.tools import Tool
from tests.openapi.api import METHODS, Api
from tests.openapi.judge import check, complaint
from tests.openapi.recorder import recording
from tests.openapi.specs import OPERATIONS, document, written
from tests.openapi.values import CONTENT, FILE, value_for

pytestmark = pytest.mark.anyio

EXCLUSIVE = {
    "projects_add-item-for-org": ("owner", "repo", "number"),
    "projects_add-item-for-user": ("owner", "repo", "number"),
    "code-scanning_create-variant-analysis": ("repositories", "repository_lists"),
}
"""Arguments that must not be there together with others, as the description of the arguments says."""

_NAME = re.compile(r"[A-Za-z0-9_.-]{1,128}")
_SENT_AS = re.compile(r"\(sent as (\S+) in the (\w+)\)")


async def tools_of(folder: Path, name: str, **options: Any) -> tuple[list[Tool], list[str]]:
    path = str(written(folder, name))
    async with open_source("api", {"path": path, "include_deprecated": True, **options}) as source:
        tools = list(await source.list_tools())
        return tools, list(source.problems)


@pytest.mark.parametrize("name", OPERATIONS)
async def test_every_operation_is_a_tool_with_a_name_and_schemas_that_any_host_takes(tmp_path: Path, name: str) -> None:
    tools, problems = await tools_of(tmp_path, name, base_url="https://api.example.com")
    assert len(tools) == OPERATIONS[name]
    assert problems == []
    names = [tool.id.name for tool in tools]
    assert len(set(names)) == len(names)
    assert all(_NAME.fullmatch(one) for one in names)
    checked: set[str] = set()
    for tool in tools:
        assert tool.kind == "http"
        assert tool.description
        for schema in (tool.input_schema, tool.definition.get("outputSchema", {"type": "object"})):
            assert_valid(schema, checked)
            assert schema["type"] == "object"
            assert_references_resolve(schema)


async def test_what_another_host_answers_is_left_out_with_the_place_and_the_reason(tmp_path: Path) -> None:
    tools, problems = await tools_of(tmp_path, "github.json")
    assert len(tools) == OPERATIONS["github.json"] - 1
    (problem,) = problems
    assert "#/paths/~1repos~1{owner}~1{repo}~1releases~1{release_id}~1assets/post" in problem
    assert "https://uploads.github.com" in problem


@pytest.mark.parametrize(
    ("name", "step"), [*((name, 1) for name in OPERATIONS if name != "github.json"), ("github.json", 9)]
)
async def test_every_operation_is_called_at_its_route_with_the_values_that_were_given(
    tmp_path: Path, name: str, step: int
) -> None:
    """Of GitHub's every ninth, since there are so many."""
    api = Api(document(name), "/base")
    path = str(written(tmp_path, name))
    with recording() as server:
        server.answer = api.answer
        options = {"path": path, "include_deprecated": True, "base_url": f"{server.url}/base"}
        async with open_source("api", options) as source:
            called: list[tuple[str, str]] = []
            for tool in (await source.list_tools())[::step]:
                arguments = arguments_for(tool)
                result = await source.call_tool(tool.id.name, arguments)
                assert not result.is_error, (tool.id.name, result.payload["content"][0]["text"])
                assert_arrived(tool, arguments, api)
                assert_answered(tool, result.payload)
                called.append((api.understood[-1].method, api.understood[-1].template))
    assert set(called) <= set(routes(name))
    assert len(called) == len(set(called)) == -(-OPERATIONS[name] // step)


def arguments_for(tool: Tool) -> dict[str, Any]:
    """Return a value for every argument."""
    schema = tool.input_schema
    left_out = EXCLUSIVE.get(tool.id.name, ())
    return {name: value_for(one, schema, 1) for name, one in schema["properties"].items() if name not in left_out}


def routes(name: str) -> list[tuple[str, str]]:
    paths = document(name)["paths"].items()
    return [(method.upper(), path) for path, item in paths for method in item if method in METHODS]


def assert_arrived(tool: Tool, arguments: Mapping[str, Any], api: Api) -> None:
    """Check that the API understood the tool's operation, and each argument under its name and nothing else."""
    understood = api.understood[-1]
    assert tool.description.endswith(f"{understood.method} {understood.template}")
    left = dict(understood.parameters)
    body = understood.body
    is_whole = "body" in arguments and not (is_object(body) and "body" in body)
    if is_whole:
        assert as_text(body) == (CONTENT if arguments["body"] == FILE else as_text(arguments["body"]))
    in_body = dict(body) if is_object(body) and not is_whole else {}
    for argument, value in arguments.items():
        if argument == "body" and is_whole:
            continue
        match = _SENT_AS.search(tool.input_schema["properties"][argument].get("description", ""))
        name = match.group(1) if match else argument
        key = next((key for key in left if key[1] == name and (not match or key[0] == match.group(2))), None)
        found = left.pop(key) if key else in_body.pop(name)
        assert as_texts(found) == as_texts(value), (tool.id.name, argument)
    assert left == {}
    assert in_body == {}


def as_texts(value: Any) -> Any:
    """Return a value with everything in its first level as it is written in an address."""
    if is_array(value):
        return [as_text(item) for item in value]
    if is_object(value):
        return {key: as_text(item) for key, item in value.items()}
    return as_text(value)


def as_text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, sort_keys=True, separators=(",", ":"))


def assert_answered(tool: Tool, payload: Mapping[str, Any]) -> None:
    """Check that the result is one that the tool may have."""
    if "outputSchema" in tool.definition:
        assert complaint(tool.definition["outputSchema"], payload["structuredContent"]) is None
    assert payload["content"]
    if payload["content"][0]["text"].startswith("{"):
        assert payload["structuredContent"] == json.loads(payload["content"][0]["text"])


def assert_valid(schema: Mapping[str, Any], checked: set[str]) -> None:
    """Check a schema against the meta-schema, its properties and definitions each once; many tools share them."""
    parts: list[Any] = [*schema.get("properties", {}).values(), *schema.get("$defs", {}).values()]
    empty: dict[str, Any] = {key: {} for key in ("properties", "$defs") if key in schema}
    whole: dict[str, Any] = {**schema, **empty}
    for part in [whole, *parts]:
        text = json.dumps(part)
        if text not in checked:
            checked.add(text)
            check(part)


def assert_references_resolve(schema: Mapping[str, Any]) -> None:
    """Check that every reference names one of the schema's own definitions."""
    level: list[Any] = [schema]
    while level:
        one = level.pop()
        if is_object(one):
            reference = one.get("$ref")
            if isinstance(reference, str):
                assert reference.removeprefix("#/$defs/") in schema["$defs"]
            level += one.values()
        elif is_array(one):
            level += one
