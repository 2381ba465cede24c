"""What the meta-tools accept, and that the schema which hosts see says the same."""

import math
from collections.abc import Mapping
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from mcp_toolweaver.core.errors import InvalidArguments
from mcp_toolweaver.server.meta_tools import CALL, DETAILS, SEARCH, meta_tools
from mcp_toolweaver.server.requests import (
    LARGEST_LIMIT,
    LARGEST_MAX_TOKENS,
    CallArguments,
    DetailsArguments,
    ReadArguments,
    SearchArguments,
    parse,
    schema,
)

Model = type[SearchArguments] | type[DetailsArguments] | type[CallArguments] | type[ReadArguments]

FITTING: list[tuple[Model, dict[str, Any]]] = [
    (SearchArguments, {"query": "x"}),
    (SearchArguments, {"query": "x", "limit": 1}),
    (SearchArguments, {"query": "x", "limit": 50, "domain": "code"}),
    (SearchArguments, {"queries": ["x", "y"], "max_tokens": 300, "detail": "names"}),
    (DetailsArguments, {"names": ["a"]}),
    (DetailsArguments, {"names": [f"t{number}" for number in range(50)]}),
    (ReadArguments, {"key": "k"}),
    (ReadArguments, {"key": "k", "offset": 0, "limit": 1}),
    (CallArguments, {"name": "a"}),
    (CallArguments, {"name": "a", "arguments": {"b": [1, None]}, "server": "s"}),
]

UNFIT: list[tuple[Model, dict[str, Any], str]] = [
    (SearchArguments, {"query": 5}, "query"),
    (SearchArguments, {"queries": 5}, "queries"),
    (SearchArguments, {"queries": ["x", {"query": "y"}]}, "queries.1"),
    (SearchArguments, {"query": "x", "detail": "everything"}, "detail"),
    (SearchArguments, {"query": "x", "detail": 3}, "detail"),
    (SearchArguments, {"query": "x", "max_tokens": 0}, "max_tokens"),
    (SearchArguments, {"query": "x", "max_tokens": -200}, "max_tokens"),
    (SearchArguments, {"query": "x", "max_tokens": 200.5}, "max_tokens"),
    (SearchArguments, {"query": "x", "max_tokens": "few"}, "max_tokens"),
    (SearchArguments, {"query": "x", "max_tokens": [200]}, "max_tokens"),
    (SearchArguments, {"query": "x", "limit": 0}, "limit"),
    (SearchArguments, {"query": "x", "limit": -3}, "limit"),
    (SearchArguments, {"query": "x", "limit": 2.5}, "limit"),
    (SearchArguments, {"query": "x", "limit": "many"}, "limit"),
    (SearchArguments, {"query": "x", "domain": 5}, "domain"),
    (SearchArguments, {"query": "x", "qeury": "y"}, "qeury"),
    (DetailsArguments, {}, "names"),
    (DetailsArguments, {"names": []}, "names"),
    (DetailsArguments, {"names": [5]}, "names.0"),
    (DetailsArguments, {"names": ["a"] * 51}, "names"),
    (DetailsArguments, {"names": ["a"], "name": "b"}, "name"),
    (ReadArguments, {}, "key"),
    (ReadArguments, {"key": "k", "offset": -1}, "offset"),
    (ReadArguments, {"key": "k", "limit": 0}, "limit"),
    (CallArguments, {}, "name"),
    (CallArguments, {"arguments": {}}, "name"),
    (CallArguments, {"name": "a", "arguments": [1]}, "arguments"),
    (CallArguments, {"name": "a", "arguments": 5}, "arguments"),
    (CallArguments, {"name": "a", "server": 5}, "server"),
    (CallArguments, {"name": "a", "args": {}}, "args"),
]


def fits_published(model: Model, arguments: dict[str, Any]) -> bool:
    validator: Any = Draft202012Validator(schema(model))
    return bool(validator.is_valid(arguments))


@pytest.mark.parametrize("model", [SearchArguments, DetailsArguments, CallArguments, ReadArguments])
def test_the_published_schema_is_a_valid_schema_of_an_object(model: Model) -> None:
    published = schema(model)
    Draft202012Validator.check_schema(published)
    assert published["type"] == "object"
    assert published["additionalProperties"] is False
    assert list(published["properties"]) == list(model.model_fields)
    for field in published["properties"].values():
        assert field["description"]
        assert isinstance(field["type"], str)
        assert "title" not in field


@pytest.mark.parametrize(("model", "arguments"), FITTING)
def test_what_the_published_schema_accepts_is_accepted(model: Model, arguments: dict[str, Any]) -> None:
    assert fits_published(model, arguments)
    parsed = parse(model, "tool", arguments)
    assert parsed.model_dump(exclude_unset=True) == arguments


@pytest.mark.parametrize(("model", "arguments", "field"), UNFIT)
def test_what_the_published_schema_refuses_is_refused_by_its_field(
    model: Model, arguments: dict[str, Any], field: str
) -> None:
    assert not fits_published(model, arguments)
    with pytest.raises(InvalidArguments, match=rf"Wrong arguments for the_tool: .*\b{field}: ") as refused:
        parse(model, "the_tool", arguments)
    assert str(refused.value).endswith(f"It takes: {', '.join(model.model_fields)}.")
    assert "\n" not in str(refused.value)


