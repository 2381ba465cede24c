"""A waiting user first: documents pause between batches while a query is being embedded."""

from __future__ import annotations

import threading
from collections.abc import Generator
from contextlib import contextmanager

_LONGEST_PAUSE = 0.25
"""Seconds after which a document goes on although queries keep coming, so that an index gets done."""


class Turns:
    """Who may compute; queries never wait here."""

    def __init__(self) -> None:
        """Start with nobody waiting."""
        self._queries = 0
        self._changed = threading.Condition()

    @contextmanager
    def query(self) -> Generator[None]:
        """Hold documents back for as long as the body runs."""
        with self._changed:
            self._queries += 1
        try:
            yield
        finally:
            with self._changed:
                self._queries -= 1
                self._changed.notify_all()

    def document(self) -> None:
        """Wait, in a worker thread, until no query is being embedded."""
        with self._changed:
            self._changed.wait_for(lambda: self._queries == 0, timeout=_LONGEST_PAUSE)
