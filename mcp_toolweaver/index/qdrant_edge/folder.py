"""The folder of the embedded engine: one process holds it, and one file says what counts in it.

    lock        held for as long as the folder is open
    view        which shard counts, and the view of it; replaced atomically
    shard-*     the engine's own files; another one stands beside it while it is put in order

What ``view`` does not name is left over from a crash, and removed when the folder is opened.
"""

from __future__ import annotations

import json
import logging
import os
import shutil
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from mmap import ACCESS_READ, mmap
from pathlib import Path
from typing import BinaryIO

from filelock import FileLock, Timeout
from typing_extensions import Buffer

from mcp_toolweaver.core.errors import InUse, Unavailable

_log = logging.getLogger(__name__)

PART = "index"
_VIEW = "view"
_SHARD = "shard-"
_LONGEST_HEAD = 4096
_BLOCK = 64 * 1024
_SPARE_BYTES = 256 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Head:
    """The first line of the view file."""

    shard: str
    changed: int
    """How many points were written or removed since the shard was put in order."""


class EdgeFolder:
    """A folder that this process holds; use `hold` to get one."""

    def __init__(self, path: Path) -> None:
        """Use ``path``, which must be locked."""
        self.path = path

    def read(self) -> tuple[Head, Buffer] | None:
        """Return what counts, and the bytes of its view; None if there is nothing, or it is damaged.

        Raises:
            OSError: it cannot be read just now.
        """
        try:
            with (self.path / _VIEW).open("rb") as file:
                content = memoryview(_mapped(file))
        except (FileNotFoundError, ValueError):  # there is none, or it is empty
            return None
        line, _, _ = bytes(content[:_LONGEST_HEAD]).partition(b"\n")
        head = _head(line)
        if head is None or not (self.path / head.shard).is_dir():
            _log.warning("index: %s is damaged; it is built anew", self.path / _VIEW)
            return None
        return head, content[len(line) + 1 :]

    def write(self, head: Head, view: Buffer) -> None:
        """Say what counts from now on, at once or not at all.

        Raises:
            OSError: it could not be written; what counted before still does.
        """
        new = self.path / f"{_VIEW}.new"
        with new.open("wb") as file:
            file.write(json.dumps({"shard": head.shard, "changed": head.changed}).encode() + b"\n")
            file.write(view)
            file.flush()
            os.fsync(file.fileno())
        new.replace(self.path / _VIEW)
        _sync(self.path)

    def new_shard(self) -> Path:
        """Return the path of a shard that never was there: a killed process may have left one at work."""
        return self.path / f"{_SHARD}{time.time_ns()}"

    def copy_shard(self, shard: str, copy: Path) -> None:
        """Copy a shard; the holes in its files, which are large, stay holes."""
        shutil.copytree(self.path / shard, copy, copy_function=_copy)

    def clear(self, kept: str = "") -> None:
        """Remove all shards but one."""
        for path in self._shards():
            if path.name != kept:
                shutil.rmtree(path, ignore_errors=True)

    def set_aside(self, shard: str) -> None:
        """Keep a damaged shard for whoever wants to look at it, in place of the one before."""
        damaged = self.path / "damaged"
        shutil.rmtree(damaged, ignore_errors=True)
        (self.path / shard).replace(damaged)

    def has_room(self, size: int) -> bool:
        """Tell whether so many bytes can be written with some to spare: a full disk kills who writes by mapping."""
        return shutil.disk_usage(self.path).free > size + _SPARE_BYTES

    @property
    def size(self) -> int:
        """Bytes on disk."""
        files = (path.stat() for path in self.path.rglob("*") if path.is_file())
        return sum(getattr(stat, "st_blocks", stat.st_size // 512) * 512 for stat in files)

    def _shards(self) -> list[Path]:
        return [path for path in self.path.glob(f"{_SHARD}*") if path.name.removeprefix(_SHARD).isdecimal()]


def _mapped(file: BinaryIO) -> Buffer:
    """Return the content of a file without reading it, except where a mapped file cannot be replaced."""
    return file.read() if os.name == "nt" else mmap(file.fileno(), 0, access=ACCESS_READ)


def _copy(source: str, target: str) -> str:
    with Path(source).open("rb") as old, Path(target).open("wb") as new:
        while block := old.read(_BLOCK):
            if block.strip(b"\0"):
                new.write(block)
            else:
                new.seek(len(block), os.SEEK_CUR)
        new.truncate(old.tell())
        new.flush()
        os.fsync(new.fileno())
    return target


def _sync(folder: Path) -> None:
    """Make a rename in a folder outlast a loss of power, where a folder can be opened."""
    if os.name != "posix":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _head(line: bytes) -> Head | None:
    try:
        read = json.loads(line)
        shard, changed = read["shard"], read["changed"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    is_ours = isinstance(shard, str) and shard.startswith(_SHARD) and shard.removeprefix(_SHARD).isdecimal()
    return Head(shard, changed) if is_ours and isinstance(changed, int) else None


@contextmanager
def hold(path: Path) -> Generator[EdgeFolder]:
    """Hold the folder, made where missing.

    Raises:
        InUse: another process holds it.
        Unavailable: it cannot be made or written.
    """
    lock = FileLock(path / "lock", timeout=0, thread_local=False)
    try:
        path.mkdir(parents=True, exist_ok=True, mode=0o700)
        lock.acquire()
    except Timeout as held:
        raise InUse(PART, f"another process uses {path}") from held
    except OSError as error:
        raise Unavailable(PART, f"{path} cannot be used ({error.strerror or error})") from error
    try:
        yield EdgeFolder(path)
    finally:
        lock.release()
