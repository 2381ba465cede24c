"""Memory in front of what lasts: what is found below comes up, and what is below was sealed by us or is none."""

from __future__ import annotations

import anyio
import pytest

from mcp_toolweaver.cache.counters import MISSES, REFUSED, STORED, Counters
from mcp_toolweaver.cache.memory import MemoryCache
from mcp_toolweaver.cache.seal import Seal
from mcp_toolweaver.cache.tiered import MEMORY, TieredCache
from tests.fakes.cache import FakeCache
from tests.fakes.held_cache import HeldCache

pytestmark = pytest.mark.anyio

WEEK = 7 * 24 * 3600.0


class Tiers:
    """A memory over a cache, with one clock that stands still until it is moved."""

    def __init__(self, *, below: HeldCache | None = None, entries: int = 1000) -> None:
        self.now = 1_700_000_000.0
        self.below = below or HeldCache()
        self.seal = Seal(b"secret", clock=lambda: self.now)
        self.memory = MemoryCache(max_entries=entries, max_bytes=2**20, clock=lambda: self.now)
        self.counters = Counters()
        refreshed = {"embeddings": WEEK}
        self.cache = TieredCache(self.memory, self.below, self.seal, self.counters, refreshed=refreshed)

    async def get(self, *keys: str) -> list[bytes | None]:
        return list(await self.cache.get_many(keys))

    def put_below(self, key: str, value: bytes, ttl: float) -> None:
        self.below.values[key] = self.seal.close(key, value, ttl)


async def test_a_value_is_kept_in_both_and_below_only_sealed() -> None:
    tiers = Tiers()
    await tiers.cache.set_many({"search:a": b"a clear value"}, ttl=3600)
    assert tiers.memory.get("search:a") == b"a clear value"
    opened = tiers.seal.open("search:a", tiers.below.values["search:a"])
    assert opened is not None
    assert opened.value == b"a clear value"
    assert opened.left == pytest.approx(3600)
    assert tiers.below.values["search:a"] != b"a clear value"
    assert tiers.below.lifetimes == {"search:a": 3600}


async def test_what_is_in_memory_is_not_asked_for_below() -> None:
    tiers = Tiers()
    tiers.put_below("search:b", b"2", 3600)
    await tiers.cache.set_many({"search:a": b"1"}, ttl=3600)
    assert await tiers.get("search:a") == [b"1"]
    assert tiers.below.asked == []
    assert await tiers.get("search:a", "search:b", "search:x", "search:b", "search:x") == [b"1", b"2", None, b"2", None]
    assert tiers.below.asked == [["search:b", "search:x"]]


async def test_what_is_found_below_comes_up() -> None:
    tiers = Tiers()
    tiers.put_below("search:a", b"", 3600)
    tiers.put_below("search:b", b"2", 3600)
    assert await tiers.get("search:b", "search:a") == [b"2", b""]
    tiers.below.values.clear()
    assert await tiers.get("search:a", "search:b") == [b"", b"2"]
    assert len(tiers.below.asked) == 1


@pytest.mark.parametrize("comes_up", [True, False])
async def test_a_value_stays_in_memory_for_five_minutes_at_most(*, comes_up: bool) -> None:
    tiers = Tiers()
    await tiers.cache.set_many({"search:a": b"1"}, ttl=3600)
    if comes_up:
        tiers.now += 301
        assert await tiers.get("search:a") == [b"1"]
    tiers.below.values.clear()
    tiers.now += 299
    assert await tiers.get("search:a") == [b"1"]
    tiers.now += 2
    assert await tiers.get("search:a") == [None]


async def test_a_value_that_comes_up_lives_no_longer_than_it_would_have_below() -> None:
    tiers = Tiers()
    tiers.put_below("search:a", b"1", 60)
    assert await tiers.get("search:a") == [b"1"]
    tiers.now += 59
    assert await tiers.get("search:a") == [b"1"]
    tiers.now += 1
    assert await tiers.get("search:a") == [None]


async def test_without_room_in_memory_values_are_found_below() -> None:
    tiers = Tiers(entries=0)
    await tiers.cache.set_many({"search:a": b"1"}, ttl=3600)
    assert await tiers.get("search:a") == [b"1"]
    assert tiers.below.asked == [["search:a"]]


