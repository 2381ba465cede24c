"""The next searcher answers when one is away, and the answer says so."""

from dataclasses import replace

import pytest

from mcp_toolweaver.core.errors import DeadlineExceeded, InvalidRequest, Unavailable, Warming
from mcp_toolweaver.core.query import SearchRequest, SearchResult
from mcp_toolweaver.resilience.fallback import FallbackSearcher
from tests.fakes.searcher import FakeSearcher

pytestmark = pytest.mark.anyio

REQUEST = SearchRequest("read a file")
FULL = SearchResult((), "low", "hybrid")
WORDS = SearchResult((), "low", "lexical", skipped=("its own note",))
MODEL_AWAY = Unavailable("search by meaning", "loading")
INDEX_LATE = DeadlineExceeded("index", "no answer in 1 s")


async def test_the_first_answer_is_returned_as_it_is_and_nobody_else_is_asked() -> None:
    first, second = FakeSearcher(FULL), FakeSearcher(WORDS)
    assert await FallbackSearcher(first, second).search(REQUEST) is FULL
    assert (first.requests, second.requests) == ([REQUEST], [])


async def test_every_searcher_that_was_away_is_noted_in_order_before_the_notes_of_the_answer() -> None:
    searchers = (FakeSearcher(MODEL_AWAY), FakeSearcher(INDEX_LATE), FakeSearcher(WORDS))
    result = await FallbackSearcher(*searchers).search(REQUEST)
    assert result.skipped == ("search by meaning: loading", "index: no answer in 1 s", "its own note")
    assert (result.tier, result.confidence, result.hits) == ("lexical", "low", ())
    assert searchers[2].requests == [REQUEST]


async def test_an_answer_says_whether_a_better_one_is_on_its_way() -> None:
    for away, coming in ((MODEL_AWAY, False), (Warming("search by meaning", "loading"), True)):
        result = await FallbackSearcher(FakeSearcher(away), FakeSearcher(WORDS)).search(REQUEST)
        assert result.is_warming is coming
    partly = replace(WORDS, is_warming=True)
    assert (await FallbackSearcher(FakeSearcher(MODEL_AWAY), FakeSearcher(partly)).search(REQUEST)).is_warming


async def test_where_all_are_away_the_error_of_the_last_is_raised() -> None:
    with pytest.raises(DeadlineExceeded) as raised:
        await FallbackSearcher(FakeSearcher(MODEL_AWAY), FakeSearcher(INDEX_LATE)).search(REQUEST)
    assert raised.value is INDEX_LATE


@pytest.mark.parametrize("error", [InvalidRequest("no text"), ValueError("a bug"), KeyError("a bug")])
async def test_other_errors_are_not_hidden_behind_the_next_searcher(error: Exception) -> None:
    second = FakeSearcher(FULL)
    with pytest.raises(type(error)) as raised:
        await FallbackSearcher(FakeSearcher(error), second).search(REQUEST)
    assert raised.value is error
    assert second.requests == []


async def test_a_searcher_that_is_back_answers_again() -> None:
    first = FakeSearcher(MODEL_AWAY)
    searcher = FallbackSearcher(first, FakeSearcher(WORDS))
    assert (await searcher.search(REQUEST)).tier == "lexical"
    first.answer = FULL
    assert await searcher.search(REQUEST) is FULL


async def test_one_searcher_alone_is_enough() -> None:
    assert await FallbackSearcher(FakeSearcher(FULL)).search(REQUEST) is FULL


def test_no_searcher_at_all_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="at least one"):
        FallbackSearcher()
