"""One part for each set of profiles that callers have, made when the first of them asks."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import Generic, TypeVar

from mcp_toolweaver.core.access import CALLER, Profile

T = TypeVar("T")

_MOST = 64
"""Sets of profiles whose parts are kept; that which was asked for longest ago is made anew if it is again."""


class PerCaller(Generic[T]):
    """Knows the part of the caller whose request is under way."""

    def __init__(self, whole: T, make: Callable[[tuple[Profile, ...]], T]) -> None:
        """Give ``whole`` to callers without profiles, and what ``make`` makes of theirs to the others."""
        self._whole = whole
        self._make = make
        self._made: OrderedDict[tuple[Profile, ...], T] = OrderedDict()

    @property
    def current(self) -> T:
        """The caller's part."""
        profiles = CALLER.get().profiles
        if not profiles:
            return self._whole
        if profiles not in self._made:
            self._made[profiles] = self._make(profiles)
            if len(self._made) > _MOST:
                self._made.popitem(last=False)
        self._made.move_to_end(profiles)
        return self._made[profiles]

    def forget(self) -> None:
        """Make every part anew, since what they are made of has changed."""
        self._made.clear()
