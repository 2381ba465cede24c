"""Documents that are wrong, in part or altogether: what, where, and how to mend it; the rest works."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from catalog_sources.openapi import open_source
from catalog_sources.openapi.building import build
from catalog_sources.openapi.options import OpenApiOptions
from catalog_sources.openapi.problems import BadDocument
from mcp_toolweaver.core.errors import Unavailable
from mcp_toolweaver.core.json_values import is_array, is_object
from tests.openapi.judge import check
from tests.openapi.recorder import Recorder, Reply, recording
from tests.openapi.specs import document, operation, parameter, small
from tests.openapi.stage import staged

pytestmark = pytest.mark.anyio

GOOD = {"/good": {"get": operation(operationId="good")}}
SERVERS = [{"url": "https://api.example.com/v1"}]


async def refused(folder: Path, content: bytes | str, name: str = "api.yaml", **options: Any) -> str:
    """Return why a document is refused."""
    file = folder / name
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    async with open_source("api", {"path": str(file), **options}) as source:
        with pytest.raises(Unavailable) as raised:
            await source.list_tools()
    assert raised.value.reason.startswith(f"{file}: ")
    return raised.value.reason


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ('{\n  "openapi": "3.1.0",\n  "paths": {', "line 3, column 13: it is not JSON"),
        ("openapi: 3.1.0\npaths:\n  /a:\n    get: [1,\n", "line 5: it is not YAML"),
        ("openapi: 3.1.0\n\tpaths: {}", "line 2: it is not YAML"),
        ("", "it is empty"),
        ("\x00\x01", "it is not YAML"),
        (b"openapi: \xff", "not UTF-8 (byte 10)"),
        ("just text", "no OpenAPI document"),
        ("- a\n- b", "no OpenAPI document"),
        ('swagger: "2.0"\npaths: {}', "it is Swagger 2.0, which is not read; convert it to OpenAPI 3"),
        ("openapi: 4.0.0\npaths: {/a: {}}", "its version is '4.0.0'"),
        ("openapi: 3.1.0\ninfo: {}", "it has no paths"),
        ("openapi: 3.1.0\npaths: {}", "it has no paths"),
        ("a: *nothing", "line 1: *nothing refers to nothing before it"),
        ("a: &a [*a]", "line 1: *a refers to nothing before it, or to itself"),
        ("? {a: 1}\n: b", "line 1: a key is no text"),
        ("[" * 100_000, "a nesting beyond reason"),
        ("a:\n  " + "[" * 100_000, "nested more than 200 levels deep"),
        ('{"a":' * 100_000, "a nesting beyond reason"),
        ("openapi: 3.1.0\npaths: {/a: {get: {}}}", "#/servers: its servers name no host ('/'); set base_url"),
        (
            "openapi: 3.1.0\nservers: [{url: 'https://{x}.example.com'}]\npaths: {/a: {}}",
            "a variable 'x' without a default",
        ),
    ],
)
async def test_a_document_that_cannot_be_used_is_refused_with_the_line_and_the_fix(
    tmp_path: Path, content: bytes | str, told: str
) -> None:
    assert told in await refused(tmp_path, content)


async def test_aliases_that_would_fill_the_memory_are_refused(tmp_path: Path) -> None:
    lines = ["a0: &a0 [" + ", ".join(["x"] * 10) + "]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 12)]
    assert "written out it has more than 5000000 values" in await refused(tmp_path, "\n".join(lines))


async def test_a_document_that_is_too_large_is_refused_before_it_is_read(tmp_path: Path) -> None:
    reason = await refused(tmp_path, "#" * 3_000, max_document_bytes=2_000)
    assert "more than 2000 bytes; raise max_document_bytes" in reason


async def test_a_file_that_is_not_there_is_named_and_found_when_it_comes(tmp_path: Path) -> None:
    file = tmp_path / "later.json"
    async with open_source("api", {"path": str(file), "base_url": "https://api.example.com"}) as source:
        with pytest.raises(Unavailable, match=r"later\.json: it cannot be read \(No such file"):
            await source.list_tools()
        file.write_text(json.dumps(small(GOOD)), encoding="utf-8")
        assert len(await source.list_tools()) == 1


async def test_ten_megabytes_are_read(tmp_path: Path) -> None:
    """A document as large as GitHub's, most of it answers that no tool needs."""
    schema = {
        "type": "object",
        "properties": {f"p{n}": {"type": "string", "description": "x" * 200} for n in range(100)},
    }
    paths = {
        f"/a{n}": {"get": operation(operationId=f"a{n}", responses={"default": {"schema": schema}})} for n in range(450)
    }
    async with staged(tmp_path, small(paths)) as stage:
        assert (tmp_path / "api.json").stat().st_size > 10_000_000
        assert len(stage.tools) == 450


