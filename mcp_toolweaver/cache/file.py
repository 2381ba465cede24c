"""A cache in one SQLite file, shared by the processes of one user."""

from __future__ import annotations

import logging
import os
import sqlite3
import threading
import time
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import TypeVar

import anyio

from mcp_toolweaver.core.caching import Tally
from mcp_toolweaver.core.errors import Unavailable
from mcp_toolweaver.core.threads import run_in_thread

_log = logging.getLogger(__name__)

_ResultT = TypeVar("_ResultT")

_SCHEMA = "CREATE TABLE IF NOT EXISTS entries (key TEXT PRIMARY KEY, value BLOB NOT NULL, expires REAL NOT NULL)"
_TALLY = """
    SELECT substr(key, 1, instr(key || ':', ':') - 1), COUNT(*), SUM(LENGTH(value))
    FROM entries WHERE expires > ? GROUP BY 1
"""
_MAKE_ROOM = """
    DELETE FROM entries WHERE key IN (
        SELECT key FROM entries ORDER BY expires LIMIT (SELECT COUNT(*) / 5 + 1 FROM entries)
    )
"""
_ROOM = (
    "SELECT (page_count - freelist_count) * page_size FROM pragma_page_count, pragma_freelist_count, pragma_page_size"
)
_KEYS_AT_ONCE = 500
_BUSY_SECONDS = 2.0
_CLOSING_SECONDS = 5.0
"""For a thread that a caller left behind; after that the connection stays open until the process ends."""
_MAX_BYTES = 512 * 2**20
_ROUNDS = 20
"""How often a fifth is removed to make room; then all there was is gone."""


class FileCache:
    """A `Cache` and a `CacheShelf` over an open file; as a cache, whatever fails is a miss and a line in the log.

    Where there is a file, reads have a connection of their own, so that they wait for no write.
    """

    def __init__(
        self, connection: sqlite3.Connection, reading: sqlite3.Connection | None = None, *, max_bytes: int = _MAX_BYTES
    ) -> None:
        """Use `open_file_cache` to get one."""
        self._writer = _Door(connection)
        self._reader = self._writer if reading is None else _Door(reading)
        self._max_bytes = max_bytes

    async def get_many(self, keys: Sequence[str]) -> Sequence[bytes | None]:
        """See `Cache.get_many`."""
        found = await self._reader.try_("reading", lambda db: _read(db, keys)) or {}
        return [found.get(key) for key in keys]

    async def set_many(self, values: Mapping[str, bytes], *, ttl: float) -> None:
        """See `Cache.set_many`; where there is no room left, what expires first goes first."""
        expires = time.time() + ttl
        rows = [(key, value, expires) for key, value in values.items()]
        await self._writer.try_("writing", lambda db: _write(db, rows, self._max_bytes))

    async def tally(self) -> Mapping[str, Tally]:
        """See `CacheShelf.tally`."""
        rows = await self._reader.ask(lambda db: db.execute(_TALLY, [time.time()]).fetchall())
        return {kind: Tally(count, size) for kind, count, size in rows}

    async def clear(self, kind: str) -> int:
        """See `CacheShelf.clear`."""
        return await self._writer.ask(lambda db: _clear(db, kind))

    async def size(self) -> int:
        """Return how many bytes the file takes, less what is free in it.

        Raises:
            Unavailable: the file cannot be read.
        """
        return await self._reader.ask(_used)

    async def values(self, kind: str) -> Sequence[bytes]:
        """Return all values whose keys begin with ``kind`` and a colon.

        Raises:
            Unavailable: the file cannot be read.
        """
        return await self._reader.ask(lambda db: _values(db, kind))

    def close(self) -> None:
        """Close the file; from then on everything is a miss. Blocking."""
        self._reader.close()
        self._writer.close()


