"""Nobody waits for a write, everybody sees it, and the end of the process does not lose it."""

from __future__ import annotations

from collections.abc import Sequence

import anyio
import anyio.lowlevel
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcp_toolweaver.cache.counters import DROPPED, Counters
from mcp_toolweaver.cache.deferred import DeferredCache, open_deferred
from tests.fakes.held_cache import HeldCache

pytestmark = pytest.mark.anyio

SOON = 20.0
"""Seconds for what should not wait at all, on a busy machine."""


def never_written(inner: HeldCache, *, max_bytes: int = 2**20) -> tuple[DeferredCache, Counters]:
    """Return a cache that writes when it is flushed only."""
    counters = Counters()
    return DeferredCache(inner, counters, max_bytes=max_bytes), counters


async def test_a_write_returns_while_what_is_below_hangs() -> None:
    inner = HeldCache()
    inner.gate = anyio.Event()
    async with open_deferred(inner, Counters()) as cache:
        with anyio.fail_after(SOON):
            for number in range(100):
                await cache.set_many({f"search:{number}": b"1"}, ttl=60)
                await anyio.lowlevel.checkpoint()
        assert inner.values == {}
        inner.gate.set()


async def test_what_was_written_arrives_below_by_itself() -> None:
    inner = HeldCache()
    async with open_deferred(inner, Counters()) as cache:
        for number in range(3):
            await cache.set_many({f"search:{number}": str(number).encode()}, ttl=60 + number)
            await anyio.wait_all_tasks_blocked()
            assert inner.values[f"search:{number}"] == str(number).encode()
    assert inner.lifetimes == {"search:0": 60, "search:1": 61, "search:2": 62}


async def test_what_waits_is_found_as_if_it_were_written() -> None:
    inner = HeldCache()
    inner.values = {"search:a": b"old", "search:b": b"2"}
    cache, _ = never_written(inner)
    await cache.set_many({"search:a": b"new", "search:e": b""}, ttl=60)
    keys = ["search:b", "search:a", "search:x", "search:e", "search:a"]
    assert await cache.get_many(keys) == [b"2", b"new", None, b"", b"new"]
    assert inner.asked == [["search:b", "search:x"]]


async def test_what_is_being_written_is_found_too_and_so_is_what_came_after_it() -> None:
    inner = HeldCache()
    inner.values = {"search:a": b"old"}
    inner.gate = anyio.Event()
    async with open_deferred(inner, Counters()) as cache:
        await cache.set_many({"search:a": b"1", "search:b": b"1"}, ttl=60)
        await anyio.wait_all_tasks_blocked()
        assert inner.begun == [{"search:a": b"1", "search:b": b"1"}]
        assert await cache.get_many(["search:a", "search:b"]) == [b"1", b"1"]
        await cache.set_many({"search:a": b"2"}, ttl=60)
        assert await cache.get_many(["search:a", "search:b"]) == [b"2", b"1"]
        inner.gate.set()
        await anyio.wait_all_tasks_blocked()
        assert inner.values == {"search:a": b"2", "search:b": b"1"}


@pytest.mark.parametrize("ttl", [0.0, -1.0])
async def test_what_waits_without_time_to_live_is_a_miss(ttl: float) -> None:
    inner = HeldCache()
    inner.values = {"search:a": b"old"}
    cache, _ = never_written(inner)
    await cache.set_many({"search:a": b"new"}, ttl=ttl)
    assert await cache.get_many(["search:a"]) == [None]


async def test_of_several_writes_the_last_one_counts_whatever_their_lifetimes() -> None:
    inner = HeldCache()
    cache, _ = never_written(inner)
    for key, value, ttl in (("a", b"1", 60), ("b", b"1", 5), ("a", b"2", 5), ("b", b"2", 60), ("a", b"3", 7)):
        await cache.set_many({key: value}, ttl=ttl)
    await cache.flush()
    assert inner.values == {"a": b"3", "b": b"2"}
    assert inner.lifetimes == {"a": 7, "b": 60}
    assert sum(map(len, inner.begun)) == 2


async def test_what_was_gathered_is_written_together_but_not_too_much_of_it() -> None:
    inner = HeldCache()
    cache, _ = never_written(inner)
    for number in range(1200):
        await cache.set_many({f"search:{number}": b"1"}, ttl=60)
    await cache.flush()
    assert len(inner.values) == 1200
    assert [len(values) for values in inner.begun] == [500, 500, 200]