BROKEN = {
    "reference": operation(parameter("q", schema={"$ref": "#/components/schemas/Gone"})),
    "remote": operation(parameter("q", schema={"$ref": "https://evil.example/schema.json"})),
    "file": operation(parameter("q", schema={"$ref": "../../etc/passwd"})),
    "circle": operation(parameter("q", schema={"$ref": "#/components/schemas/Me"})),
    "parameter": operation({"$ref": "#/components/parameters/Gone"}),
    "nameless": operation({"in": "query"}),
    "nowhere": operation(parameter("q", "fragment")),
    "style": operation(parameter("q", style="matrix")),
    "body": operation(requestBody={"$ref": "#/components/requestBodies/Gone"}),
    "form": operation(requestBody={"content": {"multipart/form-data": {"schema": {"type": "string"}}}}),
}
TOLD = {
    "reference": "'#/components/schemas/Gone' points at nothing; correct it",
    "remote": "points out of the document, and is not fetched",
    "file": "points out of the document, and is not fetched",
    "circle": "refers to itself",
    "parameter": "points at nothing",
    "nameless": 'a parameter has no "name" and "in"',
    "null": "there is null where an object belongs",
    "nowhere": "must be in path, query, header or cookie",
    "style": "has the style 'matrix', which no parameter in query has",
    "body": "points at nothing",
    "form": "has no plain properties",
}


async def test_a_broken_operation_is_left_out_with_its_place_and_the_rest_works(tmp_path: Path) -> None:
    paths: dict[str, Any] = {f"/{name}": {"post": broken} for name, broken in BROKEN.items()}
    paths |= {"/list": [], "/null": {"get": None}, **GOOD}
    components = {"schemas": {"Me": {"$ref": "#/components/schemas/Me"}}}
    async with staged(tmp_path, small(paths, components=components)) as stage:
        assert list(stage.tools) == ["good"]
        assert not (await stage.call("good")).is_error
        problems = {
            problem.split("#/paths/~1")[1].split("/")[0].split(":")[0]: problem for problem in stage.source.problems
        }
    assert set(problems) == {*BROKEN, "list", "null"}
    for name, told in TOLD.items():
        method = "get" if name == "null" else "post"
        assert problems[name].startswith(f"{tmp_path / 'api.json'}: #/paths/~1{name}/{method}: left out: ")
        assert told in problems[name]


async def test_two_operations_of_one_name_both_work_and_the_owner_is_told(tmp_path: Path) -> None:
    paths = {f"/{name}": {"get": operation(operationId="twice")} for name in ("a", "b")}
    async with staged(tmp_path, small(paths)) as stage:
        assert list(stage.tools) == ["twice", "get_b"]
        await stage.call("get_b")
        assert stage.server.last.path == "/base/b"
        (problem,) = stage.source.problems
    assert "#/paths/~1b/get: has the operationId 'twice' of #/paths/~1a/get" in problem
    assert "it is called 'get_b'" in problem


@pytest.mark.parametrize("text", ['{"a": 1, "a": 2, ', "openapi: 3.1.0\nopenapi: 3.1.0\n"])
async def test_a_key_that_is_there_twice_is_told(tmp_path: Path, text: str) -> None:
    rest = json.dumps(small(GOOD))
    whole = (
        text + rest[1:] if text.startswith("{") else text + "info: {}\npaths:\n  /good: {get: {operationId: good}}\n"
    )
    async with staged(tmp_path, whole) as stage:
        assert list(stage.tools) == ["good"]
        (problem,) = stage.source.problems
    assert "is there twice in one" in problem


