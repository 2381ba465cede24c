"""A small file for each process that serves, so that others can see how it is doing.

    PID-RANDOM.json   its report, replaced as a whole
    PID-RANDOM.lock   locked for as long as the process lives

The lock tells the living from the dead also where numbers of processes are used again, or where
several containers share the folder. What the dead left is removed by whoever comes by.
"""

from __future__ import annotations

import logging
import os
import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from filelock import FileLock, Timeout

from mcp_toolweaver.telemetry.report import Report, decode, encode

_log = logging.getLogger(__name__)

_LOOK = 0.05
"""Seconds to try a lock: longer than another visitor holds that of a dead process."""
_LOOK_AGAIN = 0.01
_TRIES = 50
"""How often to put a report in place that somebody reads, which takes a moment."""
_YOUNG = 60.0
"""Seconds during which a lock without a report may belong to a process that is just starting."""


class StatusFile:
    """The file of this process. What fails is logged once, and never hurts."""

    def __init__(self, folder: Path) -> None:
        """Write to ``folder``, which is made where missing."""
        self._folder = folder
        self._path = folder / f"{os.getpid()}-{secrets.token_hex(4)}.json"
        self._lock = FileLock(self._path.with_suffix(".lock"), mode=0o600, thread_local=False)
        self._written: Report | None = None
        self._in_use = threading.Lock()
        self._is_closed = self._has_complained = False

    def write(self, report: Report) -> bool:
        """Replace the report, unless it is the same; return whether it stands there now."""
        with self._in_use:
            if self._is_closed:
                return False
            try:
                if report != self._written:
                    self._open()
                    _replace(self._path, encode(report))
                    self._written = report
            except (OSError, NotImplementedError, Timeout) as error:
                self._complain(error)
            return report == self._written

    def close(self) -> None:
        """Remove the file."""
        with self._in_use:
            self._is_closed = True
            if self._lock.is_locked:
                _remove(self._path, self._lock)

    def _open(self) -> None:
        if self._lock.is_locked:
            return
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        for _report in reports(self._folder):
            """Only to remove what the dead left."""
        self._lock.acquire(timeout=0)

    def _complain(self, error: Exception) -> None:
        if not self._has_complained:
            _log.warning("status: %s cannot be written (%s); `toolweaver status` will not see this", self._path, error)
        self._has_complained = True


def reports(folder: Path) -> Iterator[Report]:
    """Yield what each living process says of itself, the oldest first; remove what the dead left."""
    names = {path.with_suffix(".json") for path in folder.glob("*-*.*") if path.suffix in {".json", ".lock"}}
    found = [report for path in names if (report := _of_the_living(path)) is not None]
    yield from sorted(found, key=lambda report: (report.since, report.pid))


def _of_the_living(path: Path) -> Report | None:
    lock = FileLock(path.with_suffix(".lock"), mode=0o600, thread_local=False)
    try:
        if not path.exists() and _is_young(Path(lock.lock_file)):
            return None
        lock.acquire(timeout=_LOOK, poll_interval=_LOOK_AGAIN)
    except (Timeout, OSError, NotImplementedError):  # held, or not ours to look at
        return _read(path)
    _remove(path, lock)
    return None


def _is_young(path: Path) -> bool:
    return path.exists() and time.time() - path.stat().st_mtime < _YOUNG


def _read(path: Path) -> Report | None:
    try:
        return decode(path.read_bytes())
    except OSError:
        return None


def _replace(path: Path, data: bytes) -> None:
    whole = path.with_suffix(".tmp")
    with open(os.open(whole, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:  # noqa: PTH123  with a mode
        file.write(data)
    for _try in range(_TRIES - 1):
        with suppress(PermissionError):  # on Windows, while somebody reads it
            whole.replace(path)
            return
        time.sleep(_LOOK_AGAIN)
    whole.replace(path)


def _remove(path: Path, lock: FileLock) -> None:
    """Remove the files of a process whose lock we have."""
    with suppress(OSError):
        path.unlink(missing_ok=True)
        path.with_suffix(".tmp").unlink(missing_ok=True)
    lock.release(force=True)
    with suppress(OSError):
        Path(lock.lock_file).unlink(missing_ok=True)
