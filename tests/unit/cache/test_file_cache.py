"""A cache in a file never stands in anybody's way."""

import logging
import sqlite3
import threading
import time
from pathlib import Path

import anyio
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcp_toolweaver.cache.file import FileCache, open_file_cache

pytestmark = pytest.mark.anyio

LONG = 3600.0


def log_of(caplog: pytest.LogCaptureFixture) -> str:
    return "\n".join(record.getMessage() for record in caplog.records)


async def test_what_is_kept_is_returned_in_the_order_asked(tmp_path: Path) -> None:
    async with open_file_cache(tmp_path / "cache.db") as cache:
        await cache.set_many({"a": b"1", "b": b"", "c": bytes(range(256))}, ttl=LONG)
        assert await cache.get_many(["c", "x", "b", "a", "a"]) == [bytes(range(256)), None, b"", b"1", b"1"]


async def test_asking_for_nothing_and_keeping_nothing_is_fine(tmp_path: Path) -> None:
    async with open_file_cache(tmp_path / "cache.db") as cache:
        await cache.set_many({}, ttl=LONG)
        assert await cache.get_many([]) == []


async def test_a_later_value_replaces_an_earlier_one(tmp_path: Path) -> None:
    async with open_file_cache(tmp_path / "cache.db") as cache:
        await cache.set_many({"a": b"old"}, ttl=LONG)
        await cache.set_many({"a": b"new"}, ttl=LONG)
        assert await cache.get_many(["a"]) == [b"new"]


async def test_values_outlive_the_process(tmp_path: Path) -> None:
    path = tmp_path / "new" / "folders" / "cache.db"
    async with open_file_cache(path) as cache:
        await cache.set_many({"a": b"1"}, ttl=LONG)
    async with open_file_cache(path) as cache:
        assert await cache.get_many(["a"]) == [b"1"]


async def test_the_folder_is_made_for_the_owner_alone(tmp_path: Path) -> None:
    async with open_file_cache(tmp_path / "private" / "cache.db"):
        assert (tmp_path / "private").stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("ttl", [0.0, -1.0])
async def test_an_expired_value_is_a_miss(tmp_path: Path, ttl: float) -> None:
    async with open_file_cache(tmp_path / "cache.db") as cache:
        await cache.set_many({"a": b"1"}, ttl=ttl)
        await cache.set_many({"b": b"2"}, ttl=LONG)
        assert await cache.get_many(["a", "b"]) == [None, b"2"]