async def test_patterns_choose_operations_and_one_that_fits_nothing_is_told(tmp_path: Path) -> None:
    paths = {
        "/pets": {"get": operation(operationId="listPets", tags=["pets"]), "post": operation(operationId="addPet")},
        "/orders": {
            "get": operation(operationId="listOrders"),
            "delete": operation(operationId="drop", tags=["admin"]),
        },
        "/old": {"get": operation(operationId="old", deprecated=True)},
    }
    for include, exclude, names in (
        ([], [], {"listPets", "addPet", "listOrders", "drop"}),
        (["GET /*"], [], {"listPets", "listOrders"}),
        (["pets", "drop"], [], {"listPets", "drop"}),
        ([], ["admin", "post *"], {"listPets", "listOrders"}),
    ):
        async with staged(tmp_path, small(paths), include=include, exclude=exclude) as stage:
            assert set(stage.tools) == names
            assert stage.source.problems == []
    async with staged(tmp_path, small(paths), include=["/pets", "/pet"], include_deprecated=True) as stage:
        assert "the pattern '/pet' fits no operation" in stage.source.problems[0]
    async with staged(tmp_path, small(paths), include_deprecated=True, domain_from="tag") as stage:
        assert "old" in stage.tools
        assert (stage.tools["listPets"].domain, stage.tools["addPet"].domain) == ("pets", "api")


async def test_a_tool_says_what_its_operation_is_and_promises(tmp_path: Path) -> None:
    item = {
        method: operation(operationId=method, summary="Short.", description="Long.")
        for method in ("get", "put", "post", "delete")
    }
    async with staged(tmp_path, small({"/a": item})) as stage:
        tools = stage.tools
        assert tools["get"].description == "Short.\n\nLong.\n\nGET /a"
        assert (tools["get"].title, tools["get"].kind, tools["get"].server_description) == ("Short.", "http", "Small")
        hints = {name: dict(tool.annotations) for name, tool in tools.items()}
    assert hints["get"] == {"readOnlyHint": True, "openWorldHint": True}
    assert hints["put"] == {"readOnlyHint": False, "openWorldHint": True, "idempotentHint": True}
    assert hints["post"] == {"readOnlyHint": False, "openWorldHint": True}
    assert hints["delete"]["destructiveHint"] is True


# --- on the web, and changes ---------------------------------------------------------------------


def serving(server: Recorder, document: Any) -> None:
    """Answer /spec/api.json with a document, everything else with an object."""
    body = json.dumps(document).encode()
    server.answer = lambda arrived: Reply(200, body) if arrived.path == "/spec/api.json" else Reply()


async def from_web(server: Recorder, **options: Any) -> str:
    """List and call the one tool of a document on the web; return the path that was called."""
    async with open_source("api", {"url": f"{server.url}/spec/api.json", **options}) as source:
        (tool,) = await source.list_tools()
        await source.call_tool(tool.id.name, {})
        return server.last.path


@pytest.mark.parametrize(
    ("servers", "path"),
    [
        ([], "/good"),
        ([{"url": "/v3"}], "/v3/good"),
        ([{"url": "v3/"}], "/spec/v3/good"),
        ([{"url": "/{version}", "variables": {"version": {"default": "v9"}}}], "/v9/good"),
    ],
)
async def test_a_server_is_relative_to_the_address_of_its_document(servers: Any, path: str) -> None:
    with recording() as server:
        serving(server, small(GOOD, servers=servers))
        assert await from_web(server) == path


async def test_a_document_from_the_web_sends_calls_elsewhere_only_if_the_owner_says_so() -> None:
    with recording() as server, recording() as api:
        serving(server, small(GOOD, servers=[{"url": f"{api.url}/v1"}]))
        with pytest.raises(
            Unavailable, match=f"it is from {server.url} and sends calls to {api.url}/v1; .* set base_url"
        ):
            await from_web(server)
        assert api.requests == []
        options = {"base_url": f"{api.url}/v1", "headers": {"Authorization": "Bearer s3cret"}}
        await from_web(server, **options)
        assert api.last.path == "/v1/good"
        assert api.last.header("authorization") == "Bearer s3cret"
        assert {arrived.header("authorization") for arrived in server.requests} == {None}


async def test_a_document_is_not_fetched_from_where_another_host_points_to() -> None:
    with recording() as server, recording() as other:
        server.answer = lambda _: Reply(302, b"", None, {"Location": f"{other.url}/api.json"})
        with pytest.raises(Unavailable, match="was answered 302"):
            await from_web(server)
        assert other.requests == []


