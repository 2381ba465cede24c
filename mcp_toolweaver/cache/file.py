"""A cache in one SQLite file, shared by the processes of one user."""

from __future__ import annotations

import logging
import os
import sqlite3
import threading
import time
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import anyio

from mcp_toolweaver.core.threads import run_in_thread

_log = logging.getLogger(__name__)

_SCHEMA = "CREATE TABLE IF NOT EXISTS entries (key TEXT PRIMARY KEY, value BLOB NOT NULL, expires REAL NOT NULL)"
_KEYS_AT_ONCE = 500
_BUSY_SECONDS = 2.0


class FileCache:
    """A `Cache` over an open SQLite connection; whatever fails is a miss and a line in the log."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        """Use `open_file_cache` to get one."""
        self._connection = connection
        self._one_at_a_time = anyio.CapacityLimiter(1)
        self._in_use = threading.Lock()  # a caller may leave its thread behind, and the limiter with it

    async def get_many(self, keys: Sequence[str]) -> Sequence[bytes | None]:
        """See `Cache.get_many`."""
        found = await run_in_thread(self._read, list(keys), limiter=self._one_at_a_time)
        return [found.get(key) for key in keys]

    async def set_many(self, values: Mapping[str, bytes], *, ttl: float) -> None:
        """See `Cache.set_many`."""
        await run_in_thread(self._write, dict(values), time.time() + ttl, limiter=self._one_at_a_time)

    def _read(self, keys: list[str]) -> dict[str, bytes]:
        found: dict[str, bytes] = {}
        try:
            for start in range(0, len(keys), _KEYS_AT_ONCE):
                found.update(self._read_some(keys[start : start + _KEYS_AT_ONCE]))
        except (sqlite3.Error, UnicodeError) as error:
            _log.warning("cache: reading failed (%s); going on without it", error)
        return found

    def _read_some(self, keys: list[str]) -> list[tuple[str, bytes]]:
        marks = ",".join("?" * len(keys))
        query = f"SELECT key, value FROM entries WHERE expires > ? AND key IN ({marks})"  # noqa: S608  marks only
        with self._in_use:
            return self._connection.execute(query, [time.time(), *keys]).fetchall()

    def _write(self, values: dict[str, bytes], expires: float) -> None:
        rows = [(key, value, expires) for key, value in values.items()]
        try:
            with self._in_use, self._connection:
                self._connection.executemany("INSERT OR REPLACE INTO entries VALUES (?, ?, ?)", rows)
        except (sqlite3.Error, UnicodeError) as error:
            _log.warning("cache: writing failed (%s); going on without it", error)


@asynccontextmanager
async def open_file_cache(path: Path) -> AsyncGenerator[FileCache]:
    """Open the cache file, made where missing; a damaged one is set aside and made anew.

    Where the folder cannot be written, the cache lives in memory for this process.
    """
    connection = await run_in_thread(_open, path)
    try:
        yield FileCache(connection)
    finally:
        with suppress(sqlite3.Error):
            connection.close()


def _open(path: Path) -> sqlite3.Connection:
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        return _connect(path)
    except sqlite3.DatabaseError as damaged:
        return _anew(path, damaged)
    except OSError as error:
        _log.warning("cache: %s cannot be used (%s); keeping it in memory", path, error)
        return _connect(Path(":memory:"))


def _anew(path: Path, reason: sqlite3.DatabaseError) -> sqlite3.Connection:
    """Set a damaged file aside; one that is merely locked or unreadable stays where it is."""
    try:
        if isinstance(reason, sqlite3.OperationalError):
            raise reason
        os.replace(path, path.with_suffix(".damaged"))  # noqa: PTH105  atomic on every system
        _log.warning("cache: %s was damaged (%s); set aside as .damaged and made anew", path, reason)
        return _connect(path)
    except (OSError, sqlite3.Error) as error:
        _log.warning("cache: %s cannot be used (%s); keeping it in memory", path, error)
        return _connect(Path(":memory:"))


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, check_same_thread=False, timeout=_BUSY_SECONDS)
    try:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=NORMAL")
        connection.execute(_SCHEMA)
        connection.execute("DELETE FROM entries WHERE expires <= ?", [time.time()])
        connection.commit()
    except sqlite3.Error:
        connection.close()
        raise
    return connection
