"""The log of one downstream server: a file of bounded size that several processes may append to."""

from __future__ import annotations

import hashlib
import os
import re
from contextlib import suppress
from contextvars import ContextVar
from pathlib import Path

LOG_FOLDER: ContextVar[Path | None] = ContextVar("LOG_FOLDER", default=None)
"""Where the logs of servers lie; None: nowhere."""

LOGS = "logs"
"""The name of that folder in the folder for data."""

LARGEST_LOG = 1024 * 1024
"""Bytes after which a log becomes the older one, of which one is kept."""

_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")
_LONGEST_NAME = 80
_DEVICES = re.compile(r"(?i)(con|prn|aux|nul|com\d|lpt\d)(\..*)?")


def set_log_folder(folder: Path) -> None:
    """Let the logs of all servers that are opened from here on lie in ``folder``, which is made when needed."""
    LOG_FOLDER.set(folder)


def log_path(folder: Path, server: str) -> Path:
    """Return the file for a server, of a name that every file system takes and that no other server has."""
    safe = _UNSAFE.sub("_", server)[:_LONGEST_NAME].strip(".")
    if safe != server or _DEVICES.fullmatch(safe):
        safe = f"{safe or 'server'}-{hashlib.sha256(server.encode(errors='replace')).hexdigest()[:8]}"
    return folder / f"{safe}.log"


def logged_servers(folder: Path) -> list[str]:
    """Return the servers that have a log, as their files are called."""
    return sorted({file.name.partition(".log")[0] for file in folder.glob("*.log*") if not file.name.endswith(".lock")})


def older(path: Path) -> Path:
    """Return where the older log is, if there is one."""
    return path.with_name(f"{path.name}.1")


def append(path: Path, text: str) -> None:
    """Append whole lines; blocks.

    Raises:
        OSError: the disk is full, the folder must not be written, ...
    """
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        os.write(descriptor, text.encode(errors="replace"))  # in one piece, so that lines of two processes never mix
        size = os.fstat(descriptor).st_size
    finally:
        os.close(descriptor)
    if size > LARGEST_LOG:
        _rotate(path)


def _rotate(path: Path) -> None:
    """Make the log the older one, unless another process does so or has just done it."""
    from filelock import FileLock, Timeout  # noqa: PLC0415  seldom needed, and never before the handshake

    with suppress(Timeout, OSError), FileLock(path.with_name(f"{path.name}.lock"), timeout=0):
        if path.stat().st_size > LARGEST_LOG:
            path.replace(older(path))
