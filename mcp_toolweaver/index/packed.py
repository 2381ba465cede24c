"""Names and digests as they lie in a file, each read when it is asked for: most of 100,000 never are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, overload

import numpy as np
from typing_extensions import Buffer

from mcp_toolweaver.core.tools import ToolId

DIGEST = 32
"""Bytes of a SHA-256."""
_ODD = "surrogatepass"  # a foreign name may hold half a character


class PackedNames(Sequence[ToolId]):
    """The identities of tools: all texts one after the other, and the length of each server and name."""

    def __init__(self, text: Buffer, lengths: Buffer) -> None:
        """Read from UTF-8 ``text`` and ``lengths`` in bytes, two unsigned numbers of 32 bits a tool."""
        self._text = memoryview(text)
        ends = np.cumsum(np.frombuffer(memoryview(lengths), dtype="<u4"), dtype=np.int64)
        self._ends = np.concatenate([np.zeros(1, dtype=np.int64), ends])

    def __len__(self) -> int:
        return (len(self._ends) - 1) // 2

    @overload
    def __getitem__(self, at: int) -> ToolId: ...
    @overload
    def __getitem__(self, at: slice) -> Sequence[ToolId]: ...
    def __getitem__(self, at: Any) -> Any:
        if isinstance(at, slice):
            return [self[each] for each in range(len(self))[at]]
        start, middle, end = self._ends[2 * at : 2 * at + 3].tolist() if 0 <= at < len(self) else self._missing(at)
        return ToolId(self._read(start, middle), self._read(middle, end))

    def _read(self, start: int, end: int) -> str:
        return str(self._text[start:end], "utf-8", _ODD)

    def _missing(self, at: int) -> tuple[int, int, int]:
        raise IndexError(at)


class PackedDigests(Sequence[str]):
    """Digests in hexadecimal digits, kept as bytes."""

    def __init__(self, content: Buffer) -> None:
        """Read from ``content``, 32 bytes a digest."""
        self._content = memoryview(content)

    def __len__(self) -> int:
        return len(self._content) // DIGEST

    @overload
    def __getitem__(self, at: int) -> str: ...
    @overload
    def __getitem__(self, at: slice) -> Sequence[str]: ...
    def __getitem__(self, at: Any) -> Any:
        if isinstance(at, slice):
            return [self[each] for each in range(len(self))[at]]
        if not 0 <= at < len(self):
            raise IndexError(at)
        return self._content[DIGEST * at : DIGEST * (at + 1)].hex()


def pack_names(tools: Sequence[ToolId]) -> tuple[bytes, bytes]:
    """Return the texts and the lengths that `PackedNames` reads."""
    texts = [text.encode("utf-8", _ODD) for tool in tools for text in (tool.server, tool.name)]
    return b"".join(texts), np.asarray([len(text) for text in texts], dtype="<u4").tobytes()
