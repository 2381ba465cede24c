"""What a downstream process writes to stderr: drained, and its last line kept for messages."""

from __future__ import annotations

import os
import threading
from collections.abc import Generator
from contextlib import contextmanager
from typing import TextIO

from mcp_toolweaver.core.scrub import scrub

_LONGEST_LINE = 400


class StderrTail:
    """The last line of a stream that a thread drains, so that the process never blocks on it."""

    def __init__(self, stream: TextIO) -> None:
        """Drain ``stream`` until its end."""
        self._last = ""
        self._thread = threading.Thread(target=self._drain, args=[stream], daemon=True, name="stderr")
        self._thread.start()

    def _drain(self, stream: TextIO) -> None:
        with stream:
            while chunk := stream.readline(_LONGEST_LINE):
                if chunk.strip():
                    self._last = scrub(chunk.strip())

    def last_line(self) -> str:
        """Return the last line written so far, for a message; or nothing.

        It blocks for 0.2 s, so that what a dying process wrote last can arrive.
        """
        self._thread.join(timeout=0.2)
        return f"the last line of its stderr: {self._last}" if self._last else ""


@contextmanager
def stderr_tail() -> Generator[tuple[TextIO, StderrTail]]:
    """Yield a file to give to a child process as its stderr, and the tail of what it writes."""
    read_end, write_end = os.pipe()
    tail = StderrTail(os.fdopen(read_end, encoding="utf-8", errors="replace"))
    with os.fdopen(write_end, "w", encoding="utf-8") as sink:
        yield sink, tail
