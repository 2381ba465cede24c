"""What every `Cache` promises. A test file runs `CACHE_CONTRACT` on each layer and wrapper.

Each promise is an asynchronous function that takes an empty cache with room for a few thousand small values.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeAlias

import anyio
import anyio.lowlevel

from mcp_toolweaver.core.caching import CacheStore

Promise: TypeAlias = Callable[[CacheStore], Awaitable[None]]
"""A `Cache` is a `CacheStore` that is never away, so that one which is not away keeps the same promises."""

LONG = 3600.0
_SETTLED = 0.01
"""Seconds; where no expiry of 0 is known, the shortest that is."""


async def an_empty_cache_misses_all_keys(cache: CacheStore) -> None:
    assert list(await cache.get_many(["search:a", "search:b"])) == [None, None]


async def answers_come_in_the_order_of_the_keys(cache: CacheStore) -> None:
    await cache.set_many({"search:a": b"1", "search:b": b"2", "search:c": b"3"}, ttl=LONG)
    assert list(await cache.get_many(["search:c", "search:x", "search:a", "search:b"])) == [b"3", None, b"1", b"2"]


async def a_key_asked_for_twice_is_answered_twice(cache: CacheStore) -> None:
    await cache.set_many({"search:a": b"1"}, ttl=LONG)
    keys = ["search:a", "search:x", "search:a", "search:x"]
    assert list(await cache.get_many(keys)) == [b"1", None, b"1", None]


async def any_bytes_come_back_as_they_were(cache: CacheStore) -> None:
    values = {
        "search:empty": b"",
        "search:zero": b"\0",
        "search:all": bytes(range(256)),
        "search:lines": b"\r\n\r\n$-1\r\n",
        "search:long": b"\xff" * 100_000,
    }
    await cache.set_many(values, ttl=LONG)
    assert list(await cache.get_many(list(values))) == list(values.values())


async def a_later_value_replaces_an_earlier_one(cache: CacheStore) -> None:
    await cache.set_many({"search:a": b"long and old", "search:b": b"1"}, ttl=LONG)
    await cache.set_many({"search:a": b"new"}, ttl=2 * LONG)
    assert list(await cache.get_many(["search:a", "search:b"])) == [b"new", b"1"]
    await cache.set_many({"search:a": b""}, ttl=LONG)
    assert list(await cache.get_many(["search:a"])) == [b""]


async def a_value_without_time_to_live_is_a_miss(cache: CacheStore) -> None:
    for ttl in (0.0, -1.0, -LONG):
        await cache.set_many({"search:a": b"1"}, ttl=ttl)
        await cache.set_many({"search:b": b"2"}, ttl=LONG)
        await anyio.sleep(_SETTLED)
        assert list(await cache.get_many(["search:a", "search:b"])) == [None, b"2"]


async def a_value_that_expired_at_once_leaves_nothing_older_behind(cache: CacheStore) -> None:
    await cache.set_many({"search:a": b"old"}, ttl=LONG)
    await cache.set_many({"search:a": b"new"}, ttl=0)
    await anyio.sleep(_SETTLED)
    assert list(await cache.get_many(["search:a"])) == [None]


async def any_key_is_a_key_of_its_own(cache: CacheStore) -> None:
    keys = [
        "",
        ":",
        "search",
        "search:",
        "search:a b\tc\r\n",
        "search:\0",
        "search:\0\0",
        "search:*?[a]^\\",
        "search:'; DROP TABLE entries; --",
        "search:é",
        "search:e\u0301",
        "search:検索🔎",
        "SEARCH:a",
        "search:a",
        f"search:{'k' * 5_000}",
    ]
    values = {key: f"value {number}".encode() for number, key in enumerate(keys)}
    await cache.set_many(values, ttl=LONG)
    assert list(await cache.get_many(keys)) == list(values.values())


async def a_key_that_is_no_text_is_kept_or_missed(cache: CacheStore) -> None:
    for key in ("\ud800", "search:\udfff", "search:a\udc80b"):
        await cache.set_many({key: b"1"}, ttl=LONG)
        assert list(await cache.get_many([key])) in ([None], [b"1"])
    await cache.set_many({"search:a": b"2"}, ttl=LONG)
    assert list(await cache.get_many(["search:a"])) == [b"2"]


async def asking_for_nothing_and_keeping_nothing_is_fine(cache: CacheStore) -> None:
    await cache.set_many({}, ttl=LONG)
    assert list(await cache.get_many([])) == []


async def thousands_of_keys_can_be_kept_and_asked_for_at_once(cache: CacheStore) -> None:
    values = {f"search:{number}": str(number).encode() for number in range(3_000)}
    await cache.set_many(values, ttl=LONG)
    assert list(await cache.get_many([*values, "search:none"])) == [*values.values(), None]


async def many_tasks_share_it(cache: CacheStore) -> None:
    async def use(number: int) -> None:
        values = {f"search:{number}:{at}": f"{number} {at}".encode() for at in range(20)}
        await cache.set_many(values, ttl=LONG)
        assert list(await cache.get_many(list(values))) == list(values.values())

    async with anyio.create_task_group() as tasks:
        for number in range(50):
            tasks.start_soon(use, number)
    assert None not in await cache.get_many([f"search:{number}:19" for number in range(50)])


async def a_cancelled_caller_leaves_it_usable(cache: CacheStore) -> None:
    await cache.set_many({"search:a": b"1"}, ttl=LONG)
    for turns in range(4):
        async with anyio.create_task_group() as tasks:
            for number in range(5):
                tasks.start_soon(cache.get_many, ["search:a", f"search:{number}"] * 100)
            for _ in range(turns):
                await anyio.lowlevel.checkpoint()
            tasks.cancel_scope.cancel()
    with anyio.fail_after(30):
        await cache.set_many({"search:b": b"2"}, ttl=LONG)
        assert list(await cache.get_many(["search:a", "search:b"])) == [b"1", b"2"]


CACHE_CONTRACT: tuple[Promise, ...] = (
    an_empty_cache_misses_all_keys,
    answers_come_in_the_order_of_the_keys,
    a_key_asked_for_twice_is_answered_twice,
    any_bytes_come_back_as_they_were,
    a_later_value_replaces_an_earlier_one,
    a_value_without_time_to_live_is_a_miss,
    a_value_that_expired_at_once_leaves_nothing_older_behind,
    any_key_is_a_key_of_its_own,
    a_key_that_is_no_text_is_kept_or_missed,
    asking_for_nothing_and_keeping_nothing_is_fine,
    thousands_of_keys_can_be_kept_and_asked_for_at_once,
    many_tasks_share_it,
    a_cancelled_caller_leaves_it_usable,
)
