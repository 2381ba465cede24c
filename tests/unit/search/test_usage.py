"""Questions that are asked often are known the next time; what was asked long ago fades."""

from __future__ import annotations

import json

import anyio
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcp_toolweaver.core.query import SearchRequest, SearchResult
from mcp_toolweaver.search import usage as module
from mcp_toolweaver.search.usage import Usage, UsageSearcher
from tests.fakes.cache import FakeCache
from tests.fakes.searcher import FakeSearcher
from tests.unit.search.counted import DAY, KEY, NOW, A, B, BusyCache, C, Clock, kept, note, restored

pytestmark = pytest.mark.anyio


def test_what_is_asked_most_comes_first() -> None:
    usage = Usage(FakeCache(), clock=Clock())
    note(usage, a=1, b=3, c=2)
    assert usage.most_asked(10) == [B, C, A]
    assert usage.most_asked(2) == [B, C]
    assert usage.most_asked(0) == []


def test_a_question_with_another_limit_or_domain_is_counted_by_itself() -> None:
    usage = Usage(FakeCache(), clock=Clock())
    for request in (A, SearchRequest("a", 7), SearchRequest("a", 7, "files"), SearchRequest("a", 7, "files")):
        usage.note(request)
    assert usage.most_asked(1) == [SearchRequest("a", 7, "files")]
    assert len(usage.most_asked(10)) == 3


@pytest.mark.parametrize(("days", "first"), [(13, A), (15, B)])
def test_after_seven_days_a_question_counts_half(days: int, first: SearchRequest) -> None:
    """Of four askings one is left after 14 days, so that one more or less decides."""
    clock = Clock()
    usage = Usage(FakeCache(), clock=clock)
    note(usage, a=4)
    clock.now += days * DAY
    note(usage, b=1)
    assert usage.most_asked(1) == [first]


async def test_what_was_kept_fades_too() -> None:
    clock, cache = Clock(), FakeCache()
    usage = Usage(cache, clock=clock)
    note(usage, a=4)
    await usage.keep()
    clock.now += 7 * DAY
    later = Usage(cache, clock=clock)
    note(later, a=1, b=1)
    await later.keep()
    assert kept(cache) == pytest.approx({"a": 3.0, "b": 1.0})


async def test_a_clock_that_goes_back_makes_nothing_heavier() -> None:
    clock, cache = Clock(), FakeCache()
    usage = Usage(cache, clock=clock)
    note(usage, a=2)
    clock.now -= 70 * DAY
    note(usage, a=1)
    await usage.keep()
    assert kept(cache) == {"a": 3.0}


async def test_so_many_questions_are_remembered_and_those_that_are_asked_most_stay(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "_MOST", 20)
    cache = FakeCache()
    usage = Usage(cache, clock=Clock())
    note(usage, often=3, sometimes=2)
    note(usage, **{f"once {number}": 1 for number in range(200)})
    assert len(usage.most_asked(1000)) <= 40
    await usage.keep()
    assert len(kept(cache)) == 20
    assert list(kept(cache))[:2] == ["often", "sometimes"]


async def test_a_long_question_is_not_kept() -> None:
    cache = FakeCache()
    usage = Usage(cache, clock=Clock())
    usage.note(SearchRequest("x" * 301))
    assert usage.most_asked(10) == []
    await usage.keep()
    assert cache.values == {}
    usage.note(SearchRequest("x" * 300))
    assert len(usage.most_asked(10)) == 1


async def test_the_next_run_knows_what_was_asked_and_adds_what_it_is_asked_meanwhile() -> None:
    cache = FakeCache()
    first = Usage(cache, clock=Clock())
    note(first, a=3, b=1)
    await first.keep()
    assert await restored(cache) == [A, B]
    second = Usage(cache, clock=Clock())
    note(second, b=3, c=1)
    await second.restore()
    assert second.most_asked(10) == [B, A, C]


async def test_nothing_is_counted_twice_however_often_it_is_restored_and_kept() -> None:
    cache = FakeCache()
    usage = Usage(cache, clock=Clock())
    note(usage, a=2)
    await usage.restore()
    await usage.restore()
    await usage.keep()
    note(usage, b=1)
    await usage.restore()
    await usage.keep()
    await usage.keep()
    assert kept(cache) == {"a": 2.0, "b": 1.0}


steps = st.lists(
    st.tuples(st.sampled_from([0, 1]), st.sampled_from(["note a", "note b", "keep", "restore"])), max_size=25
)


@given(steps)
def test_whatever_two_processes_count_and_keep_in_turn_adds_up(turns: list[tuple[int, str]]) -> None:
    async def take() -> None:
        cache = FakeCache()
        pair = [Usage(cache, clock=Clock()) for _ in range(2)]
        for who, step in turns:
            match step.split():
                case ["note", text]:
                    pair[who].note(SearchRequest(text))
                case ["keep"]:
                    await pair[who].keep()
                case _:
                    await pair[who].restore()
        for usage in pair:
            await usage.keep()
        asked = [step.removeprefix("note ") for _who, step in turns if step.startswith("note")]
        assert (kept(cache) if cache.values else {}) == {text: float(asked.count(text)) for text in set(asked)}

    anyio.run(take)


async def test_what_is_asked_while_the_counts_are_read_and_written_is_counted_once() -> None:
    cache = BusyCache()
    usage = Usage(cache, clock=Clock())
    note(usage, a=1)
    cache.meanwhile = usage, B
    await usage.keep()
    cache.meanwhile = None
    assert usage.most_asked(2) == [B, A]
    await usage.keep()
    assert kept(cache) == {"a": 1.0, "b": 4.0}


async def test_without_news_nothing_is_written() -> None:
    cache = BusyCache()
    usage = Usage(cache, clock=Clock())
    await usage.keep()
    await usage.restore()
    assert cache.writes == 0
    note(usage, a=1)
    await usage.keep()
    await usage.keep()
    assert cache.writes == 1


async def test_what_is_kept_is_the_questions_their_weight_and_when_they_were_asked() -> None:
    cache = FakeCache()
    usage = Usage(cache, clock=Clock())
    usage.note(SearchRequest("a", 7, "files"))
    await usage.keep()
    assert json.loads(cache.values[KEY]) == [["a", 7, "files", 1.0, NOW]]
    assert list(cache.lifetimes) == [KEY]
    assert cache.lifetimes[KEY] == 90 * DAY


async def test_counts_are_kept_every_now_and_then_until_cancelled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_PAUSE", 0.001)
    cache = FakeCache()
    first = Usage(cache, clock=Clock())
    note(first, a=5)
    await first.keep()
    second = Usage(cache, clock=Clock())
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(second.keep_up)
        with anyio.fail_after(5):
            for expected in (1.0, 2.0):
                note(second, b=1)
                while kept(cache).get("b") != expected:
                    await anyio.sleep(0.001)
        tasks.cancel_scope.cancel()
    assert kept(cache) == {"a": 5.0, "b": 2.0}


async def test_a_search_is_counted_and_passed_on() -> None:
    inner = FakeSearcher(SearchResult((), "none", "lexical"))
    usage = Usage(FakeCache(), clock=Clock())
    assert await UsageSearcher(inner, usage).search(A) == inner.answer
    assert inner.requests == [A]
    assert usage.most_asked(10) == [A]
