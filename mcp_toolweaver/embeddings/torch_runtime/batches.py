"""How much text goes to a device at once: more while that is faster, less when its memory runs out."""

from __future__ import annotations

from dataclasses import dataclass

_FASTER = 1.1
"""What twice the text at once must gain in speed to be worth its memory."""

_FORGIVEN = 100
"""Batches after which a device that ran out of memory is trusted with more again; others may have left it."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What a device starts with and may grow to, in texts as long as the model sees."""

    start: int
    most: int
    texts: int
    """The most texts at once, however short."""


GPU = Limits(start=128, most=1024, texts=1024)
CPU = Limits(start=8, most=8, texts=32)
"""More at once is no faster, and a query may have to wait for it."""


class Batches:
    """Sizes batches so that each is about as much work: many short texts or few long ones.

    Texts come longest first, so that counting texts would mistake shorter ones for a faster device.
    """

    def __init__(self, limits: Limits, full: int) -> None:
        """Start small; ``full`` is the length of a text that fills all of what the model sees."""
        self._limits = limits
        self._full = full
        self._restart()

    def _restart(self) -> None:
        self._budget = self._limits.start * self._full
        self._bound = self._limits.most * self._full
        self._best = 0.0
        self._is_growing = self._budget < self._bound
        self._since_shortage = 0

    def take(self, longest: int, left: int) -> int:
        """Return how many of the texts that are left make the next batch; at least 1.

        Args:
            longest: The length of the first of them, to which all others are padded.
            left: How many there are, at least 1.
        """
        return max(1, min(self._budget // max(1, longest), self._limits.texts, left))

    def took(self, count: int, longest: int, seconds: float) -> None:
        """Learn from a batch that went through."""
        self._forgive()
        if not self._is_growing or (count + 1) * longest <= self._budget:
            return  # less than the budget says nothing about it
        speed = count * longest / max(seconds, 1e-9)
        if speed >= self._best * _FASTER:
            self._best = speed
            self._budget = min(self._budget * 2, self._bound)
            self._is_growing = self._budget < self._bound
        else:
            self._budget = max(self._full, self._budget // 2)
            self._is_growing = False

    def ran_out(self, count: int, longest: int) -> bool:
        """Halve what a device had no memory for; False, and start anew, if that was a single text."""
        if count <= 1:
            self._restart()
            return False
        self._budget = self._bound = count // 2 * max(1, longest)
        self._is_growing = False
        self._since_shortage = 0
        return True

    def _forgive(self) -> None:
        most = self._limits.most * self._full
        self._since_shortage += 1
        if self._bound < most and self._since_shortage >= _FORGIVEN:
            self._bound, self._best, self._since_shortage = min(self._bound * 2, most), 0.0, 0
            self._is_growing = True
