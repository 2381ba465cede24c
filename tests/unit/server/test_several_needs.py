"""Several needs in one call: answered at once, need by need, each tool described once."""

from typing import Any

import anyio
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcp_toolweaver.core.errors import InvalidArguments, Unavailable
from mcp_toolweaver.core.query import Confidence, Hit, SearchRequest, SearchResult
from mcp_toolweaver.server.needs import Need, reply_by_need
from mcp_toolweaver.server.search import search_tools
from mcp_toolweaver.server.wanted import Wanted
from mcp_toolweaver.text.tokens import cost
from tests.unit.server.fixed_view import tool, view

pytestmark = pytest.mark.anyio

TOOLS = [tool(f"s{number}", f"do_{number}", description=f"Does thing {number}.") for number in range(12)]
CATALOG = view(*TOOLS)


def found(*numbers: int, confidence: Confidence = "high") -> SearchResult:
    hits = tuple(Hit(TOOLS[number], 0.9 - 0.1 * place) for place, number in enumerate(numbers))
    return SearchResult(hits, confidence, "hybrid")


class ByText:
    """Answers each text as it was told, once all that are expected have been asked."""

    def __init__(self, answers: dict[str, SearchResult | Exception], together: int = 1) -> None:
        self.answers = answers
        self.asked: list[SearchRequest] = []
        self._together = together
        self._all = anyio.Event()

    async def search(self, request: SearchRequest) -> SearchResult:
        self.asked.append(request)
        if len(self.asked) == self._together:
            self._all.set()
        await self._all.wait()
        answer = self.answers[request.text]
        if isinstance(answer, Exception):
            raise answer
        return answer


async def search(searcher: ByText, **arguments: Any) -> dict[str, Any]:
    with anyio.fail_after(5):
        return await search_tools(CATALOG, searcher, arguments)


async def test_each_need_names_its_tools_and_each_tool_has_one_row() -> None:
    searcher = ByText({"a": found(1, 2), "b": found(2, 3, confidence="low")})
    reply = await search(searcher, queries=["a", "b"])
    assert list(reply) == ["needs", "tools", "confidence", "degraded", "hint"]
    assert reply["needs"] == [
        {"query": "a", "confidence": "high", "tools": ["s1__do_1", "s2__do_2"]},
        {"query": "b", "confidence": "low", "tools": ["s2__do_2", "s3__do_3"]},
    ]
    assert [row["name"] for row in reply["tools"]] == ["s1__do_1", "s2__do_2", "s3__do_3"]
    assert {"name", "server", "tool", "description", "signature", "score"} == set(reply["tools"][0])


async def test_all_are_searched_for_at_the_same_time() -> None:
    searcher = ByText({text: found(1) for text in "abcde"}, together=5)
    assert len((await search(searcher, queries=list("abcde")))["needs"]) == 5


async def test_limit_and_domain_hold_for_each() -> None:
    searcher = ByText({"a": found(1), "b": found(2)})
    await search(searcher, queries=["a", "b"], limit=3, domain="s1")
    assert sorted(searcher.asked, key=lambda request: request.text) == [
        SearchRequest("a", 3, "s1"),
        SearchRequest("b", 3, "s1"),
    ]


async def test_the_same_need_is_answered_once() -> None:
    searcher = ByText({"Create an issue": found(1), "b": found(2)})
    reply = await search(searcher, query="Create an issue", queries=[" create  an ISSUE", "b", "", "b"])
    assert [need["query"] for need in reply["needs"]] == ["Create an issue", "b"]


async def test_one_of_queries_is_answered_in_the_same_shape() -> None:
    reply = await search(ByText({"a": found(1)}), queries="a")
    assert [need["tools"] for need in reply["needs"]] == [["s1__do_1"]]


async def test_more_than_ten_are_cut_with_a_note() -> None:
    searcher = ByText({f"need {number}": found(1) for number in range(40)})
    reply = await search(searcher, queries=[f"need {number}" for number in range(40)])
    assert len(reply["needs"]) == len(searcher.asked) == 10
    assert "first 10 of 40" in reply["degraded"][0]


