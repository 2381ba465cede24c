"""What files of weights say of themselves: how long they are and which others they need. No number is read."""

from __future__ import annotations

import json
import mmap
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, TypeAlias

from mcp_toolweaver.core.json_values import is_array, is_object

_LONGEST_HEADER = 100_000_000
"""Bytes; safetensors allow no longer one."""
_LENGTH = 8
"""Bytes of the number that a safetensors file starts with."""

_GRAPH = 7
_EXTERNAL = (5, 13)
"""In a graph: the initializers, and of each where else its numbers are. A pair of a key and a value says where."""
_KEY, _VALUE = 1, 2
_VARINT, _FIXED_64, _SIZED, _FIXED_32 = 0, 1, 2, 5
_LONGEST_VARINT = 10

_Span: TypeAlias = tuple[int, int]


def damage(path: Path) -> str | None:
    """Return what is wrong with one file of weights, as a sentence; what only reading all of it tells is not seen.

    Raises:
        OSError: it cannot be read.
    """
    if not path.is_file():
        return f"{path} is missing"
    if path.suffix == ".json":
        return None if shards(path) else f"{path} is damaged"
    if path.suffix == ".safetensors":
        return _tensor_damage(path)
    if path.stat().st_size == 0:
        return f"{path} is empty"
    is_broken = path.suffix == ".onnx" and external(path) is None
    return f"{path} is damaged or cut off: it is no graph" if is_broken else None


def shards(index: Path) -> list[str]:
    """Return the names of the files that an index of safetensors speaks of; none where it is damaged.

    Raises:
        OSError: it cannot be read.
    """
    table = _json(index.read_bytes())
    places = table.get("weight_map") if is_object(table) else None
    names = sorted({str(name) for name in places.values()}) if is_object(places) else []
    return names if all(map(is_inside, names)) else []


def external(graph: Path) -> list[str] | None:
    """Return the names of the files that hold numbers of an ONNX graph, which lie beside it; None if it is no graph.

    Raises:
        OSError: it cannot be read.
    """
    try:
        with graph.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            return _external(data)
    except ValueError:  # empty, cut off, or something else
        return None


def is_inside(name: str) -> bool:
    """Tell whether a name from a file can only be of something in that file's folder."""
    return not any(sign in name for sign in (":", "\\", "\0")) and not {"", ".", ".."} & set(name.split("/"))


def _tensor_damage(path: Path) -> str | None:
    size, whole = path.stat().st_size, _declared_size(path)
    if whole is None:
        return f"{path} is damaged: it does not start like a safetensors file"
    if size < whole:
        return f"{path} is cut off: it has {size:,} of {whole:,} bytes"
    return None if size == whole else f"{path} is damaged: it has {size:,} bytes and should have {whole:,}"


def _declared_size(path: Path) -> int | None:
    """Return how long a safetensors file says that it is; None if it is none."""
    with path.open("rb") as file:
        length = int.from_bytes(file.read(_LENGTH), "little")
        header = _json(file.read(length)) if 0 < length <= _LONGEST_HEADER else None
    if not is_object(header):
        return None
    return _LENGTH + length + max(map(_end, header.values()), default=0)


def _end(entry: Any) -> int:
    """Return where a tensor ends; 0 for the header's entry that is none."""
    offsets = entry.get("data_offsets") if is_object(entry) else None
    end = offsets[-1] if is_array(offsets) and offsets else None
    return end if isinstance(end, int) else 0


def _external(data: mmap.mmap) -> list[str] | None:
    """Walk through a graph as it is written (by protobuf), over numbers and nodes.

    Raises:
        ValueError: it is not written so.
    """
    spans = _inside(data, [(0, len(data))], _GRAPH)
    if not spans:
        return None
    for number in _EXTERNAL:
        spans = _inside(data, spans, number)
    names: set[str] = set()
    for span in spans:
        pair = {number: data[start:end] for number, start, end in _fields(data, *span)}
        if pair.get(_KEY) == b"location":
            names.add(pair.get(_VALUE, b"").decode())
    return sorted(names) if all(map(is_inside, names)) else None


def _inside(data: mmap.mmap, spans: Sequence[_Span], wanted: int) -> list[_Span]:
    return [(start, end) for span in spans for number, start, end in _fields(data, *span) if number == wanted]


def _fields(data: mmap.mmap, at: int, end: int) -> Iterator[tuple[int, int, int]]:
    """Yield number, start and end of each field of a message that has a size."""
    while at < end:
        tag, at = _varint(data, at)
        kind, start = tag & 7, at
        if kind == _VARINT:
            _number, at = _varint(data, at)
        elif kind == _SIZED:
            size, start = _varint(data, at)
            at = start + size
        elif kind in (_FIXED_32, _FIXED_64):
            at += 4 if kind == _FIXED_32 else 8
        else:
            raise ValueError(kind)
        if at > end:
            raise ValueError(at)
        if kind == _SIZED:
            yield tag >> 3, start, at


def _varint(data: mmap.mmap, at: int) -> tuple[int, int]:
    """Return a number of any length, and where it ends."""
    value = 0
    for count, byte in enumerate(data[at : at + _LONGEST_VARINT]):
        value |= (byte & 0x7F) << (7 * count)
        if byte < 0x80:  # noqa: PLR2004  its highest bit says that another byte follows
            return value, at + count + 1
    raise ValueError(at)


def _json(data: bytes) -> Any:
    try:
        return json.loads(data)
    except (ValueError, RecursionError):
        return None
