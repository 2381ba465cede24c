"""Newline-delimited messages cut out of a stream of bytes, in linear time and bounded memory."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from mcp_toolweaver.core.top_level import TopLevel

LARGEST_FRAME = 16 * 1024 * 1024
"""Bytes of one message, if nothing else is asked for."""

_ENDLESS = 4
"""A frame so many times larger than the largest is answered before its end has come."""


@dataclass(frozen=True, slots=True)
class Oversized:
    """A frame that was dropped because it is too large."""

    size: int
    """Bytes seen of it."""
    answered: str | int | None
    """The id of the request that it answers; None if it is no answer, or its id was not found."""
    is_whole: bool
    """Whether it ended."""
    asked: str | int | None = None
    """The id of the request that it is; None if it is none, or its id was not found."""

    def told(self, largest: int) -> str:
        """Say of an answer how large it was and what may be done; ``largest`` in bytes."""
        return (
            f"the answer was dropped: {self.compared(largest)}. "
            "Ask for less at once, or raise maxFrameBytes of this server"
        )

    def compared(self, largest: int) -> str:
        """Say how large it was; ``largest`` in bytes."""
        size = f"{'' if self.is_whole else 'more than '}{_mebibytes(self.size)}"
        return f"it is too large ({size}; the limit is {_mebibytes(largest)})"


class Frame:
    """The pieces of one frame at a time, kept while they are few enough, else looked through and dropped."""

    def __init__(self, largest: int) -> None:
        """Keep at most ``largest`` bytes."""
        self._largest = largest
        self._parts: list[bytes] = []
        self._size = 0
        self._dropped: TopLevel | None = None
        self._is_told = False

    def take(self, piece: bytes) -> None:
        """Add to the frame."""
        self._size += len(piece)
        if self._dropped is not None:
            self._dropped.feed(piece)
            return
        self._parts.append(piece)
        if self._size > self._largest:
            self._dropped = TopLevel()
            for part in self._parts:
                self._dropped.feed(part)
            self._parts.clear()

    def endless(self) -> Oversized | None:
        """Return the frame, once, if it is far too large already and it is known what it answers."""
        if self._dropped is None or self._is_told or self._size <= self._largest * _ENDLESS:
            return None
        answered, asked = self._dropped.answered, self._dropped.asked
        self._is_told = answered is not None or asked is not None
        return Oversized(self._size, answered, is_whole=False, asked=asked) if self._is_told else None

    def finish(self) -> bytes | Oversized | None:
        """Return the frame, which is complete, and begin the next one; None if it was returned before."""
        parts, size, dropped, is_told = self._parts, self._size, self._dropped, self._is_told
        self._parts, self._size, self._dropped, self._is_told = [], 0, None, False
        if dropped is None:
            return b"".join(parts)
        return None if is_told else Oversized(size, dropped.answered, is_whole=True, asked=dropped.asked)


class Frames:
    """Takes chunks as they are read, and returns the lines that are complete."""

    def __init__(self, largest: int = LARGEST_FRAME) -> None:
        """Keep lines of at most ``largest`` bytes."""
        self._frame = Frame(largest)

    def feed(self, chunk: bytes) -> Iterator[bytes | Oversized]:
        """Yield what ends within ``chunk``, in order; empty lines are left out."""
        *ends, rest = chunk.split(b"\n")
        for end in ends:
            self._frame.take(end)
            if frame := self._frame.finish():
                yield frame
        self._frame.take(rest)
        if frame := self._frame.endless():
            yield frame


def _mebibytes(size: int) -> str:
    return f"{size / 1024 / 1024:.1f} MiB" if size >= 1024 * 1024 else f"{size / 1024:.1f} KiB"
