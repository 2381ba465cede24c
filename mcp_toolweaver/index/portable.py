r"""Vectors in one file, by the SHA-256 of their text, so that they move between engines and machines.

    toolweaver vectors 1\n
    {"dimension": 384, "space": "..."}\n
    records: 32 bytes of SHA-256, then the vector as little-endian float32; as many as there are
    the SHA-256 of all of the above

A file is used only if all of it is as it was written; reading takes no more memory than a batch.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import IO, TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mcp_toolweaver.core.errors import InvalidRequest
from mcp_toolweaver.core.json_values import is_object

if TYPE_CHECKING:
    from mcp_toolweaver.core.query import Vector

_NAME = b"toolweaver vectors "
_VERSION = b"1"
_LONGEST_LINE = 4096
_LARGEST_DIMENSION = 65_536
_CHECKSUM = hashlib.sha256().digest_size
_NORM_TOLERANCE = 1e-3
_BATCH = 1024
_PIECE = 1 << 20


class VectorWriter:
    """Writes records to a file that has none yet."""

    def __init__(self, file: IO[bytes], space: str) -> None:
        """Use `writing` to get one."""
        self._file = file
        self._space = space
        self._hash = hashlib.sha256()
        self._dimension = 0
        self.count = 0

    def add(self, vectors: Mapping[str, Vector]) -> None:
        """Write vectors by the SHA-256 of their text; all of a file have one dimension.

        Raises:
            ValueError: a key is no SHA-256, or a vector is of another dimension than the first.
        """
        for text, vector in vectors.items():
            digest = bytes.fromhex(text)
            if len(digest) != _CHECKSUM:
                raise ValueError(f"{text!r} is no SHA-256")
            self._begin(len(vector))
            self._put(digest + np.asarray(vector, dtype="<f4").tobytes())
            self.count += 1

    def _begin(self, dimension: int) -> None:
        if not self._dimension:
            self._dimension = dimension
            header = json.dumps({"dimension": dimension, "space": self._space}, sort_keys=True)
            self._put(_NAME + _VERSION + b"\n" + header.encode() + b"\n")
        if dimension != self._dimension:
            raise ValueError(f"a vector has {dimension} dimensions, others {self._dimension}")

    def _put(self, data: bytes) -> None:
        self._hash.update(data)
        self._file.write(data)

    def finish(self) -> None:
        """Write the checksum, and make sure that all of it is on the disk."""
        self._file.write(self._hash.digest())
        self._file.flush()
        os.fsync(self._file.fileno())


@contextmanager
def writing(path: Path, space: str, *, force: bool = False) -> Generator[VectorWriter]:
    """Write a file that appears when the block ends: whole, or not at all if the block raises or adds nothing.

    Raises:
        InvalidRequest: there is a file already, and ``force`` is not given, or it cannot be written.
    """
    if path.exists() and not force:
        raise InvalidRequest(f"{path} exists already; --force replaces it")
    if path.exists() and not path.is_file():
        raise InvalidRequest(f"{path} is no file and is left alone")
    try:
        with _temporary(path) as file:
            writer = VectorWriter(file, space)
            yield writer
            if writer.count:
                writer.finish()
                file.close()  # Windows replaces nothing that is open
                os.replace(file.name, path)  # noqa: PTH105  atomic on every system
    except OSError as error:
        raise InvalidRequest(f"{path} cannot be written: {error.strerror or error}") from error


@contextmanager
def _temporary(path: Path) -> Generator[IO[bytes]]:
    with NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", delete=False) as file:
        try:
            yield file
        finally:
            file.close()
            Path(file.name).unlink(missing_ok=True)


@dataclass(frozen=True, slots=True)
class VectorFile:
    """An open file that was found whole."""

    space: str
    dimension: int
    count: int
    _file: IO[bytes]
    _start: int

    def batches(self) -> Iterator[dict[str, Vector]]:
        """Read all vectors, by the SHA-256 of their text.

        Raises:
            InvalidRequest: one of them is not normalized.
        """
        self._file.seek(self._start)
        record = _record(self.dimension)
        for first in range(0, self.count, _BATCH):
            size = min(_BATCH, self.count - first)
            rows = np.frombuffer(self._file.read(size * record.itemsize), dtype=record)
            if len(rows) != size or not _are_normalized(rows["vector"]):
                raise InvalidRequest(f"{self._file.name} holds something that is no normalized vector")
            vectors = rows["vector"].astype(np.float32)
            yield {text.tobytes().hex(): vector for text, vector in zip(rows["text"], vectors, strict=True)}


def _record(dimension: int) -> np.dtype[np.void]:
    return np.dtype([("text", f"V{_CHECKSUM}"), ("vector", "<f4", (dimension,))])


def _are_normalized(vectors: NDArray[np.float32]) -> bool:
    norms = np.linalg.norm(vectors.astype(np.float64), axis=1)
    return bool(np.all(np.abs(norms - 1) < _NORM_TOLERANCE))


@contextmanager
def reading(path: Path) -> Generator[VectorFile]:
    """Open a file after checking all of it.

    Raises:
        InvalidRequest: it cannot be read, is not ours, is of another version, or is damaged.
    """
    if path.exists() and not path.is_file():
        raise InvalidRequest(f"{path} is no file")
    with _told(path):
        file = path.open("rb")
    with file:
        with _told(path):
            found = _checked(file, path)
        yield found


@contextmanager
def _told(path: Path) -> Generator[None]:
    try:
        yield
    except OSError as error:
        raise InvalidRequest(f"{path} cannot be read: {error.strerror or error}") from error


def _checked(file: IO[bytes], path: Path) -> VectorFile:
    space, dimension = _header(file, path)
    start = file.tell()
    end = file.seek(0, os.SEEK_END) - _CHECKSUM
    count, rest = divmod(end - start, _record(dimension).itemsize)
    if end < start or rest or not _fits(file, end):
        raise InvalidRequest(f"{path} is damaged or was cut short: its checksum does not fit; export it again")
    opened = VectorFile(space, dimension, count, file, start)
    for _ in opened.batches():
        pass
    return opened


def _header(file: IO[bytes], path: Path) -> tuple[str, int]:
    first = file.readline(_LONGEST_LINE)
    if not first.startswith(_NAME):
        raise InvalidRequest(f"{path} is no file that `toolweaver index export` wrote")
    if first != _NAME + _VERSION + b"\n":
        raise InvalidRequest(f"{path} is of a format that this version of Toolweaver cannot read; update it")
    header = _parsed(file.readline(_LONGEST_LINE))
    space, dimension = header.get("space"), header.get("dimension")
    if not isinstance(space, str) or type(dimension) is not int or not 0 < dimension <= _LARGEST_DIMENSION:
        raise InvalidRequest(f"{path} is damaged: its header cannot be read; export it again")
    return space, dimension


def _parsed(line: bytes) -> dict[str, Any]:
    try:
        header = json.loads(line)
    except (ValueError, RecursionError):
        return {}
    return header if is_object(header) else {}


def _fits(file: IO[bytes], end: int) -> bool:
    """Whether what stands at ``end`` is the checksum of all before it."""
    seen = hashlib.sha256()
    left = file.seek(0) + end
    while left > 0 and (part := file.read(min(left, _PIECE))):
        seen.update(part)
        left -= len(part)
    return left == 0 and file.read(_CHECKSUM) == seen.digest()
