"""What caches are to those who use them, what is cached, and how much of it there is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol


class CacheTier(StrEnum):
    """What is cached; the keys of a tier begin with its name and a colon."""

    CATALOG = "catalog"
    """What a source listed, as the digests of its tools."""
    DEFINITIONS = "definitions"
    """The definition of a tool, by its digest."""
    SEARCH = "search"
    """Whole answers, by what was asked, of which catalog and by which model."""
    EMBEDDINGS = "embeddings"
    """Vectors, by their space and the digest of their text."""


@dataclass(frozen=True, slots=True)
class Tally:
    """How much there is of a tier."""

    entries: int
    bytes: int
    """Of the values."""


def tier_of(key: str) -> str:
    """Return the first part of a key."""
    return key.partition(":")[0]


class Cache(Protocol):
    """Bytes by key, for a while. A cache never raises: what it cannot do is a miss."""

    async def get_many(self, keys: Sequence[str]) -> Sequence[bytes | None]:
        """Return the value of each key, or None where there is none."""
        ...

    async def set_many(self, values: Mapping[str, bytes], *, ttl: float) -> None:
        """Keep the values for ``ttl`` seconds."""
        ...


class QuickCache(Cache, Protocol):
    """A cache that has some of its values at hand."""

    def peek(self, key: str) -> bytes | None:
        """Return a value that is at hand; None if it is not, and may yet be found by `get_many`."""
        ...


class CacheStore(Protocol):
    """A cache that may be away; a `Cache` is one that never is."""

    async def get_many(self, keys: Sequence[str]) -> Sequence[bytes | None]:
        """Return the value of each key, or None where there is none.

        Raises:
            Unavailable: it cannot be asked.
        """
        ...

    async def set_many(self, values: Mapping[str, bytes], *, ttl: float) -> None:
        """Keep the values for ``ttl`` seconds.

        Raises:
            Refused: it answers, but takes nothing.
            Unavailable: it cannot be asked.
        """
        ...


class CacheServer(CacheStore, Protocol):
    """A connection to a cache elsewhere."""

    async def check(self) -> None:
        """Return if it answers.

        Raises:
            Unavailable: it does not; the message says what to do.
        """
        ...


class CacheShelf(Protocol):
    """What a cache that outlives us holds, by the first part of its keys, ``search`` of ``search:1f3a``."""

    async def tally(self) -> Mapping[str, Tally]:
        """Return how much it holds, by the first part of the keys.

        Raises:
            Unavailable: it cannot be asked.
        """
        ...

    async def clear(self, kind: str) -> int:
        """Remove everything whose keys begin with ``kind`` and a colon; return how many values that were.

        Raises:
            Unavailable: it cannot be asked.
        """
        ...
