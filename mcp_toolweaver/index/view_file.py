"""A view as bytes: a line of JSON, the names, the arrays, and a hash over all of it. No pickle."""

from __future__ import annotations

import hashlib
import json

import numpy as np
from typing_extensions import Buffer

from mcp_toolweaver.index.packed import PackedDigests, PackedNames, pack_names
from mcp_toolweaver.index.view import View

FORMAT = 2
_HASH = 32


def encode(view: View) -> bytes:
    """Return the view as bytes."""
    parts = [
        *pack_names(view.tools),
        b"".join(map(bytes.fromhex, view.digests)),
        np.asarray(view.points, dtype="<u8").tobytes(),
        view.has_meaning.astype("<u1").tobytes(),
        np.diff(view.starts).astype("<u4").tobytes(),
        view.dimensions.astype("<u4").tobytes(),
        view.values.astype("<f4").tobytes(),
        view.known.astype("<u4").tobytes(),
        view.holders.astype("<u4").tobytes(),
    ]
    head = json.dumps({"format": FORMAT, "sizes": [len(part) for part in parts]}).encode()
    body = b"".join([head, b"\n", *parts])
    return hashlib.sha256(body).digest() + body


def decode(data: Buffer) -> View | None:
    """Return the view; None if the bytes are damaged, or of another format."""
    body = memoryview(data)[_HASH:]
    if hashlib.sha256(body).digest() != bytes(memoryview(data)[:_HASH]):
        return None
    line, _, _ = bytes(body[:4096]).partition(b"\n")
    sizes = _sizes(line)
    if sizes is None:
        return None
    start = len(line) + 1
    parts: list[memoryview] = []
    for size in sizes:
        parts.append(body[start : start + size])
        start += size
    return _view(parts)


def _sizes(line: bytes) -> list[int] | None:
    try:
        head = json.loads(line)
        sizes: list[int] = head["sizes"]
        return sizes if head["format"] == FORMAT else None
    except (ValueError, KeyError, TypeError):
        return None


def _view(parts: list[memoryview]) -> View:
    names, name_lengths, digests, points, has_meaning, lengths, dimensions, values, known, holders = parts
    starts = np.concatenate([[0], np.cumsum(np.frombuffer(lengths, dtype="<u4"), dtype=np.int64)])
    return View(
        tools=PackedNames(names, name_lengths),
        digests=PackedDigests(digests),
        points=np.frombuffer(points, dtype="<u8").tolist(),
        has_meaning=np.frombuffer(has_meaning, dtype="<u1").astype(np.bool_),
        starts=starts.astype(np.int64),
        dimensions=np.frombuffer(dimensions, dtype="<u4"),
        values=np.frombuffer(values, dtype="<f4"),
        known=np.frombuffer(known, dtype="<u4"),
        holders=np.frombuffer(holders, dtype="<u4").astype(np.int64),
    )
