"""A cache in the process, bounded by entries and bytes: what was used least recently goes first."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

_OVERHEAD = 250
"""Bytes that an entry takes beside its key and its value, as measured on CPython 3.11."""


class _Kept(NamedTuple):
    value: bytes
    expires: float
    size: int


class MemoryCache:
    """A `Cache` that answers in microseconds; nothing in it waits, so that it needs no lock."""

    def __init__(self, *, max_entries: int, max_bytes: int, clock: Callable[[], float] = time.monotonic) -> None:
        """Hold at most so many entries and bytes; ``clock`` returns seconds and never goes back."""
        self._max_entries = max_entries
        self._max_bytes = max_bytes
        self._clock = clock
        self._entries: OrderedDict[str, _Kept] = OrderedDict()
        self._bytes = 0

    def __len__(self) -> int:
        return len(self._entries)

    @property
    def size(self) -> int:
        """How many bytes it takes, about."""
        return self._bytes

    async def get_many(self, keys: Sequence[str]) -> Sequence[bytes | None]:
        """See `Cache.get_many`."""
        return [self.get(key) for key in keys]

    async def set_many(self, values: Mapping[str, bytes], *, ttl: float) -> None:
        """See `Cache.set_many`; a value that is larger than all there is room for is not kept."""
        expires = self._clock() + ttl
        for key, value in values.items():
            self._put(key, value, expires)

    def get(self, key: str) -> bytes | None:
        """Return one value, or None."""
        kept = self._entries.get(key)
        if kept is None:
            return None
        if kept.expires <= self._clock():
            self._drop(key)
            return None
        self._entries.move_to_end(key)
        return kept.value

    def _put(self, key: str, value: bytes, expires: float) -> None:
        self._drop(key)
        size = len(key) + len(value) + _OVERHEAD
        if size > self._max_bytes or self._max_entries < 1 or expires <= self._clock():
            return
        self._entries[key] = _Kept(value, expires, size)
        self._bytes += size
        while len(self._entries) > self._max_entries or self._bytes > self._max_bytes:
            self._drop(next(iter(self._entries)))

    def _drop(self, key: str) -> None:
        kept = self._entries.pop(key, None)
        if kept is not None:
            self._bytes -= kept.size
