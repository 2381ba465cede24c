"""Parameters and bodies as one schema of arguments, and each argument back in its place."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from mcp_toolweaver.core.errors import InvalidArguments
from tests.openapi.judge import check, complaint
from tests.openapi.specs import operation, parameter, small
from tests.openapi.stage import staged

pytestmark = pytest.mark.anyio

LIST = {"type": "array", "items": {"type": "string"}}
OBJECT = {"type": "object"}
ANY: Any = {}
NOT_PLAIN: list[tuple[Any, Any]] = [
    ({"type": "array", "items": {"type": "integer"}}, [1, 2]),
    ({"oneOf": [{"type": "object", "properties": {"a": ANY}}, {"type": "object", "properties": {"b": ANY}}]}, {"a": 1}),
    ({"type": "object", "additionalProperties": {"type": "integer"}}, {"any": 1}),
    ({"type": "string"}, "text"),
    ({"type": "object", "properties": {"a": ANY}, "patternProperties": {"^x": ANY}}, {"x1": 1}),
]
RED: Any = {"R": 100, "G": "a,b"}


def one(
    *parameters: dict[str, Any], body: Any = None, kind: str = "application/json", path: str = "/a", **rest: Any
) -> Any:
    """Return a document with one operation, which is called ``a``."""
    described = {} if body is None else {"requestBody": {"required": True, "content": {kind: body}}}
    return small({path: {"post": operation(*parameters, operationId="a", **described)}}, **rest)


async def schema_of(folder: Path, document: Any) -> Any:
    async with staged(folder, document) as stage:
        schema = stage.tools["a"].input_schema
    check(schema)
    return schema


@pytest.mark.parametrize(
    ("style", "explode", "value", "path"),
    [
        ("simple", False, "blue", "blue"),
        ("simple", False, ["a b", "c,d"], "a%20b,c%2Cd"),
        ("simple", False, RED, "R,100,G,a%2Cb"),
        ("simple", True, RED, "R=100,G=a%2Cb"),
        ("label", False, "blue", ".blue"),
        ("label", True, ["a", "b"], ".a.b"),
        ("label", False, ["a", "b"], ".a,b"),
        ("label", True, RED, ".R=100.G=a%2Cb"),
        ("label", False, RED, ".R,100,G,a%2Cb"),
        ("matrix", False, "blue", ";p=blue"),
        ("matrix", True, ["a", "b"], ";p=a;p=b"),
        ("matrix", False, ["a", "b"], ";p=a,b"),
        ("matrix", True, RED, ";R=100;G=a%2Cb"),
        ("matrix", False, RED, ";p=R,100,G,a%2Cb"),
    ],
)
async def test_a_parameter_in_the_path_is_written_in_its_style(
    tmp_path: Path,
    style: str,
    explode: Any,
    value: Any,
    path: str,
) -> None:
    document = one(parameter("p", "path", {}, style=style, explode=explode), path="/a/{p}")
    async with staged(tmp_path, document) as stage:
        await stage.call("a", p=value)
        assert stage.server.last.path == f"/base/a/{path}"


@pytest.mark.parametrize(
    ("style", "explode", "value", "query"),
    [
        ("form", None, "a b&c", "p%5B%5D=a%20b%26c"),
        ("form", None, ["a", "b"], "p%5B%5D=a&p%5B%5D=b"),
        ("form", False, ["a", "b,c"], "p%5B%5D=a,b%2Cc"),
        ("form", True, RED, "R=100&G=a%2Cb"),
        ("form", False, RED, "p%5B%5D=R,100,G,a%2Cb"),
        ("spaceDelimited", False, ["a", "b"], "p%5B%5D=a%20b"),
        ("pipeDelimited", False, ["a", "b"], "p%5B%5D=a%7Cb"),
        ("form", None, None, ""),
        ("form", None, "", "p%5B%5D="),
        ("deepObject", True, {"a": 1, "b": {"c": "x&y"}}, "p%5B%5D%5Ba%5D=1&p%5B%5D%5Bb%5D%5Bc%5D=x%26y"),
    ],
)
async def test_a_parameter_in_the_query_is_written_in_its_style(
    tmp_path: Path,
    style: str,
    explode: Any,
    value: Any,
    query: str,
) -> None:
    told: dict[str, Any] = {} if explode is None else {"explode": explode}
    async with staged(tmp_path, one(parameter("p[]", schema={}, style=style, **told))) as stage:
        assert "(sent as p[] in the query)" in stage.tools["a"].input_schema["properties"]["p"]["description"]
        await stage.call("a", p=value)
        assert stage.server.last.query == query


async def test_headers_cookies_and_json_parameters_are_written_as_the_document_says(tmp_path: Path) -> None:
    as_json = {"name": "filter", "in": "query", "content": {"application/json": {"schema": OBJECT}}}
    document = one(
        parameter("X-L", "header", LIST),
        parameter("X-O", "header", OBJECT, explode=True),
        parameter("c", "cookie"),
        as_json,
    )
    async with staged(tmp_path, document) as stage:
        await stage.call("a", **{"X-L": ["a", "b c"], "X-O": RED, "c": "x; y=z", "filter": {"a": [1, "é"]}})
        arrived = stage.server.last
    assert (arrived.header("x-l"), arrived.header("x-o")) == ("a,b c", "R=100,G=a,b")
    assert arrived.header("cookie") == "c=x%3B%20y%3Dz"
    assert arrived.query == "filter=%7B%22a%22%3A%5B1%2C%22%C3%A9%22%5D%7D"


async def test_one_name_in_several_places_is_several_arguments(tmp_path: Path) -> None:
    body: Any = {
        "schema": {"type": "object", "required": ["id"], "properties": {"id": {"type": "integer"}, "name": {}}}
    }
    document = one(
        parameter("id", "query"), parameter("id", "path"), parameter("id", "header"), body=body, path="/a/{id}"
    )
    async with staged(tmp_path, document) as stage:
        schema = stage.tools["a"].input_schema
        assert set(schema["properties"]) == {"id", "query_id", "header_id", "body_id", "name"}
        assert schema["required"] == ["id", "body_id"]
        assert schema["additionalProperties"] is False
        await stage.call("a", id="p", query_id="q", header_id="h", body_id=1, name=None)
        arrived = stage.server.last
    assert (arrived.target, arrived.header("id")) == ("/base/a/p?id=q", "h")
    assert json.loads(arrived.body) == {"id": 1, "name": None}


async def test_an_operation_overrides_the_parameters_of_its_path(tmp_path: Path) -> None:
    item: Any = {
        "parameters": [parameter("q", schema={"type": "integer"}), parameter("r")],
        "post": operation(parameter("q"), operationId="a"),
    }
    schema = await schema_of(tmp_path, small({"/a": item}))
    assert {name: one["type"] for name, one in schema["properties"].items()} == {"q": "string", "r": "string"}


@pytest.mark.parametrize(("schema", "value"), NOT_PLAIN)
async def test_a_body_that_is_no_plain_object_is_one_argument(tmp_path: Path, schema: Any, value: Any) -> None:
    async with staged(tmp_path, one(body={"schema": schema})) as stage:
        assert set(stage.tools["a"].input_schema["properties"]) == {"body"}
        await stage.call("a", body=value)
        assert json.loads(stage.server.last.body) == value
        assert stage.server.last.header("content-type") == "application/json"


async def test_all_of_several_objects_is_one_object_and_alternatives_are_told(tmp_path: Path) -> None:
    schema: Any = {
        "allOf": [
            {"$ref": "#/components/schemas/Base"},
            {"type": "object", "required": ["b"], "properties": {"b": ANY, "c": ANY}},
        ],
        "anyOf": [{"required": ["a"]}, {"required": ["c"]}],
    }
    base = {
        "type": "object",
        "properties": {"a": {"type": "string"}, "id": {"type": "integer", "readOnly": True}},
        "required": ["id"],
    }
    found = await schema_of(tmp_path, one(body={"schema": schema}, components={"schemas": {"Base": base}}))
    assert set(found["properties"]) == {"a", "b", "c"}
    assert found["required"] == ["b"]
    assert found["description"] == "Give at least one of these: a; or c."
    assert "anyOf" not in found


async def test_unknown_arguments_are_refused_unless_the_body_takes_more(tmp_path: Path) -> None:
    properties = {"type": "object", "properties": {"a": {"type": "string"}}}
    async with staged(tmp_path, one(parameter("q"), body={"schema": properties})) as stage:
        with pytest.raises(InvalidArguments, match="has no 'b'; it takes: a, q"):
            await stage.call("a", b=1)
        assert stage.server.requests == []
    async with staged(
        tmp_path, one(parameter("q"), body={"schema": {**properties, "additionalProperties": True}})
    ) as stage:
        await stage.call("a", q="1", a="2", b=3)
        assert json.loads(stage.server.last.body) == {"a": "2", "b": 3}


async def test_a_form_is_written_as_its_encoding_says(tmp_path: Path) -> None:
    schema: Any = {
        "type": "object",
        "properties": {"a": {"type": "string"}, "l": LIST, "o": OBJECT, "d": OBJECT, "n": {"type": "integer"}},
    }
    body: Any = {"schema": schema, "encoding": {"d": {"style": "deepObject"}}}
    async with staged(tmp_path, one(body=body, kind="application/x-www-form-urlencoded")) as stage:
        await stage.call("a", a="x&y=z é", l=["1", "2"], o={"k": 1}, d={"k": {"m": "v"}}, n=7)
        arrived = stage.server.last
    assert arrived.header("content-type") == "application/x-www-form-urlencoded"
    assert arrived.body.decode() == "a=x%26y%3Dz%20%C3%A9&l=1&l=2&o=%7B%22k%22%3A1%7D&d%5Bk%5D%5Bm%5D=v&n=7"


async def test_a_multipart_form_has_texts_json_and_files(tmp_path: Path) -> None:
    schema: Any = {
        "type": "object",
        "properties": {"note": {"type": "string"}, "meta": OBJECT, "file": {"type": "string", "format": "binary"}},
    }
    async with staged(tmp_path, one(body={"schema": schema}, kind="multipart/form-data")) as stage:
        assert "base64" in stage.tools["a"].input_schema["properties"]["file"]["description"]
        await stage.call("a", note='a"\r\nb', meta={"k": 1}, file="aGkh")
        arrived = stage.server.last
        with pytest.raises(InvalidArguments, match="'file' is not base64"):
            await stage.call("a", file="hi!")
    boundary = (arrived.header("content-type") or "").split("boundary=")[1].encode()
    parts = [part.strip(b"\r\n").partition(b"\r\n\r\n") for part in arrived.body.split(b"--" + boundary)[1:-1]]
    assert [content for _, _, content in parts] == [b'a"\r\nb', b'{"k":1}', b"hi!"]
    assert b'name="note"' in parts[0][0]
    assert b"application/json" in parts[1][0]
    assert b'filename="file"' in parts[2][0]


@pytest.mark.parametrize(
    ("kind", "value", "sent"),
    [
        ("text/plain", "héllo", "héllo".encode()),
        ("application/xml", "<a/>", b"<a/>"),
        ("application/octet-stream", "aGkh", b"hi!"),
    ],
)
async def test_any_other_body_is_text_or_base64(tmp_path: Path, kind: str, value: str, sent: bytes) -> None:
    async with staged(tmp_path, one(body={"schema": {}}, kind=kind)) as stage:
        await stage.call("a", body=value)
        assert stage.server.last.body == sent
        assert (stage.server.last.header("content-type") or "").startswith(kind)


async def test_an_optional_body_is_left_away(tmp_path: Path) -> None:
    body: Any = {
        "content": {"application/json": {"schema": {"type": "object", "required": ["a"], "properties": {"a": {}}}}}
    }
    async with staged(tmp_path, small({"/a": {"post": operation(operationId="a", requestBody=body)}})) as stage:
        assert "required" not in stage.tools["a"].input_schema
        await stage.call("a")
        assert (stage.server.last.body, stage.server.last.header("content-type")) == (b"", None)


# --- schemas -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "made"),
    [
        ({"type": "string", "nullable": True, "enum": ["a"]}, {"type": ["string", "null"], "enum": ["a", None]}),
        (
            {"allOf": [{"type": "string"}], "nullable": True, "description": "D."},
            {"anyOf": [{"allOf": [{"type": "string"}]}, {"type": "null"}], "description": "D."},
        ),
        ({"type": "integer", "minimum": 1, "exclusiveMinimum": True}, {"type": "integer", "exclusiveMinimum": 1}),
        ({"type": "integer", "maximum": 9, "exclusiveMaximum": False}, {"type": "integer", "maximum": 9}),
        (
            {"type": "string", "example": "x", "default": "y", "format": "date"},
            {"type": "string", "examples": ["x"], "default": "y", "format": "date"},
        ),
        ({"type": "strin", "minLength": -1, "required": True, "enum": [], "pattern": 5, "x-own": 1, "xml": {}}, {}),
        ({"type": "array", "items": [{"type": "string"}]}, {"type": "array", "prefixItems": [{"type": "string"}]}),
        (
            {"$ref": "#/components/schemas/Text", "description": "Mine."},
            {"type": "string", "maxLength": 5, "description": "Mine."},
        ),
    ],
)
async def test_schemas_of_30_become_json_schema(tmp_path: Path, given: Any, made: Any) -> None:
    components = {"schemas": {"Text": {"type": "string", "maxLength": 5, "description": "Its own."}}}
    found = await schema_of(tmp_path, one(parameter("p", schema=given), version="3.0.3", components=components))
    assert found["properties"]["p"] == made


NODE = {
    "type": "object",
    "properties": {
        "name": {"type": "string"},
        "children": {"type": "array", "items": {"$ref": "#/components/schemas/Node"}},
    },
}


async def test_a_recursive_schema_becomes_a_definition(tmp_path: Path) -> None:
    body: Any = {"schema": {"type": "object", "properties": {"root": {"$ref": "#/components/schemas/Node"}}}}
    found = await schema_of(tmp_path, one(body=body, components={"schemas": {"Node": NODE}}))
    assert set(found["$defs"]) == {"Node"}
    assert complaint(found, {"root": {"children": [{"children": [{"name": "leaf"}]}]}}) is None
    assert complaint(found, {"root": {"children": [{"children": [{"name": 5}]}]}})


async def test_schemas_that_are_all_of_each_other_harm_nobody(tmp_path: Path) -> None:
    reference = {"$ref": "#/components/schemas/A"}
    components: Any = {"schemas": {"A": {"allOf": [{"$ref": "#/components/schemas/B"}]}, "B": {"allOf": [reference]}}}
    document = one(body={"schema": reference}, components=components)
    answers = {"200": {"description": "Fine.", "content": {"application/json": {"schema": reference}}}}
    document["paths"]["/a"]["post"]["responses"] = answers
    async with staged(tmp_path, document) as stage:
        assert set(stage.tools["a"].input_schema["properties"]) == {"body"}
        assert not (await stage.call("a", body={"x": 1})).is_error


async def test_schemas_that_would_be_huge_when_written_out_stay_references(tmp_path: Path) -> None:
    """Each level uses the next ten times: written out, a million schemas."""
    levels = {
        f"L{n}": {
            "type": "object",
            "properties": {f"p{m}": {"$ref": f"#/components/schemas/L{n + 1}"} for m in range(10)},
        }
        for n in range(6)
    }
    levels["L6"] = {"type": "object", "properties": {"leaf": {"type": "integer"}}}
    found = await schema_of(
        tmp_path, one(body={"schema": {"$ref": "#/components/schemas/L0"}}, components={"schemas": levels})
    )
    assert len(json.dumps(found)) < 10_000
    path = {"p1": {"p2": {"p3": {"p4": {"p5": {"leaf": 1}}}}}}
    assert complaint(found, {"p0": path}) is None
    assert complaint(found, {"p0": json.loads(json.dumps(path).replace("1}", '"x"}'))})