async def test_a_value_expires_when_its_time_has_come(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with open_file_cache(tmp_path / "cache.db") as cache:
        await cache.set_many({"a": b"1"}, ttl=60)
        now = time.time()
        monkeypatch.setattr(time, "time", lambda: now + 58)
        assert await cache.get_many(["a"]) == [b"1"]
        monkeypatch.setattr(time, "time", lambda: now + 61)
        assert await cache.get_many(["a"]) == [None]


async def test_expired_values_are_removed_from_the_file_when_it_is_opened(tmp_path: Path) -> None:
    path = tmp_path / "cache.db"
    for _ in range(2):
        async with open_file_cache(path) as cache:
            await cache.set_many({"a": b"1"}, ttl=-1)
    async with open_file_cache(path) as cache:
        await cache.set_many({"b": b"2"}, ttl=LONG)
    connection = sqlite3.connect(path)
    assert connection.execute("SELECT key FROM entries").fetchall() == [("b",)]
    connection.close()


async def test_any_number_of_keys_can_be_asked_for_at_once(tmp_path: Path) -> None:
    values = {f"key {number}": str(number).encode() for number in range(3_000)}
    async with open_file_cache(tmp_path / "cache.db") as cache:
        await cache.set_many(values, ttl=LONG)
    connection = sqlite3.connect(tmp_path / "cache.db", check_same_thread=False)
    connection.setlimit(sqlite3.SQLITE_LIMIT_VARIABLE_NUMBER, 999)  # that of older builds of SQLite
    assert await FileCache(connection).get_many([*values, "none"]) == [*values.values(), None]
    connection.close()


async def test_two_caches_on_one_file_see_each_others_values(tmp_path: Path) -> None:
    path = tmp_path / "cache.db"
    async with open_file_cache(path) as first, open_file_cache(path) as second:
        await first.set_many({"a": b"1"}, ttl=LONG)
        await second.set_many({"b": b"2"}, ttl=LONG)
        assert await first.get_many(["a", "b"]) == await second.get_many(["a", "b"]) == [b"1", b"2"]


@pytest.mark.parametrize("garbage", [b"not a database, but long enough to be read as one" * 100, b"\0" * 5000])
async def test_a_damaged_file_is_set_aside_and_made_anew(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, garbage: bytes
) -> None:
    path = tmp_path / "cache.db"
    path.write_bytes(garbage)
    with caplog.at_level(logging.WARNING):
        async with open_file_cache(path) as cache:
            await cache.set_many({"a": b"1"}, ttl=LONG)
    async with open_file_cache(path) as cache:
        assert await cache.get_many(["a"]) == [b"1"]
    assert (tmp_path / "cache.damaged").read_bytes() == garbage
    assert "was damaged" in log_of(caplog)


async def test_a_file_damaged_while_open_is_a_miss(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "cache.db"
    async with open_file_cache(path) as cache:
        await cache.set_many({"a": b"1"}, ttl=LONG)
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA journal_mode=DELETE").close()
    connection.close()
    connection = sqlite3.connect(path, check_same_thread=False)
    size = path.stat().st_size
    path.write_bytes(b"x" * size)
    with caplog.at_level(logging.WARNING):
        cache = FileCache(connection)
        assert await cache.get_many(["a"]) == [None]
        await cache.set_many({"a": b"1"}, ttl=LONG)
    connection.close()
    assert "reading failed" in log_of(caplog)
    assert "writing failed" in log_of(caplog)


@pytest.mark.parametrize("below", ["cache.db", "deeper/cache.db"])
async def test_where_no_folder_can_be_made_the_cache_lives_in_memory(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, below: str
) -> None:
    (tmp_path / "file").write_bytes(b"in the way")
    with caplog.at_level(logging.WARNING):
        async with open_file_cache(tmp_path / "file" / below) as cache:
            await cache.set_many({"a": b"1"}, ttl=LONG)
            assert await cache.get_many(["a"]) == [b"1"]
    assert "keeping it in memory" in log_of(caplog)
    assert (tmp_path / "file").read_bytes() == b"in the way"


async def test_a_folder_in_place_of_the_file_is_left_alone(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "cache.db").mkdir()
    with caplog.at_level(logging.WARNING):
        async with open_file_cache(tmp_path / "cache.db") as cache:
            await cache.set_many({"a": b"1"}, ttl=LONG)
            assert await cache.get_many(["a"]) == [b"1"]
    assert "keeping it in memory" in log_of(caplog)
    assert (tmp_path / "cache.db").is_dir()


async def test_a_database_of_somebody_else_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "cache.db"
    connection = sqlite3.connect(path)
    connection.executescript("CREATE TABLE entries (other TEXT); INSERT INTO entries VALUES ('theirs')")
    connection.close()
    async with open_file_cache(path) as cache:
        await cache.set_many({"a": b"1"}, ttl=LONG)
        assert await cache.get_many(["a"]) == [b"1"]
    connection = sqlite3.connect(path)
    assert connection.execute("SELECT other FROM entries").fetchall() == [("theirs",)]
    connection.close()


async def test_a_locked_database_is_a_miss(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "cache.db"
    async with open_file_cache(path) as cache:
        await cache.set_many({"a": b"1"}, ttl=LONG)
    other = sqlite3.connect(path)
    other.execute("PRAGMA journal_mode=DELETE").close()
    other.execute("BEGIN EXCLUSIVE")
    connection = sqlite3.connect(path, check_same_thread=False, timeout=0)
    cache = FileCache(connection)
    with caplog.at_level(logging.WARNING):
        assert await cache.get_many(["a"]) == [None]
        await cache.set_many({"b": b"2"}, ttl=LONG)
    assert log_of(caplog).count("locked") == 2
    other.rollback()
    assert await cache.get_many(["a", "b"]) == [b"1", None]
    connection.close()
    other.close()


async def test_a_cache_that_was_closed_is_a_miss(tmp_path: Path) -> None:
    async with open_file_cache(tmp_path / "cache.db") as cache:
        pass
    await cache.set_many({"a": b"1"}, ttl=LONG)
    assert await cache.get_many(["a"]) == [None]


async def test_a_key_that_cannot_be_encoded_is_a_miss(tmp_path: Path) -> None:
    async with open_file_cache(tmp_path / "cache.db") as cache:
        await cache.set_many({"\ud800": b"1"}, ttl=LONG)
        assert await cache.get_many(["\ud800"]) in ([None], [b"1"])


async def test_many_tasks_share_one_cache(tmp_path: Path) -> None:
    async with open_file_cache(tmp_path / "cache.db") as cache:

        async def use(number: int) -> None:
            keys = {f"{number}:{at}": f"{number}".encode() for at in range(20)}
            await cache.set_many(keys, ttl=LONG)
            assert await cache.get_many(list(keys)) == list(keys.values())

        async with anyio.create_task_group() as tasks:
            for number in range(50):
                tasks.start_soon(use, number)
        assert None not in await cache.get_many([f"{number}:19" for number in range(50)])


async def test_a_cancelled_reader_leaves_the_cache_usable(tmp_path: Path) -> None:
    async with open_file_cache(tmp_path / "cache.db") as cache:
        await cache.set_many({"a": b"1"}, ttl=LONG)
        async with anyio.create_task_group() as tasks:
            for _ in range(20):
                tasks.start_soon(cache.get_many, ["a"] * 1000)
            await anyio.lowlevel.checkpoint()
            tasks.cancel_scope.cancel()
        with anyio.fail_after(30):
            assert await cache.get_many(["a"]) == [b"1"]


async def test_the_event_loop_is_free_while_the_file_is_read(tmp_path: Path) -> None:
    threads: list[int] = []
    connection = sqlite3.connect(tmp_path / "cache.db", check_same_thread=False)
    connection.execute(
        "CREATE TABLE entries (key TEXT PRIMARY KEY, value BLOB NOT NULL, expires REAL NOT NULL)"
    ).close()
    connection.set_trace_callback(lambda _statement: threads.append(threading.get_ident()))
    await FileCache(connection).get_many(["a"])
    connection.set_trace_callback(None)
    connection.close()
    assert threads
    assert threading.get_ident() not in threads


@given(st.dictionaries(st.text(), st.binary()))
def test_any_key_and_value_come_back(values: dict[str, bytes]) -> None:
    async def keep_and_get() -> None:
        async with open_file_cache(Path(":memory:")) as cache:
            await cache.set_many(values, ttl=LONG)
            assert await cache.get_many(list(values)) == list(values.values())

    anyio.run(keep_and_get)
