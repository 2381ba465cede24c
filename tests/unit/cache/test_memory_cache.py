"""A cache in memory is bounded by entries and by bytes, and its account is exact."""

from __future__ import annotations

from collections.abc import Sequence

import anyio
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcp_toolweaver.cache.memory import MemoryCache

pytestmark = pytest.mark.anyio

LONG = 3600.0
KEYS = ["a", "bb", "ccc", "dddd", "eeeee"]
PLENTY = 2**20


class Clock:
    """Stands still until it is moved."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


async def overhead() -> int:
    """Return what an empty entry takes."""
    cache = MemoryCache(max_entries=1, max_bytes=PLENTY)
    await cache.set_many({"": b""}, ttl=LONG)
    return cache.size


async def keep(cache: MemoryCache, *keys: str, size: int = 1) -> None:
    for key in keys:
        await cache.set_many({key: b"x" * size}, ttl=LONG)


def held(cache: MemoryCache, keys: Sequence[str]) -> list[str]:
    return [key for key in keys if cache.get(key) is not None]


async def test_what_was_used_least_recently_goes_first() -> None:
    cache = MemoryCache(max_entries=3, max_bytes=PLENTY)
    await keep(cache, "a", "b", "c")
    await cache.get_many(["a"])
    await keep(cache, "d")
    assert held(cache, "abcd") == ["a", "c", "d"]
    await keep(cache, "a")  # kept anew is used too
    await keep(cache, "e")
    assert held(cache, "abcde") == ["a", "d", "e"]


async def test_asking_for_what_is_not_there_uses_nothing_up() -> None:
    cache = MemoryCache(max_entries=2, max_bytes=PLENTY)
    await keep(cache, "a", "b")
    await cache.get_many(["x", "y", "z"])
    assert len(cache) == 2
    assert held(cache, "ab") == ["a", "b"]


async def test_bytes_are_bounded_as_entries_are() -> None:
    each = await overhead() + 1 + 100
    cache = MemoryCache(max_entries=100, max_bytes=3 * each)
    await keep(cache, "a", "b", "c", size=100)
    assert cache.size == 3 * each
    await keep(cache, "d", size=100)
    assert held(cache, "abcd") == ["b", "c", "d"]
    await keep(cache, "e", size=101)
    assert held(cache, "bcde") == ["d", "e"]


async def test_one_large_value_pushes_out_as_many_small_ones_as_needed() -> None:
    each = await overhead() + 1 + 1
    cache = MemoryCache(max_entries=100, max_bytes=10 * each)
    await keep(cache, *"abcdefghij")
    await keep(cache, "k", size=1 + 4 * each)
    assert held(cache, "abcdefghijk") == [*"fghij", "k"]


async def test_a_value_that_is_larger_than_all_room_is_not_kept_and_pushes_nothing_out() -> None:
    cache = MemoryCache(max_entries=10, max_bytes=1000)
    await keep(cache, "a", "b")
    await keep(cache, "c", size=1000)
    assert held(cache, "abc") == ["a", "b"]


async def test_a_value_that_is_too_large_replaces_the_one_before_by_nothing() -> None:
    cache = MemoryCache(max_entries=10, max_bytes=1000)
    await keep(cache, "a", "b")
    await keep(cache, "a", size=1000)
    assert held(cache, "ab") == ["b"]
    await keep(cache, "b", size=1000)
    assert (len(cache), cache.size) == (0, 0)


async def test_a_value_that_fills_all_room_is_kept() -> None:
    cache = MemoryCache(max_entries=10, max_bytes=1000)
    await keep(cache, "a", size=1000 - 1 - await overhead())
    assert cache.size == 1000
    assert held(cache, "a") == ["a"]


async def test_a_value_without_time_to_live_pushes_nothing_out() -> None:
    cache = MemoryCache(max_entries=2, max_bytes=PLENTY)
    await keep(cache, "a", "b")
    await cache.set_many({"c": b"1"}, ttl=0)
    assert held(cache, "abc") == ["a", "b"]


@pytest.mark.parametrize(("entries", "size"), [(0, PLENTY), (10, 0), (0, 0)])
async def test_without_any_room_nothing_is_kept(entries: int, size: int) -> None:
    cache = MemoryCache(max_entries=entries, max_bytes=size)
    await keep(cache, "a", "", size=0)
    assert held(cache, ["a", ""]) == []
    assert (len(cache), cache.size) == (0, 0)


async def test_a_value_expires_by_the_clock_it_was_given() -> None:
    clock = Clock()
    cache = MemoryCache(max_entries=10, max_bytes=PLENTY, clock=clock)
    await cache.set_many({"a": b"1"}, ttl=60)
    await cache.set_many({"b": b"2"}, ttl=120)
    clock.now += 59.9
    assert await cache.get_many(["a", "b"]) == [b"1", b"2"]
    clock.now += 0.1
    assert await cache.get_many(["a", "b"]) == [None, b"2"]


async def test_an_expired_value_makes_room_when_it_is_met() -> None:
    clock = Clock()
    cache = MemoryCache(max_entries=10, max_bytes=PLENTY, clock=clock)
    await cache.set_many({"a": b"1"}, ttl=60)
    clock.now += 60
    assert cache.get("a") is None
    assert (len(cache), cache.size) == (0, 0)


async def test_a_value_kept_anew_lives_from_then_on() -> None:
    clock = Clock()
    cache = MemoryCache(max_entries=10, max_bytes=PLENTY, clock=clock)
    await cache.set_many({"a": b"1"}, ttl=60)
    clock.now += 50
    await cache.set_many({"a": b"2"}, ttl=60)
    clock.now += 50
    assert cache.get("a") == b"2"


async def test_being_asked_for_does_not_make_a_value_live_longer() -> None:
    clock = Clock()
    cache = MemoryCache(max_entries=10, max_bytes=PLENTY, clock=clock)
    await cache.set_many({"a": b"1"}, ttl=60)
    for _ in range(6):
        assert cache.get("a") == b"1"
        clock.now += 10
    assert cache.get("a") is None


OPERATIONS = st.lists(
    st.tuples(
        st.sampled_from(["keep", "get", "pass"]),
        st.sampled_from(KEYS),
        st.integers(0, 700),
        st.sampled_from([-1.0, 0.0, 10.0, 100.0]),
    ),
    max_size=40,
)


@given(OPERATIONS, st.integers(0, 4), st.integers(0, 2000))
def test_after_anything_the_bounds_hold_and_the_account_is_exact(
    operations: Sequence[tuple[str, str, int, float]], max_entries: int, max_bytes: int
) -> None:
    async def go_through() -> None:
        clock, each, last = Clock(), await overhead(), dict[str, bytes]()
        cache = MemoryCache(max_entries=max_entries, max_bytes=max_bytes, clock=clock)
        for number, (what, key, size, seconds) in enumerate(operations):
            if what == "keep":
                last[key] = number.to_bytes(2, "little") + bytes(size)
                await cache.set_many({key: last[key]}, ttl=seconds)
            elif what == "get":
                assert cache.get(key) in (None, last.get(key))
            else:
                clock.now += abs(seconds)
            assert len(cache) <= max_entries
            assert cache.size <= max_bytes
        kept = {key: value for key in KEYS if (value := cache.get(key)) is not None}
        assert kept.items() <= last.items()
        assert len(cache) == len(kept)
        assert cache.size == sum(each + len(key) + len(value) for key, value in kept.items())

    anyio.run(go_through)
