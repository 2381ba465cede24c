"""How the store of an index stands, and what an answer from memory says about that."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from mcp_toolweaver.core.errors import InUse, Unavailable, Unneeded

_log = logging.getLogger(__name__)


class StoreState(StrEnum):
    """The life of a store."""

    OPENING = "opening"
    BEHIND = "behind"
    IN_STEP = "in step"
    AWAY = "away"


@dataclass(frozen=True, slots=True)
class StandbyStatus:
    """How the store stands at one moment."""

    state: StoreState
    answers: Literal["store", "memory"]
    reason: str
    """Why it is away or was last, until it is in step again; else empty."""
    seconds: float
    """How long it has been so; while it is away, since it was lost."""
    is_excused: bool = False
    """Whether it is away for a reason that is no fault: another process has it, or it has nothing to do."""


class Standing:
    """Keeps account of the store's state, and logs each outage once."""

    def __init__(self, *, grace: float, clock: Callable[[], float]) -> None:
        """Excuse a store that is not there yet for ``grace`` seconds."""
        self._grace = grace
        self._clock = clock
        self._state = StoreState.OPENING
        self._since = clock()
        self._excused_until = self._since + grace
        self._reason = ""

    @property
    def excuse(self) -> str | None:
        """Why memory answers where the store should; None if all is as it should be."""
        if self._state is StoreState.IN_STEP or self._clock() <= self._excused_until:
            return None
        return self._reason or {
            StoreState.OPENING: "it takes long to open",
            StoreState.BEHIND: "it takes long to bring up to date",
        }.get(self._state, "it is away")

    def status(self) -> StandbyStatus:
        """Return the state as of now."""
        answers: Literal["store", "memory"] = "store" if self._state is StoreState.IN_STEP else "memory"
        is_excused = self._excused_until == math.inf
        return StandbyStatus(self._state, answers, self._reason, self._clock() - self._since, is_excused=is_excused)

    def note_behind(self, *, is_first: bool = False) -> None:
        """Note that the store is open and is being brought up to date, perhaps with the first change of all."""
        self._state = StoreState.BEHIND
        if is_first or self._excused_until == math.inf:
            self._reason, self._since, self._excused_until = "", self._clock(), self._clock() + self._grace

    def note_in_step(self) -> None:
        """Note that the store answers."""
        if self._reason:
            _log.warning("index: in step again after %.0f s", self._clock() - self._since)
        self._state, self._since, self._reason = StoreState.IN_STEP, self._clock(), ""

    def note_away(self, away: Unavailable) -> None:
        """Note that the store cannot be opened or was lost."""
        if not self._reason:
            self._since = self._clock()
            level = logging.INFO if isinstance(away, InUse | Unneeded) else logging.WARNING
            _log.log(level, "index: %s; memory answers until it is there", away.reason)
        self._state, self._reason = StoreState.AWAY, away.reason
        self._excused_until = math.inf if isinstance(away, InUse | Unneeded) else -math.inf

    def note_closed(self) -> None:
        """Note that the store was closed on purpose."""
        self._state, self._reason, self._since = StoreState.AWAY, "it is closed", self._clock()
        self._excused_until = -math.inf
