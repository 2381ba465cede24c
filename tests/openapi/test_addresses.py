"""Whatever the value of a parameter: a request goes to the API, below its base path, to the operation's path."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mcp_toolweaver.core.errors import InvalidArguments
from tests.openapi.specs import operation, parameter, small
from tests.openapi.stage import Blocking, blocking

ANYTHING = {"type": ["string", "array", "object", "number", "boolean"]}
PATHS = {
    "/plain/{a}/end": {"get": operation(parameter("a", "path", ANYTHING), operationId="plain")},
    "/two/{a}.{b}/x{b}": {
        "get": operation(parameter("a", "path", ANYTHING), parameter("b", "path", ANYTHING), operationId="two")
    },
    "/label/{a}": {
        "get": operation(parameter("a", "path", ANYTHING, style="label", explode=True), operationId="label")
    },
    "/matrix/{a}": {"get": operation(parameter("a", "path", ANYTHING, style="matrix"), operationId="matrix")},
    "/deep/{a}": {"get": operation(parameter("a", "path", ANYTHING, **{"x-multi-segment": True}), operationId="deep")},
    "/elsewhere": {
        "post": operation(
            parameter("q", "query", ANYTHING),
            parameter("d", "query", ANYTHING, style="deepObject"),
            parameter("X-H", "header", ANYTHING),
            parameter("c", "cookie", ANYTHING),
            operationId="elsewhere",
        )
    },
}
TEMPLATES = {operation["operationId"]: path for path, item in PATHS.items() for operation in item.values()}

HOSTILE = [
    "",
    ".",
    "..",
    "../..",
    "..\\..",
    "a/b",
    "/etc/passwd",
    "//evil.example",
    "%2e%2e",
    "%2e%2e%2f",
    "..%2f",
    "%252e%252e",
    "..;",
    "..;/x",
    "a\nb",
    "a\r\nHost: evil",
    "\0",
    "a?b=c",
    "a#b",
    "@evil.example",
    "evil.example:80",
    " .. ",
    "%",
    "%zz",
    "http://evil.example/",
    "\\\\evil",
    "%5c..%5c",
    "a%00b",
    "\u2028",
    "é",
    "💥",
    "\ud800",
    "a,b",
    ";x=1",
    "%c0%ae",
    "\uff0e\uff0e",
]

texts = st.one_of(
    st.sampled_from(HOSTILE), st.text(max_size=8), st.text(alphabet="./\\%2eEfF5cC;@:?#&=+ \r\n", max_size=10)
)
scalars = st.one_of(texts, st.integers(), st.booleans(), st.floats(), st.none())
values = st.one_of(
    scalars,
    st.lists(scalars, max_size=3),
    st.dictionaries(texts, scalars, max_size=3),
    st.lists(st.lists(texts, max_size=2), max_size=2),
)


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Generator[Blocking]:
    with blocking(tmp_path_factory.mktemp("api"), small(PATHS), base="/base/v1") as opened:
        yield opened


def sent(stage: Blocking, name: str, arguments: dict[str, Any]) -> bool:
    """Call, and return whether something was sent; check that it went where it should."""
    before = len(stage.server.requests)
    try:
        stage.call(name, arguments)
    except InvalidArguments:
        assert len(stage.server.requests) == before
        return False
    assert len(stage.server.requests) == before + 1
    assert_at(stage, TEMPLATES[name])
    return True


def assert_at(stage: Blocking, template: str) -> None:
    """Check that the last request is for the path of the template, however often its segments are decoded."""
    arrived = stage.server.last
    assert arrived.header("host") == stage.server.url.removeprefix("http://")
    assert arrived.path.startswith("/base/v1/")
    segments = arrived.path.removeprefix("/base/v1").split("/")
    wanted = template.split("/")
    assert len(segments) == len(wanted)
    for segment, fixed in zip(segments[1:], wanted[1:], strict=True):
        assert segment == fixed or "{" in fixed
        assert segment.isascii()
        assert unquote(unquote(unquote(segment))).split(";")[0].strip() not in {".", ".."}
        assert segment
        assert not set(segment) & set("?#\\ @")


@settings(max_examples=250)
@given(name=st.sampled_from(["plain", "label", "matrix", "deep"]), value=values)
def test_no_value_in_a_path_leads_out_of_it(stage: Blocking, name: str, value: Any) -> None:
    if sent(stage, name, {"a": value}) and name != "deep":
        assert "%2f" not in stage.server.last.path.lower().replace("%252f", "")


@settings(max_examples=100)
@given(a=values, b=values)
def test_no_two_values_in_one_segment_lead_out_of_it(stage: Blocking, a: Any, b: Any) -> None:
    sent(stage, "two", {"a": a, "b": b})


@settings(max_examples=150)
@given(arguments=st.dictionaries(st.sampled_from(["q", "d", "X-H", "c"]), values, max_size=4))
def test_no_value_elsewhere_adds_a_header_or_leads_away(stage: Blocking, arguments: dict[str, Any]) -> None:
    if sent(stage, "elsewhere", arguments):
        arrived = stage.server.last
        names = [name for name, _ in arrived.headers]
        assert len(names) == len(set(names))
        expected = {"host", "user-agent", "accept", "accept-encoding", "connection", "x-h", "cookie", "content-length"}
        assert set(names) <= expected
        assert arrived.target.isascii()
        assert "#" not in arrived.target
        assert arrived.target.count("?") <= 1


@pytest.mark.parametrize(
    "value", ["", ".", "..", "a/b", "a\\b", "a\nb", "%2e%2e", "%252e%252e%252f", "..;", None, [], {}, ["a", ".."]]
)
def test_a_value_that_is_no_name_in_a_path_is_refused_and_nothing_is_sent(stage: Blocking, value: Any) -> None:
    before = len(stage.server.requests)
    with pytest.raises(InvalidArguments, match="nothing was sent"):
        stage.call("plain", {"a": value})
    assert len(stage.server.requests) == before


@pytest.mark.parametrize(
    ("value", "path"),
    [
        ("a b", "a%20b"),
        ("a@b.example", "a%40b.example"),
        ("50%", "50%25"),
        ("a?b#c", "a%3Fb%23c"),
        (7, "7"),
        (True, "true"),
        (["x,y", "z"], "x%2Cy,z"),
        ("é", "%C3%A9"),
        ("...", "..."),
    ],
)
def test_any_other_value_arrives_as_one_segment(stage: Blocking, value: Any, path: str) -> None:
    stage.call("plain", {"a": value})
    assert stage.server.last.path == f"/base/v1/plain/{path}/end"


def test_a_parameter_that_the_document_says_has_slashes_sends_them_encoded(stage: Blocking) -> None:
    stage.call("deep", {"a": "src/main/app.py"})
    assert stage.server.last.path == "/base/v1/deep/src%2Fmain%2Fapp.py"
    for value in ("src/../secret", "/etc", "a//b", "a/", "a/%2e%2e/b"):
        with pytest.raises(InvalidArguments):
            stage.call("deep", {"a": value})


def test_a_path_that_leads_out_by_itself_is_left_out_with_its_place(tmp_path: Path) -> None:
    bad = [
        "/../admin",
        "/a/%2e%2e/b",
        "//evil.example/x",
        "/a?b=c",
        "/a#b",
        "/a\\b",
        "/{missing}",
        "/a//b",
        "no-slash",
        "/{a",
    ]
    with blocking(
        tmp_path, small({path: {"get": operation()} for path in bad} | {"/good": {"get": operation()}})
    ) as stage:
        assert list(stage.tools) == ["get_good"]
        problems = stage.problems
    assert len(problems) == len(bad)
    assert all("/get: left out: " in problem for problem in problems)