async def test_a_value_below_that_we_did_not_seal_is_a_miss() -> None:
    tiers = Tiers()
    good = tiers.seal.close("search:a", b"1", 3600)
    planted = {
        "search:empty": b"",
        "search:plain": b"1",
        "search:moved": good,
        "search:cut": good[:-1],
        "search:theirs": Seal(b"other", clock=lambda: tiers.now).close("search:theirs", b"1", 3600),
        "search:flipped": good[:-1] + b"2",
    }
    tiers.below.values = {**planted, "search:a": good}
    assert await tiers.get(*planted, "search:a") == [None] * len(planted) + [b"1"]
    assert tiers.counters.counts == {"search": {REFUSED: len(planted), MISSES: len(planted)}}
    assert len(tiers.memory) == 1


async def test_a_planted_value_is_replaced_by_a_good_one() -> None:
    tiers = Tiers()
    tiers.below.values["search:a"] = b"planted"
    assert await tiers.get("search:a") == [None]
    await tiers.cache.set_many({"search:a": b"1"}, ttl=3600)
    assert await Tiers(below=tiers.below).get("search:a") == [b"1"]


async def test_a_value_that_outlived_its_seal_is_a_miss() -> None:
    tiers = Tiers()
    tiers.put_below("search:a", b"1", 60)
    tiers.now += 60
    assert await tiers.get("search:a") == [None]


async def test_a_worn_value_of_a_tier_that_is_refreshed_lives_on() -> None:
    tiers = Tiers()
    tiers.put_below("embeddings:a", b"1", WEEK)
    tiers.put_below("embeddings:b", b"2", WEEK / 2)
    assert await tiers.get("embeddings:a", "embeddings:b") == [b"1", b"2"]
    assert list(tiers.below.lifetimes.items()) == [("embeddings:b", WEEK)]
    opened = tiers.seal.open("embeddings:b", tiers.below.values["embeddings:b"])
    assert opened is not None
    assert opened.value == b"2"
    assert opened.left == pytest.approx(WEEK)


async def test_a_value_is_refreshed_once_a_day_at_most() -> None:
    tiers = Tiers()
    await tiers.cache.set_many({"embeddings:a": b"1"}, ttl=WEEK)
    for _hour in range(14 * 24 + 1):
        assert await tiers.get("embeddings:a") == [b"1"]
        tiers.now += 3600
    assert 10 <= len(tiers.below.begun) - 1 <= 14


async def test_a_worn_value_of_any_other_tier_is_left_to_expire() -> None:
    tiers = Tiers()
    tiers.put_below("search:a", b"1", 1)
    assert await tiers.get("search:a") == [b"1"]
    assert tiers.below.begun == []


async def test_hits_misses_and_what_was_kept_are_counted_by_tier() -> None:
    tiers = Tiers()
    await tiers.cache.set_many({"search:a": b"1", "search:b": b"2", "embeddings:a": b"3"}, ttl=3600)
    tiers.put_below("catalog:a", b"4", 3600)
    await tiers.get("search:a", "search:x", "embeddings:a", "embeddings:x", "embeddings:y", "catalog:a")
    await tiers.get("search:a")
    await tiers.cache.set_many({"search:c": b"5"}, ttl=3600)
    assert tiers.counters.counts == {
        "search": {STORED: 3, MEMORY: 2, MISSES: 1},
        "embeddings": {STORED: 1, MEMORY: 1, MISSES: 2},
    }


async def test_a_key_that_is_asked_for_twice_is_counted_once() -> None:
    tiers = Tiers()
    await tiers.cache.set_many({"search:a": b"1"}, ttl=3600)
    await tiers.get("search:a", "search:a", "search:x", "search:x")
    assert tiers.counters.counts == {"search": {STORED: 1, MEMORY: 1, MISSES: 1}}


async def test_a_write_below_that_hangs_delays_no_answer_from_memory() -> None:
    tiers = Tiers()
    tiers.below.gate = anyio.Event()
    with anyio.fail_after(20):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(lambda: tiers.cache.set_many({"search:a": b"1"}, ttl=3600))
            await anyio.wait_all_tasks_blocked()
            assert await tiers.get("search:a") == [b"1"]
            tiers.below.gate.set()


async def test_only_what_is_in_memory_is_at_hand_and_is_counted_as_found_there() -> None:
    counters = Counters()
    memory, below = MemoryCache(max_entries=10, max_bytes=10_000), FakeCache()
    cache = TieredCache(memory, below, Seal(b"s"), counters)
    await cache.set_many({"search:a": b"1"}, ttl=60)
    assert cache.peek("search:a") == b"1"
    assert counters.counts["search"] == {"stored": 1, "memory": 1}
    other = TieredCache(MemoryCache(max_entries=10, max_bytes=10_000), below, Seal(b"s"), Counters())
    assert other.peek("search:a") is None
    assert await other.get_many(["search:a"]) == [b"1"]
