"""A search answers the model with rows it can act on, and with what it could not see."""

import json
from typing import Any

import pytest

from mcp_toolweaver.core.errors import InvalidArguments
from mcp_toolweaver.core.query import SearchRequest
from mcp_toolweaver.core.status import SourceState
from mcp_toolweaver.server.search import reply, search_tools
from tests.unit.server.fixed_view import FixedSearcher, FixedView, result_of, status, tool, view

pytestmark = pytest.mark.anyio

SCHEMA = {"type": "object", "properties": {"title": {"type": "string"}}, "required": ["title"]}
CREATE = tool("github", "create_issue", description="Create an issue. More words.", inputSchema=SCHEMA, domain="code")
CLOSE = tool("github", "close_issue", description="Close an issue.", inputSchema=SCHEMA, domain="code")
NOTE = tool("files", "note", title="Take a note", is_callable=False)


async def degraded(catalog: FixedView, found: FixedSearcher, **arguments: Any) -> list[str]:
    notes: list[str] = (await search_tools(catalog, found, {"query": "create an issue", **arguments}))["degraded"]
    return notes


def test_a_reply_has_exactly_these_keys() -> None:
    answer = reply(result_of(CREATE, CLOSE, NOTE))
    assert list(answer) == ["tools", "confidence", "degraded", "hint"]
    first, second, third = answer["tools"]
    row = {"name", "server", "tool", "description", "signature", "score"}
    assert (set(first), set(second), set(third)) == (row | {"inputSchema"}, row, row | {"callable"})
    json.dumps(answer)


def test_a_row_says_how_to_call_the_tool() -> None:
    first = reply(result_of(CREATE))["tools"][0]
    assert first == {
        "name": "github__create_issue",
        "server": "github",
        "tool": "create_issue",
        "description": "Create an issue. More words.",
        "signature": "create_issue(title: string)",
        "score": 0.9,
        "inputSchema": SCHEMA,
    }


def test_a_tool_of_a_file_is_marked_and_a_title_stands_in_for_a_description() -> None:
    row = reply(result_of(CREATE, NOTE))["tools"][1]
    assert row["callable"] is False
    assert row["description"] == "Take a note"


def test_scores_are_rounded_and_descriptions_short() -> None:
    long = tool("s", "t", description="word " * 5_000)
    row = reply(result_of(CREATE, CREATE, CREATE, CREATE, long))["tools"][4]
    assert row["score"] == 0.5
    assert len(row["description"]) <= 240


def test_a_reply_without_tools_says_what_to_do() -> None:
    answer = reply(result_of(confidence="none"))
    assert answer["tools"] == []
    assert answer["confidence"] == "none"
    assert "No tool fits" in answer["hint"]
    assert "call_tool" in reply(result_of(CREATE))["hint"]


def test_what_was_skipped_and_the_notes_are_in_the_reply() -> None:
    answer = reply(result_of(CREATE, skipped=("the model is loading",)), ("a note",))
    assert answer["degraded"] == ["the model is loading", "a note"]


async def test_a_search_is_put_as_it_was_asked() -> None:
    searcher = FixedSearcher(result_of(CREATE))
    answer = await search_tools(view(CREATE), searcher, {"query": " issues ", "limit": 99, "domain": "CODE"})
    assert searcher.asked == [SearchRequest(" issues ", 50, "CODE")]
    assert answer == reply(result_of(CREATE))


@pytest.mark.parametrize("query", ["", "   ", "\n\t"])
async def test_an_empty_query_is_refused_with_an_example(query: str) -> None:
    searcher = FixedSearcher(result_of())
    with pytest.raises(InvalidArguments, match=r"query is empty.*for example"):
        await search_tools(view(CREATE), searcher, {"query": query})
    assert searcher.asked == []


async def test_wrong_arguments_are_not_searched_for() -> None:
    searcher = FixedSearcher(result_of())
    with pytest.raises(InvalidArguments, match="search_tools"):
        await search_tools(view(CREATE), searcher, {"query": "x", "top_k": 3})
    assert searcher.asked == []


@pytest.mark.parametrize("domain", ["code", "Code", "github", "GITHUB"])
async def test_a_domain_or_server_is_known_in_any_case(domain: str) -> None:
    searcher = FixedSearcher(result_of(CREATE))
    assert await degraded(view(CREATE), searcher, domain=domain) == []
    assert [request.domain for request in searcher.asked] == [domain]


async def test_an_unknown_domain_is_searched_for_everywhere_and_the_known_ones_are_named() -> None:
    searcher = FixedSearcher(result_of(CREATE))
    (note,) = await degraded(view(CREATE, NOTE), searcher, domain="finance")
    assert searcher.asked[0].domain is None
    assert "'finance'" in note
    assert note.endswith("domains: code, files, github")


async def test_only_some_of_many_known_domains_are_named() -> None:
    many = [tool(f"server{number:03}", "t") for number in range(100)]
    (note,) = await degraded(view(*many), FixedSearcher(result_of(many[0])), domain="finance")
    assert note.endswith("server019, ...")
    assert "server020" not in note


async def test_an_empty_domain_is_no_domain() -> None:
    searcher = FixedSearcher(result_of(CREATE))
    assert await degraded(view(CREATE), searcher, domain="") == []
    assert searcher.asked[0].domain is None


async def test_a_failed_server_that_was_meant_is_named_with_its_reason() -> None:
    statuses = [
        status("github", SourceState.FAILED, tools=3, reason="the token has expired"),
        status("jira", SourceState.FAILED, tools=3, reason="the port is closed"),
    ]
    catalog = view(CREATE, statuses=statuses)
    by_name = await degraded(catalog, FixedSearcher(result_of(CREATE)), query="an issue on GitHub")
    assert by_name == ["server github is not available: the token has expired"]
    by_domain = await degraded(catalog, FixedSearcher(result_of(CREATE)), domain="github")
    assert by_domain == ["server github is not available: the token has expired"]


async def test_a_failed_server_of_unknown_tools_is_named_unless_the_answer_is_sure() -> None:
    catalog = view(CREATE, statuses=[status("jira", SourceState.FAILED, reason="exit 1")])
    assert await degraded(catalog, FixedSearcher(result_of(CREATE, confidence="high"))) == []
    assert await degraded(catalog, FixedSearcher(result_of(CREATE, confidence="low"))) == [
        "server jira is not available: exit 1"
    ]


async def test_a_starting_server_of_unknown_tools_is_named() -> None:
    statuses = [
        status("new", SourceState.CONNECTING),
        status("known", SourceState.CONNECTING, tools=4),
        status("ready", SourceState.READY),
    ]
    notes = await degraded(view(CREATE, statuses=statuses), FixedSearcher(result_of(CREATE)))
    assert notes == ["server new is still starting; its tools cannot be found yet"]
