"""A search answers the model with rows it can act on, and with what it could not see."""

import json
from typing import Any

import pytest

from mcp_toolweaver.core.errors import InvalidArguments
from mcp_toolweaver.core.query import SearchRequest
from mcp_toolweaver.core.status import SourceState
from mcp_toolweaver.server.reply import reply
from mcp_toolweaver.server.search import search_tools
from mcp_toolweaver.server.why_not import WhyNot
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


def test_what_was_skipped_and_the_notes_are_in_the_reply() -> None:
    answer = reply(result_of(CREATE, skipped=("the model is loading",)), notes=("a note",))
    assert answer["degraded"] == ["the model is loading", "a note"]


def test_the_schema_stands_in_the_first_row_of_a_sure_answer_only() -> None:
    sure, unsure = (reply(result_of(CREATE, CLOSE, confidence=each)) for each in ("high", "low"))
    assert ["inputSchema" in row for row in sure["tools"]] == [True, False]
    assert ["inputSchema" in row for row in unsure["tools"]] == [False, False]


def test_a_schema_too_large_for_a_reply_is_left_to_the_details() -> None:
    properties = {f"p{number}": {"type": "string", "description": "what it is for"} for number in range(40)}
    large = tool("s", "t", inputSchema={"type": "object", "properties": properties})
    answer = reply(result_of(large))
    assert "inputSchema" not in answer["tools"][0]
    assert "get_tool_details" in answer["hint"]


def test_an_unsure_answer_says_that_no_row_is_a_sure_match() -> None:
    assert "sure match" in reply(result_of(CREATE, confidence="low"))["hint"]
    assert "sure match" not in reply(result_of(CREATE, confidence="high"))["hint"]


def test_a_reply_without_tools_says_what_to_do() -> None:
    why = WhyNot("nothing_fits", "None of 3 tools does this.", "Ask in other words.")
    answer = reply(result_of(confidence="none"), why=why)
    assert (answer["tools"], answer["confidence"]) == ([], "none")
    assert "No tool fits" in answer["hint"]
    assert answer["why"] == {
        "reason": "nothing_fits",
        "message": "None of 3 tools does this.",
        "next": "Ask in other words.",
    }
    assert "call_tool" in reply(result_of(CREATE))["hint"]


async def test_where_nothing_fits_there_are_no_rows_whatever_was_found() -> None:
    searcher = FixedSearcher(result_of(CREATE, CLOSE, confidence="none"))
    answer = await search_tools(view(CREATE, CLOSE), searcher, {"query": "sing a song"})
    assert answer["tools"] == []
    assert answer["why"]["reason"] == "nothing_fits"


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


@pytest.mark.parametrize("arguments", [{}, {"query": None}, {"queries": []}, {"queries": ["", " "]}, {"query": "\x00"}])
async def test_no_query_is_refused_as_an_empty_one(arguments: dict[str, Any]) -> None:
    with pytest.raises(InvalidArguments, match="query is empty"):
        await search_tools(view(CREATE), FixedSearcher(result_of()), arguments)


async def test_a_query_is_read_without_hidden_characters_and_up_to_a_length() -> None:
    searcher = FixedSearcher(result_of(CREATE))
    await search_tools(view(CREATE), searcher, {"query": "cre\u200bate\ud800 an\x07 issue"})
    await search_tools(view(CREATE), searcher, {"query": "x" * 100_000})
    assert [request.text for request in searcher.asked] == ["create an  issue", "x" * 4_000]


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


async def test_a_domain_like_the_unknown_one_is_named_first() -> None:
    catalog = view(CREATE, NOTE, tool("hub-files", "t"), tool("a", "t"))
    (note,) = await degraded(catalog, FixedSearcher(result_of(CREATE)), domain="hub")
    assert note.endswith("domains: github, hub-files, a, code, files")


async def test_a_huge_domain_is_not_repeated_whole() -> None:
    (note,) = await degraded(view(CREATE), FixedSearcher(result_of(CREATE)), domain="x" * 100_000)
    assert len(note) < 300


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


async def test_of_many_failed_servers_few_are_named_with_their_reason() -> None:
    statuses = [status(f"s{number}", SourceState.FAILED, reason="why " * 100) for number in range(50)]
    notes = await degraded(view(CREATE, statuses=statuses), FixedSearcher(result_of(CREATE, confidence="low")))
    assert len(notes) == 4
    assert all(note.startswith(f"server s{place} is not available: why") for place, note in enumerate(notes[:-1]))
    assert notes[-1].startswith("47 more servers are not available: s3, s4, ")
    assert notes[-1].endswith("s12, ...")


async def test_a_starting_server_of_unknown_tools_is_named() -> None:
    statuses = [
        status("new", SourceState.CONNECTING),
        status("known", SourceState.CONNECTING, tools=4),
        status("ready", SourceState.READY),
    ]
    notes = await degraded(view(CREATE, statuses=statuses), FixedSearcher(result_of(CREATE)))
    assert notes == ["server new is still starting; its tools cannot be found yet"]