async def test_once_all_is_written_the_answer_is_that_of_below() -> None:
    inner = HeldCache()
    cache, _ = never_written(inner)
    await cache.set_many({"search:a": b"1"}, ttl=60)
    await cache.flush()
    inner.values["search:a"] = b"2"
    assert await cache.get_many(["search:a"]) == [b"2"]


async def test_when_too_many_bytes_wait_what_comes_is_dropped_and_counted() -> None:
    inner = HeldCache()
    cache, counters = never_written(inner, max_bytes=10)
    await cache.set_many({"search:a": b"x" * 6, "embeddings:b": b"x" * 6, "search:c": b"x" * 4}, ttl=60)
    assert counters.counts == {"embeddings": {DROPPED: 1}}
    await cache.flush()
    assert set(inner.values) == {"search:a", "search:c"}
    await cache.set_many({"embeddings:b": b"x" * 10}, ttl=60)
    await cache.flush()
    assert "embeddings:b" in inner.values


async def test_what_is_being_written_takes_room_until_it_is_written() -> None:
    inner = HeldCache()
    inner.gate = anyio.Event()
    cache, counters = never_written(inner, max_bytes=10)
    await cache.set_many({"search:a": b"x" * 6}, ttl=60)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(cache.flush)
        await anyio.wait_all_tasks_blocked()
        await cache.set_many({"search:b": b"x" * 6}, ttl=60)
        assert counters.counts == {"search": {DROPPED: 1}}
        inner.gate.set()
    await cache.set_many({"search:b": b"x" * 10}, ttl=60)
    await cache.flush()
    assert set(inner.values) == {"search:a", "search:b"}


@given(st.lists(st.tuples(st.sampled_from(["a", "b", "c"]), st.integers(0, 60)) | st.none()))
def test_after_anything_all_room_is_free_again(steps: Sequence[tuple[str, int] | None]) -> None:
    async def go_through() -> None:
        cache, counters = never_written(HeldCache(), max_bytes=100)
        for step in (*steps, None):
            if step is None:
                await cache.flush()
            else:
                await cache.set_many({step[0]: bytes(step[1])}, ttl=60)
        before = counters.counts.get("whole", {})
        await cache.set_many({"whole": bytes(100)}, ttl=60)
        assert counters.counts.get("whole", {}) == before
        await cache.set_many({"more": b"1"}, ttl=60)
        assert counters.counts["more"] == {DROPPED: 1}

    anyio.run(go_through)


async def test_what_waits_at_the_end_is_written() -> None:
    inner = HeldCache()
    async with open_deferred(inner, Counters()) as cache:
        await cache.set_many({"search:a": b"1"}, ttl=60)
    assert inner.values == {"search:a": b"1"}


async def test_what_waits_when_it_is_cancelled_is_written() -> None:
    inner = HeldCache()
    inner.gate = anyio.Event()
    with anyio.CancelScope() as scope:
        async with open_deferred(inner, Counters()) as cache:
            await cache.set_many({"search:a": b"1"}, ttl=60)
            await anyio.wait_all_tasks_blocked()
            await cache.set_many({"search:b": b"2"}, ttl=60)
            inner.gate = None
            scope.cancel()
            await anyio.sleep(SOON)
    assert inner.values == {"search:a": b"1", "search:b": b"2"}


async def test_what_waits_when_something_fails_is_written() -> None:
    inner = HeldCache()

    async def fail() -> None:
        async with open_deferred(inner, Counters()) as cache:
            await cache.set_many({"search:a": b"1"}, ttl=60)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail()
    assert inner.values == {"search:a": b"1"}


async def test_a_write_that_the_end_cut_short_is_made_again() -> None:
    inner = HeldCache()
    inner.gate = anyio.Event()
    async with open_deferred(inner, Counters()) as cache:
        await cache.set_many({"search:a": b"1"}, ttl=60)
        await anyio.wait_all_tasks_blocked()
        await cache.set_many({"search:b": b"2"}, ttl=60)
        inner.gate = None
    assert inner.begun == [{"search:a": b"1"}, {"search:a": b"1"}, {"search:b": b"2"}]
    assert inner.values == {"search:a": b"1", "search:b": b"2"}


async def test_the_end_does_not_wait_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mcp_toolweaver.cache.deferred._LAST", 0.01)
    inner = HeldCache()
    inner.gate = anyio.Event()
    with anyio.fail_after(SOON):
        async with open_deferred(inner, Counters()) as cache:
            await cache.set_many({"search:a": b"1"}, ttl=60)
    assert inner.values == {}
