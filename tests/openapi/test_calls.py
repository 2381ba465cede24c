"""What an API answers, as the result of a tool; and who is told which credentials."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from mcp_toolweaver.core.errors import ConfigurationError, DeadlineExceeded, InvalidArguments, Unavailable, UnknownTool
from tests.openapi.judge import complaint
from tests.openapi.recorder import Recorder, Reply, recording
from tests.openapi.specs import operation, parameter, small
from tests.openapi.stage import staged

pytestmark = pytest.mark.anyio

OUTPUT = {"type": "object", "required": ["id"], "properties": {"id": {"type": "integer", "description": "Which."}}}
DESCRIBED = {"200": {"description": "Fine.", "content": {"application/json": {"schema": OUTPUT}}}}
PETS = small(
    {
        "/pets": {"get": operation(operationId="list"), "post": operation(operationId="add")},
        "/pets/{id}": {"get": operation(parameter("id", "path"), operationId="get", responses=DESCRIBED)},
    }
)


async def answered(folder: Path, reply: Reply, name: str = "list", **arguments: Any) -> dict[str, Any]:
    async with staged(folder, PETS) as stage:
        stage.server.answer = lambda _: reply
        return dict((await stage.call(name, **arguments)).payload)


async def test_an_object_is_structured_content_and_text(tmp_path: Path) -> None:
    payload = await answered(tmp_path, Reply(200, b'{"id": 7}', "application/vnd.api+json; charset=utf-8"))
    assert payload["structuredContent"] == {"id": 7}
    assert payload["content"] == [{"type": "text", "text": '{"id": 7}'}]
    assert payload["isError"] is False


async def test_json_that_is_no_object_is_wrapped_in_structured_content_only(tmp_path: Path) -> None:
    payload = await answered(tmp_path, Reply(200, b"[1, 2]"))
    assert payload["structuredContent"] == {"result": [1, 2]}
    assert payload["content"][0]["text"] == "[1, 2]"


@pytest.mark.parametrize(
    ("body", "kind", "block"),
    [
        (b"h\xe9", "text/plain; charset=latin-1", {"type": "text", "text": "hé"}),
        (b"{broken", "application/json", {"type": "text", "text": "{broken"}),
        (b'{"a": NaN}', "application/json", {"type": "text", "text": '{"a": NaN}'}),
        (
            b"\x89PNG",
            "image/png",
            {"type": "image", "data": base64.b64encode(b"\x89PNG").decode(), "mimeType": "image/png"},
        ),
        (b"RIFF", "audio/wav", {"type": "audio", "data": base64.b64encode(b"RIFF").decode(), "mimeType": "audio/wav"}),
        (b"<svg/>", "image/svg+xml", {"type": "text", "text": "<svg/>"}),
    ],
)
async def test_what_is_not_json_is_a_block_of_its_kind(tmp_path: Path, body: bytes, kind: str, block: Any) -> None:
    payload = await answered(tmp_path, Reply(200, body, kind))
    assert payload["content"] == [block]
    assert "structuredContent" not in payload


async def test_other_bytes_are_an_embedded_resource_whose_address_holds_no_query(tmp_path: Path) -> None:
    payload = await answered(tmp_path, Reply(200, b"%PDF\0\xff", "application/pdf"))
    (block,) = payload["content"]
    assert block["type"] == "resource"
    assert block["resource"]["mimeType"] == "application/pdf"
    assert base64.b64decode(block["resource"]["blob"]) == b"%PDF\0\xff"
    assert block["resource"]["uri"].endswith("/base/pets")


async def test_an_empty_answer_says_that_it_is_done(tmp_path: Path) -> None:
    payload = await answered(tmp_path, Reply(204, b"", None))
    assert payload["content"][0]["text"].startswith("204 No Content: done")


@pytest.mark.parametrize("body", [b'{"id": "wrong", "more": null}', b"[]", b"", b"plain"])
async def test_whatever_is_answered_meets_the_output_schema(tmp_path: Path, body: bytes) -> None:
    """A host takes structured content that breaks the schema, or none at all, for an error."""
    async with staged(tmp_path, PETS) as stage:
        schema = stage.tools["get"].definition["outputSchema"]
        assert schema["properties"]["id"] == {"description": "(integer) Which."}
        stage.server.answer = lambda _: Reply(200, body, "text/plain" if body == b"plain" else "application/json")
        result = await stage.call("get", id="7")
    assert complaint(schema, result.payload["structuredContent"]) is None


async def test_links_to_further_pages_and_limits_are_passed_on(tmp_path: Path) -> None:
    headers = {
        "Link": '<https://api.example.com/pets?page=2>; rel="next"',
        "X-RateLimit-Remaining": "9",
        "X-Other": "no",
    }
    payload = await answered(tmp_path, Reply(200, b"[]", headers=headers))
    assert payload["_meta"]["mcp-toolweaver/http"] == {
        "status": 200,
        "link": headers["Link"],
        "x-ratelimit-remaining": "9",
    }


@pytest.mark.parametrize(
    ("status", "headers", "told"),
    [
        (401, {}, "the owner sets them under auth or headers"),
        (404, {}, "Check the ids and names"),
        (422, {}, "Correct the arguments"),
        (429, {"Retry-After": "30"}, "Try again after 30 s"),
        (503, {"Retry-After": "Wed, 21 Oct 2026 07:28:00 GMT"}, "Try again at Wed, 21 Oct 2026 07:28:00 GMT"),
        (500, {}, "Whether the call took effect is unknown"),
    ],
)
async def test_a_refusal_says_the_status_what_was_said_and_what_to_do(
    tmp_path: Path, status: int, headers: dict[str, str], told: str
) -> None:
    payload = await answered(tmp_path, Reply(status, b'{"message": "No."}', headers=headers))
    assert payload["isError"] is True
    text = payload["content"][0]["text"]
    assert text.startswith(f"GET /pets was answered {status} ")
    assert '{"message": "No."}' in text
    assert told in text
    assert payload["_meta"]["mcp-toolweaver/http"]["status"] == status


async def test_only_the_beginning_of_a_long_refusal_is_told(tmp_path: Path) -> None:
    payload = await answered(tmp_path, Reply(500, b"x" * 50_000, "text/plain"))
    assert len(payload["content"][0]["text"]) < 3_000


async def test_an_answer_that_is_too_large_is_an_error_that_says_so(tmp_path: Path) -> None:
    async with staged(tmp_path, PETS, max_response_bytes=2_000) as stage:
        stage.server.answer = lambda _: Reply(200, b" " * 2_001)
        result = await stage.call("list")
    assert result.is_error
    assert "more than 2000 bytes" in result.payload["content"][0]["text"]
    assert "max_response_bytes" in result.payload["content"][0]["text"]


async def test_an_answer_that_does_not_come_in_time_is_given_up(tmp_path: Path) -> None:
    released = Event()
    async with staged(tmp_path, PETS, call_timeout=0.2) as stage:
        stage.server.answer = lambda _: (released.wait(60), Reply())[1]
        with pytest.raises(DeadlineExceeded, match="whether the call took effect is unknown"):
            await stage.call("list")
        released.set()


async def test_an_api_that_is_not_there_says_that_nothing_was_sent(tmp_path: Path) -> None:
    async with staged(tmp_path, PETS) as stage:
        pass
    with recording() as other:
        gone = other.url
    async with staged(tmp_path, PETS, base_url=gone) as stage:
        with pytest.raises(Unavailable, match="nothing was sent"):
            await stage.call("list")
        with pytest.raises(UnknownTool):
            await stage.call("no_such_tool")


# --- redirects -----------------------------------------------------------------------------------


def redirecting(server: Recorder, location: str, status: int = 302) -> None:
    """Answer /base/pets with a redirect, everything else with an object."""
    server.answer = lambda arrived: (
        Reply(status, b"", None, {"Location": location}) if arrived.path == "/base/pets" else Reply()
    )


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_below_the_base_is_followed(tmp_path: Path, status: int) -> None:
    async with staged(tmp_path, PETS, headers={"Authorization": "Bearer s3cret"}) as stage:
        redirecting(stage.server, "/base/moved?a=1", status)
        result = await stage.call("list")
        assert not result.is_error
        assert stage.server.last.target == "/base/moved?a=1"
        assert stage.server.last.header("authorization") == "Bearer s3cret"


@pytest.mark.parametrize(
    "location",
    [
        "/elsewhere",
        "/base/../admin",
        "/basement",
        "//127.0.0.2/base/x",
        "https://127.0.0.1/base/x",
        "/base/%2e%2e/admin",
        "http://[bad",
        "/base/..%2fadmin",
    ],
)
async def test_any_other_redirect_is_told_and_not_followed(tmp_path: Path, location: str) -> None:
    async with staged(tmp_path, PETS) as stage:
        redirecting(stage.server, location)
        result = await stage.call("list")
        assert len(stage.server.requests) == 1
    assert result.is_error
    assert location in result.payload["content"][0]["text"]
    assert "was not followed" in result.payload["content"][0]["text"]


async def test_a_redirect_to_another_port_gets_no_request_and_no_credentials(tmp_path: Path) -> None:
    with recording() as other:
        async with staged(tmp_path, PETS, headers={"Authorization": "Bearer s3cret"}) as stage:
            redirecting(stage.server, f"{other.url}/base/pets")
            assert (await stage.call("list")).is_error
        assert other.requests == []


async def test_redirects_in_a_circle_end(tmp_path: Path) -> None:
    async with staged(tmp_path, PETS) as stage:
        redirecting(stage.server, "/base/pets")
        assert (await stage.call("list")).is_error
        assert len(stage.server.requests) == 6


async def test_what_changes_something_is_not_repeated_by_a_redirect_that_does_not_ask_for_it(tmp_path: Path) -> None:
    async with staged(tmp_path, PETS) as stage:
        redirecting(stage.server, "/base/moved", 302)
        assert (await stage.call("add")).is_error
        assert [arrived.method for arrived in stage.server.requests] == ["POST"]
        redirecting(stage.server, "/base/moved", 303)
        assert not (await stage.call("add")).is_error
        assert [arrived.method for arrived in stage.server.requests] == ["POST", "POST", "GET"]


# --- credentials ---------------------------------------------------------------------------------

SCHEMES: dict[str, Any] = {
    "bearer": {"type": "http", "scheme": "bearer"},
    "basic": {"type": "http", "scheme": "basic"},
    "header": {"type": "apiKey", "in": "header", "name": "X-Key"},
    "query": {"type": "apiKey", "in": "query", "name": "key"},
    "cookie": {"type": "apiKey", "in": "cookie", "name": "session"},
    "oauth": {"type": "oauth2", "flows": {}},
}
SECURED = small(
    {
        **{f"/{name}": {"get": operation(operationId=name, security=[{name: []}])} for name in SCHEMES},
        "/both": {"get": operation(operationId="both", security=[{"bearer": [], "query": []}])},
        "/either": {"get": operation(operationId="either", security=[{"oauth": []}, {"cookie": []}])},
        "/open": {"get": operation(operationId="open", security=[])},
    },
    components={"securitySchemes": SCHEMES},
    security=[{"header": []}],
)
AUTH: dict[str, Any] = {
    "bearer": {"token": "t0ken-of-bearer"},
    "basic": {"username": "me", "password": "pa:ss"},
    "header": "k3y-of-header",
    "query": {"value": "k3y&of=query"},
    "cookie": {"value": "c00kie"},
}


@pytest.mark.parametrize(
    ("name", "header", "value"),
    [
        ("bearer", "authorization", "Bearer t0ken-of-bearer"),
        ("basic", "authorization", "Basic " + base64.b64encode(b"me:pa:ss").decode()),
        ("header", "x-key", "k3y-of-header"),
        ("cookie", "cookie", "session=c00kie"),
        ("either", "cookie", "session=c00kie"),
    ],
)
async def test_credentials_go_where_their_scheme_says(tmp_path: Path, name: str, header: str, value: str) -> None:
    async with staged(tmp_path, SECURED, auth=AUTH) as stage:
        await stage.call(name)
        assert stage.server.last.header(header) == value
        await stage.call("query")
        assert stage.server.last.query == "key=k3y%26of%3Dquery"
        await stage.call("both")
        assert (stage.server.last.query, stage.server.last.header("authorization")) == (
            "key=k3y%26of%3Dquery",
            "Bearer t0ken-of-bearer",
        )
        await stage.call("open")
        assert [stage.server.last.header(one) for one in ("authorization", "x-key", "cookie")] == [None] * 3


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("oauth", 'auth.oauth = { token = "..." }'),
        ("basic", 'auth.basic = { username = "...", password = "..." }'),
        ("query", 'auth.query = { value = "..." }'),
    ],
)
async def test_a_refusal_for_want_of_credentials_names_the_setting(tmp_path: Path, name: str, told: str) -> None:
    async with staged(tmp_path, SECURED) as stage:
        stage.server.answer = lambda _: Reply(401, b"", None)
        result = await stage.call(name)
    assert told in result.payload["content"][0]["text"]


async def test_secrets_that_an_api_repeats_are_not_passed_on(tmp_path: Path) -> None:
    async with staged(tmp_path, SECURED, auth=AUTH) as stage:
        stage.server.answer = lambda arrived: Reply(403, json.dumps(dict(arrived.headers)).encode())
        result = await stage.call("bearer")
    assert "t0ken-of-bearer" not in json.dumps(result.payload)
    assert "were refused" in result.payload["content"][0]["text"]


async def test_what_the_owner_set_is_no_argument(tmp_path: Path) -> None:
    document = small(
        {
            "/a": {
                "get": operation(
                    *(
                        parameter(name, "header")
                        for name in ("X-Key", "X-Tenant", "X-Mine", "Authorization", "Host", "Cookie")
                    ),
                    *(
                        parameter(name, "header")
                        for name in ("Content-Length", "Transfer-Encoding", "Proxy-Authorization")
                    ),
                    parameter("key"),
                    operationId="a",
                    security=[{"header": []}],
                )
            }
        },
        components={"securitySchemes": SCHEMES},
    )
    async with staged(tmp_path, document, auth=AUTH, headers={"x-tenant": "ours"}) as stage:
        assert set(stage.tools["a"].input_schema["properties"]) == {"X-Mine"}
        await stage.call("a", **{"X-Mine": "1"})
        assert stage.server.last.header("x-tenant") == "ours"
        with pytest.raises(InvalidArguments, match="has no 'X-Tenant'"):
            await stage.call("a", **{"X-Tenant": "theirs"})


async def test_cookies_that_an_api_sets_are_not_kept_for_the_next_caller(tmp_path: Path) -> None:
    async with staged(tmp_path, PETS) as stage:
        stage.server.answer = lambda _: Reply(headers={"Set-Cookie": "session=of-the-first; Path=/"})
        await stage.call("list")
        await stage.call("list")
        assert stage.server.last.header("cookie") is None


async def test_auth_for_a_scheme_that_is_not_there_is_told(tmp_path: Path) -> None:
    async with staged(tmp_path, SECURED, auth={"berer": {"token": "t0ken-of-bearer"}}) as stage:
        (problem,) = stage.source.problems
    assert "auth.berer" in problem
    assert "bearer, basic" in problem
    assert "t0ken" not in problem


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"path": None}, "path (a file) or url"),
        ({"url": "https://example.com/a.json"}, "path (a file) or url"),
        ({"pth": "x"}, "pth"),
        ({"base_url": "ftp://example.com"}, "base_url: 'ftp://example.com' is not a web address"),
        ({"base_url": "https://me:s3cret@example.com"}, "base_url: a base address has no user"),
        ({"base_url": "https://example.com/a/../b"}, "dotted segments"),
        ({"headers": {"X": "s3cret\r\nHost: evil"}}, "headers: the value of 'X' has a line break"),
        ({"headers": {"Host": "s3cret"}}, "headers: 'Host' is not a header that can be set"),
        ({"auth": {"a": {"tokn": "s3cret"}}}, "auth.a.tokn"),
        ({"call_timeout": 0}, "call_timeout"),
    ],
)
async def test_an_option_that_is_wrong_is_named_and_no_secret_with_it(
    tmp_path: Path, options: dict[str, Any], told: str
) -> None:
    with pytest.raises(ConfigurationError) as raised:
        async with staged(tmp_path, PETS, **options):
            pass
    assert told in str(raised.value)
    assert "s3cret" not in str(raised.value)
