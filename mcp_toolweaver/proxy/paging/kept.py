"""The whole texts of shortened results, kept for a while, within bounds, each for its own caller."""

from __future__ import annotations

import secrets
import sys
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

_KEY_BYTES = 12
_MEGABYTE = 1 << 20


@dataclass(frozen=True, slots=True)
class _Kept:
    owner: str
    text: str
    until: float
    size: int


class KeptResults:
    """Texts by keys that cannot be guessed. The one that was read longest ago makes room."""

    def __init__(self, *, megabytes: int, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        """Keep at most so many MB in memory, each text for so many seconds."""
        self.seconds = seconds
        self._most = megabytes * _MEGABYTE
        self._clock = clock
        self._kept: OrderedDict[str, _Kept] = OrderedDict()
        self._size = 0

    def keep(self, owner: str, text: str) -> str | None:
        """Keep a text for an owner and return its key; None if it is too large to be kept."""
        size = sys.getsizeof(text)
        now = self._clock()
        self._drop_expired(now)
        if size > self._most or not self.seconds:
            return None
        while self._size + size > self._most:
            self._drop(next(iter(self._kept)))
        key = secrets.token_urlsafe(_KEY_BYTES)
        self._kept[key] = _Kept(owner, text, now + self.seconds, size)
        self._size += size
        return key

    def text(self, owner: str, key: str) -> str | None:
        """Return the text; None if it is not kept, no longer, or not for this owner."""
        self._drop_expired(self._clock())
        kept = self._kept.get(key)
        if kept is None or kept.owner != owner:
            return None
        self._kept.move_to_end(key)
        return kept.text

    def _drop_expired(self, now: float) -> None:
        for key in [key for key, kept in self._kept.items() if kept.until <= now]:
            self._drop(key)

    def _drop(self, key: str) -> None:
        self._size -= self._kept.pop(key).size
