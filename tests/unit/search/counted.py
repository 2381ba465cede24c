"""Counts of questions, in a cache that a test looks into."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from mcp_toolweaver.core.query import SearchRequest
from mcp_toolweaver.search.usage import Usage
from tests.fakes.cache import FakeCache

KEY = "usage:questions"
DAY = 24 * 3600.0
NOW = 1_800_000_000.0
A, B, C = (SearchRequest(text) for text in ("a", "b", "c"))


class Clock:
    """A time that a test sets."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> float:
        return self.now


class BusyCache(FakeCache):
    """A cache during whose work a question is asked, and that counts its writes."""

    def __init__(self) -> None:
        super().__init__()
        self.meanwhile: tuple[Usage, SearchRequest] | None = None
        self.writes = 0

    async def get_many(self, keys: Sequence[str]) -> Sequence[bytes | None]:
        self._note()
        values = await super().get_many(keys)
        self._note()
        return values

    async def set_many(self, values: Mapping[str, bytes], *, ttl: float) -> None:
        self.writes += 1
        self._note()
        await super().set_many(values, ttl=ttl)
        self._note()

    def _note(self) -> None:
        if self.meanwhile is not None:
            usage, request = self.meanwhile
            usage.note(request)


def note(usage: Usage, **times: int) -> None:
    for text, count in times.items():
        for _ in range(count):
            usage.note(SearchRequest(text))


def kept(cache: FakeCache) -> dict[str, float]:
    """Return the weight of each question as it lies in the cache."""
    rows: list[list[Any]] = json.loads(cache.values[KEY])
    return {row[0]: row[3] for row in rows}


async def restored(cache: FakeCache, clock: Clock | None = None) -> list[SearchRequest]:
    usage = Usage(cache, clock=clock or Clock())
    await usage.restore()
    return list(usage.most_asked(1000))