async def test_a_need_that_nothing_serves_says_why_beside_the_others() -> None:
    reply = await search(ByText({"a": found(1), "b": found(2, confidence="none")}), queries=["a", "b"])
    served, unserved = reply["needs"]
    assert "why" not in served
    assert unserved["tools"] == []
    assert unserved["why"]["reason"] == "nothing_fits"
    assert [row["name"] for row in reply["tools"]] == ["s1__do_1"]


@pytest.mark.parametrize(
    ("first", "second", "together"), [("high", "high", "high"), ("high", "none", "low"), ("none", "none", "none")]
)
async def test_the_whole_is_as_sure_as_its_parts(first: Confidence, second: Confidence, together: str) -> None:
    searcher = ByText({"a": found(1, confidence=first), "b": found(2, confidence=second)})
    assert (await search(searcher, queries=["a", "b"]))["confidence"] == together


async def test_a_search_that_fails_fails_the_call_as_itself() -> None:
    searcher = ByText({"a": found(1), "b": Unavailable("search", "away")})
    with pytest.raises(Unavailable, match="search: away"):
        await search(searcher, queries=["a", "b"])


async def test_wrong_queries_are_refused() -> None:
    with pytest.raises(InvalidArguments, match=r"queries\.0"):
        await search(ByText({}), queries=[["a"]])


async def test_the_first_of_each_need_is_described_before_the_second_of_any() -> None:
    answers = {text: found(*range(4 * place, 4 * place + 4)) for place, text in enumerate("abc")}
    reply = await search(ByText(dict(answers)), queries=list("abc"), max_tokens=480)
    names = [row["name"] for row in reply["tools"]]
    assert names[:3] == ["s0__do_0", "s4__do_4", "s8__do_8"]
    assert len(names) < 12
    assert all(len(need["tools"]) == 4 for need in reply["needs"])


NUMBERS = st.lists(st.integers(0, 11), max_size=6, unique=True)


def needs_of(lists: list[list[int]]) -> list[Need]:
    return [Need(f"the need number {place}", found(*numbers)) for place, numbers in enumerate(lists)]


def told(needs: list[Need], tokens: int) -> set[str]:
    reply = reply_by_need(needs, Wanted(max_tokens=tokens, needs=len(needs)))
    return {name for entry in reply["needs"] for name in entry["tools"]}


@given(st.lists(NUMBERS, min_size=1, max_size=10), st.integers(100, 2_000))
def test_a_reply_is_never_longer_than_asked_but_for_the_needs_themselves(lists: list[list[int]], tokens: int) -> None:
    needs = needs_of(lists)
    reply = reply_by_need(needs, Wanted(max_tokens=tokens, needs=len(needs)))
    assert cost(reply) <= max(tokens, 60 + 25 * len(needs))
    every = {hit.tool.id for need in needs for hit in need.result.hits}
    assert len(told(needs, tokens)) + reply.get("left_out", 0) == len(every)


@given(st.lists(NUMBERS, min_size=1, max_size=10), st.integers(100, 1_500), st.integers(0, 500))
def test_a_longer_reply_never_loses_a_tool(lists: list[list[int]], tokens: int, more: int) -> None:
    needs = needs_of(lists)
    assert told(needs, tokens) <= told(needs, tokens + more)


async def test_a_tool_of_two_needs_is_shown_from_where_it_ranks_best() -> None:
    """Scores of two results say nothing of each other, so the larger one does not count."""
    second = SearchResult((Hit(TOOLS[2], 0.99), Hit(TOOLS[1], 0.98)), "high", "hybrid")
    reply = await search(
        ByText({"a": SearchResult((Hit(TOOLS[1], 0.4),), "high", "hybrid"), "b": second}), queries=["a", "b"]
    )
    assert {row["name"]: row["score"] for row in reply["tools"]} == {"s1__do_1": 0.4, "s2__do_2": 0.99}