class _Door:
    """A connection, used by one thread at a time; a caller may leave its thread behind."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._one_at_a_time = anyio.CapacityLimiter(1)
        self._in_use = threading.Lock()
        self._complaint = ""

    async def ask(self, question: Callable[[sqlite3.Connection], _ResultT]) -> _ResultT:
        try:
            return await run_in_thread(self._run, question, limiter=self._one_at_a_time)
        except (sqlite3.Error, UnicodeError) as error:
            raise Unavailable("cache", f"the file cannot be used ({error})") from error

    async def try_(self, what: str, question: Callable[[sqlite3.Connection], _ResultT]) -> _ResultT | None:
        """Return the answer, or None; the same failure is logged once, until something succeeds."""
        try:
            answer = await self.ask(question)
        except Unavailable as away:
            complaint = f"{what} failed: {away.reason}"
            if complaint != self._complaint:
                _log.warning("cache: %s; going on without it", complaint)
            self._complaint = complaint
            return None
        self._complaint = ""
        return answer

    def close(self) -> None:
        """Close the connection once no thread uses it: one that is closed under a thread ends the process."""
        if self._in_use.acquire(timeout=_CLOSING_SECONDS):
            with suppress(sqlite3.Error):
                self._connection.close()
            self._in_use.release()

    def _run(self, question: Callable[[sqlite3.Connection], _ResultT]) -> _ResultT:
        with self._in_use:
            return question(self._connection)


def _read(db: sqlite3.Connection, keys: Sequence[str]) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    for start in range(0, len(keys), _KEYS_AT_ONCE):
        some = keys[start : start + _KEYS_AT_ONCE]
        marks = ",".join("?" * len(some))
        query = f"SELECT key, value FROM entries WHERE expires > ? AND key IN ({marks})"  # noqa: S608  marks only
        found.update(db.execute(query, [time.time(), *some]))
    return found


def _values(db: sqlite3.Connection, kind: str) -> list[bytes]:
    query = "SELECT value FROM entries WHERE expires > ? AND key >= ? AND key < ?"
    return [value for (value,) in db.execute(query, [time.time(), f"{kind}:", f"{kind};"])]


def _write(db: sqlite3.Connection, rows: Sequence[tuple[str, bytes, float]], max_bytes: int) -> None:
    with db:
        db.executemany("INSERT OR REPLACE INTO entries VALUES (?, ?, ?)", rows)
    for _round in range(_ROUNDS):
        if _used(db) <= max_bytes:
            return
        with db:
            if not db.execute("DELETE FROM entries WHERE expires <= ?", [time.time()]).rowcount:
                db.execute(_MAKE_ROOM)


def _used(db: sqlite3.Connection) -> int:
    ((used,),) = db.execute(_ROOM)
    return int(used)


def _clear(db: sqlite3.Connection, kind: str) -> int:
    """Remove what begins with ``kind`` and a colon, the character before the semicolon."""
    with db:
        return db.execute("DELETE FROM entries WHERE key >= ? AND key < ?", [f"{kind}:", f"{kind};"]).rowcount


@asynccontextmanager
async def open_file_cache(path: Path, *, max_bytes: int = _MAX_BYTES) -> AsyncGenerator[FileCache]:
    """Open the cache file, made where missing; a damaged one is set aside and made anew.

    Where the folder cannot be written, the cache lives in memory for this process.
    """
    writing, reading = await run_in_thread(_open, path)
    cache = FileCache(writing, reading, max_bytes=max_bytes)
    try:
        yield cache
    finally:
        with anyio.CancelScope(shield=True):
            await run_in_thread(cache.close)


def _open(path: Path) -> tuple[sqlite3.Connection, sqlite3.Connection | None]:
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        return _connect(path)
    except sqlite3.DatabaseError as damaged:
        return _anew(path, damaged)
    except OSError as error:
        return _in_memory(path, error)


def _anew(path: Path, reason: sqlite3.DatabaseError) -> tuple[sqlite3.Connection, sqlite3.Connection | None]:
    """Set a damaged file aside; one that is merely locked or unreadable stays where it is."""
    try:
        if isinstance(reason, sqlite3.OperationalError):
            raise reason
        os.replace(path, path.with_suffix(".damaged"))  # noqa: PTH105  atomic on every system
        _log.warning("cache: %s was damaged (%s); set aside as .damaged and made anew", path, reason)
        return _connect(path)
    except (OSError, sqlite3.Error) as error:
        return _in_memory(path, error)


def _in_memory(path: Path, error: Exception) -> tuple[sqlite3.Connection, None]:
    _log.warning("cache: %s cannot be used (%s); keeping it in memory", path, error)
    return _prepared(":memory:"), None


def _connect(path: Path) -> tuple[sqlite3.Connection, sqlite3.Connection | None]:
    if str(path) == ":memory:":
        return _prepared(path), None
    writing = _prepared(path)
    try:
        return writing, sqlite3.connect(path, check_same_thread=False, timeout=_BUSY_SECONDS)
    except sqlite3.Error:
        writing.close()
        raise


def _prepared(path: Path | str) -> sqlite3.Connection:
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