async def test_a_changed_file_is_noticed_and_a_broken_edit_keeps_the_tools(tmp_path: Path) -> None:
    async with staged(tmp_path, small(GOOD)) as stage:
        file = tmp_path / "api.json"
        file.write_text('{"openapi": "3.1.0", "pa', encoding="utf-8")
        await stage.source.wait_changed()
        assert [tool.id.name for tool in await stage.source.list_tools()] == ["good"]
        assert "line 1, column" in stage.source.problems[0]
        assert "last good state" in stage.source.problems[0]
        file.write_text(json.dumps(small({"/new": {"get": operation(operationId="new")}})), encoding="utf-8")
        await stage.source.wait_changed()
        assert [tool.id.name for tool in await stage.source.list_tools()] == ["new"]
        assert stage.source.problems == []


async def test_a_changed_document_on_the_web_is_noticed() -> None:
    with recording() as server:
        serving(server, small(GOOD))
        async with open_source("api", {"url": f"{server.url}/spec/api.json", "refresh_seconds": 0.05}) as source:
            await source.list_tools()
            serving(server, small({"/new": {"get": operation(operationId="new")}}))
            await source.wait_changed()
            assert [tool.id.name for tool in await source.list_tools()] == ["new"]


async def test_yaml_may_begin_with_a_brace(tmp_path: Path) -> None:
    text = "{openapi: 3.1.0, paths: {/good: {get: {operationId: good}}}}"
    async with staged(tmp_path, text) as stage:
        assert list(stage.tools) == ["good"]


async def test_yaml_says_the_same_as_json(tmp_path: Path) -> None:
    """Numbers as keys, dates and words of other YAML versions mean what their author meant."""
    text = (
        "openapi: 3.1.0\npaths:\n  /a:\n    get:\n      operationId: a\n      parameters:\n"
        "      - &p {name: p, in: query, schema: {enum: [2022-11-28, no, on, 0o17, 1.5, ~]}}\n"
        "      - <<: *p\n        name: q\n      responses:\n        200: {description: Fine.}\n"
    )
    async with staged(tmp_path, text) as stage:
        properties = stage.tools["a"].input_schema["properties"]
    assert properties["p"]["enum"] == ["2022-11-28", "no", "on", 15, 1.5, None]
    assert properties["q"] == properties["p"]


def test_names_and_schemas_do_not_depend_on_the_run(tmp_path: Path) -> None:
    content = json.dumps(document("discord.json")).encode()
    options = OpenApiOptions(path=tmp_path, base_url="https://api.example.com")
    first, second = (build("api", content, options, "api.json") for _ in range(2))
    assert [tool.digest for tool in first.tools] == [tool.digest for tool in second.tools]


MANGLES: list[Any] = [
    None,
    [],
    {},
    "",
    5,
    True,
    {"$ref": "#/nope"},
    {"$ref": "#"},
    {"$ref": 5},
    [[]],
    -1,
    {"type": ["object", 5]},
]


@settings(max_examples=40)
@given(st.lists(st.tuples(st.integers(0, 10_000), st.sampled_from(MANGLES)), min_size=1, max_size=60))
def test_whatever_is_wrong_inside_a_document_the_tools_that_are_left_are_sound(edits: list[tuple[int, Any]]) -> None:
    """Parts of a real specification are replaced by what does not belong there."""
    mangled = json.loads(json.dumps(document("petstore.yaml")))
    for number, value in edits:
        places = list(_places(mangled))
        if places:
            holder, key = places[number % len(places)]
            holder[key] = json.loads(json.dumps(value))
    options = OpenApiOptions(path=Path("api.json"), base_url="https://api.example.com")
    try:
        built = build("api", json.dumps(mangled).encode(), options, "api.json")
    except BadDocument:
        return
    for tool in built.tools:
        check(tool.input_schema)
        check(tool.definition.get("outputSchema", {}))


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Yield each part of a document as what holds it and its key."""
    if is_object(value):
        for key, item in value.items():
            yield value, key
            yield from _places(item)
    elif is_array(value):
        for index, item in enumerate(value):
            yield value, index
            yield from _places(item)
