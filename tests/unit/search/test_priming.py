"""Searches in the background: one that wakes everything up, and those that will be asked anyway."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import anyio
import pytest

from mcp_toolweaver.core.errors import Unavailable
from mcp_toolweaver.core.query import SearchRequest, SearchResult
from mcp_toolweaver.core.tools import Snapshot
from mcp_toolweaver.search.priming import Priming
from mcp_toolweaver.search.usage import Usage
from tests.fakes.cache import FakeCache
from tests.fakes.catalog import FakeCatalog
from tests.fakes.searcher import FakeSearcher
from tests.fakes.tools import make_tool

pytestmark = pytest.mark.anyio

FOUND = SearchResult((), "low", "hybrid")
A, B, C = (SearchRequest(text) for text in ("a", "b", "c"))


class TimedSearcher(FakeSearcher):
    """Takes time on a clock of its own, knows when it was asked, and lets something happen meanwhile."""

    def __init__(self) -> None:
        super().__init__(FOUND)
        self.takes = 0.0
        self.now = 0.0
        self.asked_at: list[float] = []
        self.meanwhile: Callable[[], object] = tuple

    def clock(self) -> float:
        return self.now

    async def search(self, request: SearchRequest) -> SearchResult:
        self.asked_at.append(anyio.current_time())
        self.now += self.takes
        answer = await super().search(request)
        self.meanwhile()
        return answer


def asked(**times: int) -> Usage:
    """Return the usage of somebody who asked each of these so many times."""
    usage = Usage(FakeCache(), clock=lambda: 1.0)
    for text, count in times.items():
        for _ in range(count):
            usage.note(SearchRequest(text))
    return usage


def primed(
    searcher: TimedSearcher,
    usage: Usage | None,
    catalog: FakeCatalog | None = None,
    *,
    anew: FakeSearcher | None = None,
) -> Priming:
    return Priming(catalog or FakeCatalog([make_tool("one")]), usage, anew=anew, clock=searcher.clock)


async def test_what_is_asked_most_is_asked_first_and_said() -> None:
    searcher = TimedSearcher()
    said = await primed(searcher, asked(a=1, b=3, c=2)).answer_ahead(searcher)
    assert searcher.requests == [B, C, A]
    assert said == "3 of the most frequent questions answered ahead"


async def test_no_more_than_fifty_questions_are_asked() -> None:
    searcher = TimedSearcher()
    await primed(searcher, asked(**{f"question {number}": 1 for number in range(80)})).answer_ahead(searcher)
    assert len(searcher.requests) == 50


async def test_questions_are_asked_once_for_each_catalog() -> None:
    searcher, catalog = TimedSearcher(), FakeCatalog([make_tool("one")])
    priming = primed(searcher, asked(a=1), catalog)
    assert await priming.answer_ahead(searcher)
    assert await priming.answer_ahead(searcher) == ""
    assert searcher.requests == [A]
    catalog.snapshot = Snapshot.of([make_tool("two")])
    assert await priming.answer_ahead(searcher)
    assert searcher.requests == [A, A]


async def test_the_same_catalog_read_again_is_not_asked_about_again() -> None:
    searcher, catalog = TimedSearcher(), FakeCatalog([make_tool("one")])
    priming = primed(searcher, asked(a=1), catalog)
    await priming.answer_ahead(searcher)
    catalog.snapshot = Snapshot.of([make_tool("one")])
    await priming.answer_ahead(searcher)
    assert searcher.requests == [A]


async def test_asking_ahead_takes_a_quarter_of_the_time_at_most() -> None:
    searcher = TimedSearcher()
    searcher.takes = 0.01
    await primed(searcher, asked(a=3, b=2, c=1)).answer_ahead(searcher)
    ended = anyio.current_time()
    times = [*searcher.asked_at, ended]
    pauses = [after - before for before, after in pairwise(times)]
    assert len(pauses) == 3
    assert min(pauses) > 0.029  # a clock may be a little coarse, and is never early by more


async def test_where_nobody_can_answer_it_ends_and_is_tried_again() -> None:
    searcher = TimedSearcher()
    priming = primed(searcher, asked(a=2, b=1))
    searcher.answer = Unavailable("index", "away")
    with pytest.raises(Unavailable, match="away"):
        await priming.answer_ahead(searcher)
    assert searcher.requests == [A]
    searcher.answer = FOUND
    assert await priming.answer_ahead(searcher) == "2 of the most frequent questions answered ahead"
    assert searcher.requests == [A, A, B]


async def test_answers_that_will_not_be_kept_are_asked_for_again_later() -> None:
    searcher = TimedSearcher()
    priming = primed(searcher, asked(a=2, b=1))
    searcher.answer = SearchResult((), "low", "lexical", skipped=("the model is away",))
    assert await priming.answer_ahead(searcher) == ""
    assert searcher.requests == [A]
    searcher.answer = FOUND
    assert await priming.answer_ahead(searcher)
    assert searcher.requests == [A, A, B]


async def test_a_catalog_that_changes_meanwhile_is_asked_about_later() -> None:
    searcher, catalog = TimedSearcher(), FakeCatalog([make_tool("one")])
    priming = primed(searcher, asked(a=2, b=1), catalog)

    def change() -> None:
        catalog.snapshot = Snapshot.of([make_tool("two")])

    searcher.meanwhile = change
    assert await priming.answer_ahead(searcher) == ""
    assert searcher.requests == [A]
    assert await priming.answer_ahead(searcher)
    assert searcher.requests == [A, A, B]


async def test_without_counts_nothing_is_asked_ahead() -> None:
    searcher = TimedSearcher()
    assert await primed(searcher, None).answer_ahead(searcher) == ""
    assert searcher.requests == []


async def test_counts_that_are_read_late_are_not_missed() -> None:
    searcher, usage = TimedSearcher(), asked()
    priming = primed(searcher, usage)
    assert await priming.answer_ahead(searcher) == ""
    usage.note(C)
    assert await priming.answer_ahead(searcher) == "1 of the most frequent questions answered ahead"
    assert searcher.requests == [C]


async def test_something_is_searched_for_to_wake_what_is_built_once() -> None:
    searcher = TimedSearcher()
    priming = primed(searcher, None)
    await priming.wake(searcher)
    await priming.wake(searcher)
    assert len(searcher.requests) == 2


async def test_an_answer_from_before_wakes_nothing_so_that_the_one_who_searches_anew_is_asked() -> None:
    cached, anew = TimedSearcher(), FakeSearcher(FOUND)
    await primed(cached, None, anew=anew).wake(cached)
    assert (len(cached.requests), len(anew.requests)) == (0, 1)


async def test_who_cannot_be_woken_says_so() -> None:
    searcher = TimedSearcher()
    searcher.answer = Unavailable("index", "away")
    with pytest.raises(Unavailable, match="away"):
        await primed(searcher, None).wake(searcher)
