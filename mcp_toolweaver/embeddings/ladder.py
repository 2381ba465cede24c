"""Runtimes one below the other: when one fails, the next does its work."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, TypeAlias

from mcp_toolweaver.core.errors import Unavailable
from mcp_toolweaver.embeddings.runtime import PART, Runtime

if TYPE_CHECKING:
    from mcp_toolweaver.core.query import Vector

    Check: TypeAlias = Callable[[Sequence[Vector], int], Sequence[Vector]]
    """Returns the vectors that a runtime made for so many texts, or raises `Unavailable`."""

_log = logging.getLogger(__name__)

_RETRY = 300.0
"""Seconds until a better rung is tried again, which may take the one who asks then as long as loading does."""


class Ladder:
    """A `Runtime` over others, best first; what fails the check is never returned."""

    def __init__(
        self,
        rungs: Sequence[Runtime],
        check: Check,
        *,
        retry: float = _RETRY,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Use the first rung that works, of one at least, and try a better one again after ``retry`` seconds."""
        self._rungs = tuple(rungs)
        self._check = check
        self._retry = retry
        self._clock = clock
        self._at = 0
        self._climb_at = 0.0
        self._reasons: dict[int, str] = {}
        """Why each rung failed the last time that it was tried."""

    @property
    def label(self) -> str:
        """What is used now."""
        return self._rungs[self._at].label

    async def embed(self, texts: Sequence[str], *, prompt: str = "") -> Sequence[Vector]:
        """See `Runtime.embed`; all texts of a call come from one rung."""
        start = self._at if self._clock() < self._climb_at else 0
        for index in range(start, len(self._rungs)):
            try:
                vectors = self._check(await self._rungs[index].embed(texts, prompt=prompt), len(texts))
            except Unavailable as away:
                self._fell(index, away)
            else:
                self._stand_on(index)
                return vectors
        self._at, self._climb_at = 0, 0.0  # none works, so that each is as good to begin with as the last
        raise Unavailable(PART, "; ".join(f"{self._rungs[i].label}: {why}" for i, why in sorted(self._reasons.items())))

    def _fell(self, index: int, away: Unavailable) -> None:
        """Go one down, if there is one; say so unless the same was said before."""
        if index + 1 < len(self._rungs):
            if self._reasons.get(index) != away.reason:
                _log.warning("%s: %s; %s instead", self._rungs[index].label, away, self._rungs[index + 1].label)
            self._at, self._climb_at = index + 1, self._clock() + self._retry
        self._reasons[index] = away.reason

    def _stand_on(self, index: int) -> None:
        self._at = index
        self._reasons.pop(index, None)