def test_defaults_are_five_tools_of_any_domain_and_no_arguments() -> None:
    searching = parse(SearchArguments, SEARCH, {"query": "x"})
    assert (searching.limit, searching.domain) == (5, None)
    assert (searching.detail, searching.max_tokens) == ("signature", None)
    calling = parse(CallArguments, CALL, {"name": "a"})
    assert (calling.arguments, calling.server) == ({}, None)


@pytest.mark.parametrize("limit", [50, 51, 1_000, 10**30])
def test_a_limit_above_the_largest_is_the_largest(limit: int) -> None:
    assert parse(SearchArguments, SEARCH, {"query": "x", "limit": limit}).limit == LARGEST_LIMIT


@pytest.mark.parametrize("tokens", [10**9, 10**30])
def test_any_large_number_of_tokens_will_do(tokens: int) -> None:
    assert parse(SearchArguments, SEARCH, {"query": "x", "max_tokens": tokens}).max_tokens == LARGEST_MAX_TOKENS


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
def test_a_number_of_tokens_that_is_no_number_is_refused(number: float) -> None:
    with pytest.raises(InvalidArguments, match="max_tokens: Input should be a finite number"):
        parse(SearchArguments, SEARCH, {"query": "x", "max_tokens": number})


@pytest.mark.parametrize(
    "given",
    [
        {"queries": ["a", "b"]},
        {"queries": '["a", "b"]'},
        {"query": ["a", "b"]},
        {"query": ["a"], "queries": ["b"]},
        {"query": ["a"], "queries": "b"},
        {"query": None, "queries": ["a", "b"]},
    ],
)
def test_several_queries_are_taken_in_any_form(given: dict[str, Any]) -> None:
    asked = parse(SearchArguments, SEARCH, given)
    assert (asked.query, asked.queries) == (None, ["a", "b"])


@pytest.mark.parametrize("text", ["a", "[a", "[a] b", "{", ""])
def test_queries_of_one_text_are_one_query(text: str) -> None:
    assert parse(SearchArguments, SEARCH, {"queries": text}).queries == [text]


@pytest.mark.parametrize(("given", "meant"), [("Schema", "schema"), (" NAMES ", "names"), (None, "signature")])
def test_the_detail_may_be_written_in_any_case(given: Any, meant: str) -> None:
    assert parse(SearchArguments, SEARCH, {"query": "x", "detail": given}).detail == meant


def test_one_name_is_a_list_of_one() -> None:
    assert parse(DetailsArguments, DETAILS, {"names": "a__b"}).names == ["a__b"]


@pytest.mark.parametrize(
    ("arguments", "meant"),
    [
        ('{"a": 1, "b": ["ü"]}', {"a": 1, "b": ["ü"]}),
        ("{}", {}),
        ("", {}),
        (None, {}),
        ({"a": '{"not": "decoded"}'}, {"a": '{"not": "decoded"}'}),
    ],
)
def test_arguments_may_be_written_as_json_text(arguments: Any, meant: Mapping[str, Any]) -> None:
    assert parse(CallArguments, CALL, {"name": "t", "arguments": arguments}).arguments == meant


@pytest.mark.parametrize("text", ["no JSON", "[1]", "5", '"{}"', "[" * 100_000])
def test_text_that_is_no_json_object_is_refused(text: str) -> None:
    with pytest.raises(InvalidArguments, match=r"arguments: Input should be a valid dictionary") as refused:
        parse(CallArguments, CALL, {"name": "t", "arguments": text})
    assert len(str(refused.value)) < 1_000


def test_a_refusal_of_many_faults_stays_short() -> None:
    with pytest.raises(InvalidArguments) as refused:
        parse(SearchArguments, SEARCH, {f"wrong{number}": number for number in range(500)})
    assert len(str(refused.value)) < 1_000


def test_a_refusal_of_a_huge_key_stays_short() -> None:
    with pytest.raises(InvalidArguments) as refused:
        parse(SearchArguments, SEARCH, {"query": "x", "k" * 100_000: 1})
    assert len(str(refused.value)) < 1_000


def test_absent_optional_texts_may_be_null() -> None:
    assert parse(SearchArguments, SEARCH, {"query": "x", "domain": None}).domain is None
    assert parse(CallArguments, CALL, {"name": "a", "server": None}).server is None


def test_the_meta_tools_are_three_or_four_in_a_fixed_order_and_always_loaded() -> None:
    tools = meta_tools("Find tools.")
    assert [tool.name for tool in tools] == ["search_tools", "get_tool_details", "call_tool"]
    assert [tool.name for tool in meta_tools("", reads_results=True)] == [*(tool.name for tool in tools), "read_result"]
    assert tools[0].description == "Find tools."
    assert all(tool.meta == {"anthropic/alwaysLoad": True} for tool in tools)
    hints = [tool.annotations.read_only_hint if tool.annotations else None for tool in tools]
    assert hints == [True, True, None]
