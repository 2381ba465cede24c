"""Which questions are asked most: counts that fade, so that the next start and the next catalog find them answered.

Only what is searched for is kept, never the arguments of a call; `cache.learn_queries` turns it off.
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import anyio

from mcp_toolweaver.core.caching import Cache
from mcp_toolweaver.core.interfaces import Searcher
from mcp_toolweaver.core.json_values import is_array
from mcp_toolweaver.core.query import SearchRequest, SearchResult

KIND = "usage"
"""What its key begins with."""
_KEY = f"{KIND}:questions"
_LIFETIME = 90 * 24 * 3600.0
_HALF_LIFE = 7 * 24 * 3600.0
"""Seconds after which a question counts half."""
_MOST = 500
"""Questions that are remembered; those with the least weight are forgotten first."""
_PAUSE = 60.0
"""Seconds between two writes."""
_LONGEST = 300
"""Characters; what is longer is not asked twice in the same words."""
_LARGEST = 1000
"""Hits; a larger limit in the cache is none of ours."""


@dataclass(frozen=True, slots=True)
class _Asked:
    weight: float
    at: float
    """When the weight was that: Unix seconds."""

    def now(self, now: float) -> float:
        return self.weight * math.exp2(-max(0.0, now - self.at) / _HALF_LIFE)


class Usage:
    """How often each question was asked, with exponential decay."""

    def __init__(self, cache: Cache, *, clock: Callable[[], float] = time.time) -> None:
        """Keep the counts in ``cache``; ``clock`` returns Unix seconds, since they outlive the process."""
        self._cache = cache
        self._clock = clock
        self._asked: dict[SearchRequest, _Asked] = {}
        self._new: dict[SearchRequest, int] = {}

    def note(self, request: SearchRequest) -> None:
        """Count a question."""
        if len(request.text) > _LONGEST:
            return
        self._new[request] = self._new.get(request, 0) + 1
        self._add(request, 1, self._clock())

    def most_asked(self, count: int) -> Sequence[SearchRequest]:
        """Return the questions that were asked most, the most frequent first."""
        now = self._clock()
        return sorted(self._asked, key=lambda request: -self._asked[request].now(now))[:count]

    async def restore(self) -> None:
        """Add what earlier runs and other processes counted."""
        (kept,) = await self._cache.get_many([_KEY])
        now, own = self._clock(), dict(self._new)
        self._asked = dict(_decode(kept)) if kept else {}
        for request, count in own.items():
            self._add(request, count, now)

    async def keep_up(self) -> None:
        """Keep what is counted every now and then, until cancelled."""
        while True:
            await anyio.sleep(_PAUSE)
            await self.keep()

    async def keep(self) -> None:
        """Keep the counts, together with those that other processes kept since; does nothing if nothing is new."""
        if not self._new:
            return
        await self.restore()
        self._new.clear()
        await self._cache.set_many({_KEY: self._encode()}, ttl=_LIFETIME)

    def _add(self, request: SearchRequest, count: int, now: float) -> None:
        before = self._asked.get(request)
        self._asked[request] = _Asked((before.now(now) if before else 0.0) + count, now)
        if len(self._asked) > 2 * _MOST:
            self._asked = {request: self._asked[request] for request in self.most_asked(_MOST)}

    def _encode(self) -> bytes:
        asked = [(request, self._asked[request]) for request in self.most_asked(_MOST)]
        rows = [[each.text, each.limit, each.domain, float(count.weight), float(count.at)] for each, count in asked]
        return json.dumps(rows).encode()


class UsageSearcher:
    """A `Searcher` that counts what is asked."""

    def __init__(self, inner: Searcher, usage: Usage) -> None:
        """Count in ``usage`` what ``inner`` is asked."""
        self._inner = inner
        self._usage = usage

    async def search(self, request: SearchRequest) -> SearchResult:
        """See `Searcher.search`."""
        self._usage.note(request)
        return await self._inner.search(request)


def _decode(kept: bytes) -> Iterable[tuple[SearchRequest, _Asked]]:
    """Yield what can be read."""
    try:
        rows = json.loads(kept)
    except (ValueError, RecursionError):
        return
    for row in rows if is_array(rows) else ():
        match row:
            case [str(text), int(limit), str() | None as domain, float(weight), float(at)] if (
                len(text) <= _LONGEST and 0 < limit <= _LARGEST and 0 < weight < math.inf and 0 < at < math.inf
            ):
                yield SearchRequest(text, limit, domain), _Asked(weight, at)
            case _:
                continue
