"""What is counted can be read, encoded, and summed with what other processes counted."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcp_toolweaver.cache.counted import CountedCache
from mcp_toolweaver.cache.counters import DROPPED, MISSES, REFUSED, STORED, Counters, total
from tests.fakes.cache import FakeCache

EVENTS = st.sampled_from([MISSES, STORED, REFUSED, DROPPED, "memory", "file", "redis"])
COUNTS = st.dictionaries(st.text(max_size=5), st.dictionaries(EVENTS, st.integers(1, 10**12), min_size=1))
ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


def test_events_are_counted_by_tier() -> None:
    counters = Counters()
    counters.add("search", "memory")
    counters.add("search", "memory", 2)
    counters.add("search", MISSES)
    counters.add("embeddings", "file", 7)
    assert counters.counts == {"search": {"memory": 3, "misses": 1}, "embeddings": {"file": 7}}


def test_what_did_not_happen_is_not_counted() -> None:
    counters = Counters()
    counters.add("search", "memory", 0)
    assert counters.counts == {}
    assert counters.encode() == b"{}"


def test_counts_that_were_read_do_not_change() -> None:
    counters = Counters({"search": {"memory": 1}})
    before = counters.counts
    counters.add("search", "memory")
    assert before == {"search": {"memory": 1}}
    assert counters.counts == {"search": {"memory": 2}}


@given(st.lists(COUNTS, max_size=4))
def test_a_total_is_the_sum_of_all(many: list[dict[str, dict[str, int]]]) -> None:
    expected = Counters()
    for counts in many:
        for tier, events in counts.items():
            for event, count in events.items():
                expected.add(tier, event, count)
    assert total(Counters(counts).encode() for counts in many).counts == expected.counts


@given(st.binary() | ANY_JSON.map(lambda value: json.dumps(value).encode()), COUNTS)
def test_whatever_cannot_be_read_neither_raises_nor_disturbs(garbage: bytes, counts: dict[str, dict[str, int]]) -> None:
    good = Counters(counts)
    summed = total([garbage, good.encode(), garbage]).counts
    for tier, events in good.counts.items():
        for event, count in events.items():
            assert summed[tier][event] >= count


@pytest.mark.parametrize(
    "garbage",
    [
        b"",
        b"\xff\xfe",
        b"{",
        b"null",
        b"[1, 2]",
        b'"search"',
        b'{"search": 5}',
        b'{"search": [["memory", 1]]}',
        b'{"search": {"memory": "5"}}',
        b'{"search": {"memory": 1.5}}',
        b'{"search": {"memory": -5}}',
        b'{"search": {"memory": NaN}}',
        b'{"search": {"memory": null}}',
        b"[" * 100_000,
        b'{"search": {"memory": ' + b"9" * 10_000 + b"}}",
    ],
    ids=lambda garbage: repr(garbage[:20]),
)
def test_garbage_counts_for_nothing(garbage: bytes) -> None:
    assert total([garbage]).counts == {}


@pytest.mark.anyio
async def test_hits_of_a_layer_are_counted_under_its_name_by_tier() -> None:
    counters, inner = Counters(), FakeCache()
    cache = CountedCache(inner, "file", counters)
    await cache.set_many({"search:a": b"", "search:b": b"2", "embeddings:a": b"3"}, ttl=60)
    assert inner.lifetimes == dict.fromkeys(inner.values, 60)
    assert counters.counts == {}
    await cache.get_many(["search:a", "search:b", "search:x", "embeddings:a", "catalog:x"])
    assert counters.counts == {"search": {"file": 2}, "embeddings": {"file": 1}}
