"""A cache in a file has an end to its size, tells what it holds, and neither waits nor complains without need."""

from __future__ import annotations

import logging
import sqlite3
import threading
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import anyio
import pytest

from mcp_toolweaver.cache.file import FileCache, open_file_cache
from mcp_toolweaver.core.caching import Tally
from mcp_toolweaver.core.errors import Unavailable
from mcp_toolweaver.core.threads import run_in_thread

pytestmark = pytest.mark.anyio

LONG = 3600.0
MOST = 300_000


def connected(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(path, check_same_thread=False, timeout=0)


@contextmanager
def holding_writes(connection: sqlite3.Connection) -> Generator[tuple[threading.Event, threading.Event]]:
    """Hold the next write inside its transaction, from the first event on until the second."""
    begun, release = threading.Event(), threading.Event()

    def hold(statement: str) -> None:
        if statement.startswith("INSERT"):
            begun.set()
            release.wait(30)

    connection.set_trace_callback(hold)
    try:
        yield begun, release
    finally:
        release.set()


async def until(event: threading.Event) -> None:
    with anyio.fail_after(20):
        while not event.is_set():
            await anyio.sleep(0.001)


async def test_reads_do_not_wait_for_a_long_write(tmp_path: Path) -> None:
    path = tmp_path / "cache.db"
    async with open_file_cache(path) as cache:
        await cache.set_many({"search:a": b"old"}, ttl=LONG)
    writing, reading = connected(path), connected(path)
    cache = FileCache(writing, reading)
    with holding_writes(writing) as (begun, release):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(lambda: cache.set_many({"search:a": b"new"}, ttl=LONG))
            await until(begun)
            with anyio.fail_after(20):
                assert await cache.get_many(["search:a"]) == [b"old"]
                assert await cache.tally() == {"search": Tally(1, 3)}
            assert not release.is_set()
            release.set()
    assert await cache.get_many(["search:a"]) == [b"new"]
    writing.close()
    reading.close()


async def test_an_opened_file_is_read_by_a_connection_of_its_own(tmp_path: Path) -> None:
    path = tmp_path / "cache.db"
    async with open_file_cache(path) as cache:
        await cache.set_many({"search:a": b"1"}, ttl=LONG)
        other = connected(path)
        other.execute("BEGIN IMMEDIATE")
        ended = anyio.Event()

        async def write() -> None:
            await cache.set_many({"search:b": b"2"}, ttl=LONG)
            ended.set()

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(write)
            await anyio.sleep(0.01)
            assert await cache.get_many(["search:a"]) == [b"1"]
            assert not ended.is_set()  # it waits for two seconds
            other.rollback()
        other.close()


async def test_a_connection_is_closed_only_once_no_thread_uses_it(tmp_path: Path) -> None:
    async with open_file_cache(tmp_path / "cache.db"):
        pass
    connection = connected(tmp_path / "cache.db")
    cache = FileCache(connection)
    with holding_writes(connection) as (begun, release):
        async with anyio.create_task_group() as callers:
            callers.start_soon(lambda: cache.set_many({"search:a": b"1"}, ttl=LONG))
            await until(begun)
            callers.cancel_scope.cancel()
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(run_in_thread, cache.close)
            await anyio.sleep(0.05)
            assert connection.in_transaction  # else it says that it is closed
            release.set()
    with pytest.raises(sqlite3.ProgrammingError, match="closed"):
        connection.commit()
    assert await cache.get_many(["search:a"]) == [None]


async def test_callers_that_left_when_a_file_is_closed_do_no_harm(tmp_path: Path) -> None:
    values = {f"search:{number}": bytes(2000) for number in range(300)}
    for number in range(40):
        async with open_file_cache(tmp_path / "cache.db") as cache:
            with anyio.move_on_after(0.0005 * (number % 10)):
                async with anyio.create_task_group() as tasks:
                    tasks.start_soon(lambda: cache.set_many(values, ttl=LONG))
                    tasks.start_soon(cache.get_many, list(values))
    async with open_file_cache(tmp_path / "cache.db") as cache:
        await cache.set_many(values, ttl=LONG)
        assert await cache.get_many(list(values)) == list(values.values())


async def test_a_file_that_is_full_loses_what_expires_first(tmp_path: Path) -> None:
    async with open_file_cache(tmp_path / "cache.db", max_bytes=MOST) as cache:
        for number in (3, 0, 4, 1, 5, 2):
            values = {f"search:{number}:{at}": b"x" * 10_000 for at in range(10)}
            await cache.set_many(values, ttl=LONG + number)
            assert await cache.size() <= MOST
        left = [
            number for number in range(6) if any(await cache.get_many([f"search:{number}:{at}" for at in range(10)]))
        ]
        assert left == list(range(6))[-len(left) :]
        assert 2 <= len(left) <= 4
        assert None not in await cache.get_many([f"search:5:{at}" for at in range(10)])


async def test_a_file_that_is_full_of_expired_values_loses_only_those(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = time.time()
    async with open_file_cache(tmp_path / "cache.db", max_bytes=MOST) as cache:
        await cache.set_many({f"search:old:{at}": b"x" * 10_000 for at in range(25)}, ttl=60)
        monkeypatch.setattr(time, "time", lambda: now + 120)
        await cache.set_many({f"search:new:{at}": b"x" * 10_000 for at in range(10)}, ttl=LONG)
        assert None not in await cache.get_many([f"search:new:{at}" for at in range(10)])


async def test_a_value_larger_than_the_file_may_get_leaves_it_usable(tmp_path: Path) -> None:
    async with open_file_cache(tmp_path / "cache.db", max_bytes=MOST) as cache:
        await cache.set_many({"search:large": b"x" * (2 * MOST)}, ttl=LONG)
        assert await cache.size() <= MOST
        await cache.set_many({"search:a": b"1"}, ttl=LONG)
        assert await cache.get_many(["search:a"]) == [b"1"]


async def test_a_tally_says_how_much_there_is_of_each_kind(tmp_path: Path) -> None:
    async with open_file_cache(tmp_path / "cache.db") as cache:
        assert await cache.tally() == {}
        await cache.set_many({"search:a": b"12", "search:b:c": b"3", "embeddings:a": b"", "plain": b"4"}, ttl=LONG)
        await cache.set_many({"search:gone": b"12345", "catalog:gone": b"1"}, ttl=-1)
        assert await cache.tally() == {"search": Tally(2, 3), "embeddings": Tally(1, 0), "plain": Tally(1, 1)}


async def test_one_kind_can_be_cleared(tmp_path: Path) -> None:
    async with open_file_cache(tmp_path / "cache.db") as cache:
        await cache.set_many(dict.fromkeys(("search:", "search:a", "search:b:c", "search:\U0010ffff"), b"1"), ttl=LONG)
        others = {"search": b"1", "search;": b"2", "searches:a": b"3", "Search:a": b"4", "x:search:a": b"5"}
        await cache.set_many(others, ttl=LONG)
        assert await cache.clear("search") == 4
        assert await cache.clear("search") == 0
        assert await cache.clear("s%") == 0
        assert await cache.get_many(["search:", "search:a", "search:b:c"]) == [None] * 3
        assert await cache.get_many(list(others)) == list(others.values())


async def test_all_values_of_a_kind_can_be_read(tmp_path: Path) -> None:
    async with open_file_cache(tmp_path / "cache.db") as cache:
        await cache.set_many({"counters:a": b"1", "counters:b": b"2", "counter:a": b"3", "countersx:a": b"4"}, ttl=LONG)
        await cache.set_many({"counters:gone": b"5"}, ttl=-1)
        assert sorted(await cache.values("counters")) == [b"1", b"2"]
        assert await cache.values("none") == []


async def test_as_a_shelf_a_file_that_cannot_be_used_says_so(tmp_path: Path) -> None:
    async with open_file_cache(tmp_path / "cache.db") as cache:
        pass
    for question in (cache.tally(), cache.clear("search"), cache.values("search"), cache.size()):
        with pytest.raises(Unavailable, match="cache: the file cannot be used"):
            await question


async def test_a_failure_is_logged_once_until_something_succeeds(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "cache.db"
    async with open_file_cache(path) as opened:
        await opened.set_many({"search:a": b"1"}, ttl=LONG)
    other, connection = connected(path), connected(path)
    other.execute("PRAGMA journal_mode=DELETE").close()
    cache = FileCache(connection)
    with caplog.at_level(logging.WARNING):
        for outages in (1, 2):
            other.execute("BEGIN EXCLUSIVE")
            for _ in range(5):
                assert await cache.get_many(["search:a"]) == [None]
            assert len(caplog.records) == outages
            other.rollback()
            assert await cache.get_many(["search:a"]) == [b"1"]
    assert "reading failed" in caplog.text
    other.close()
    connection.close()
