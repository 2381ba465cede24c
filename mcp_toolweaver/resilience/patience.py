"""How long a store may take."""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Patience:
    """How long what may take, in seconds."""

    query: float = 0.25
    """A query; what is late is answered from memory, or asked once more if nothing is in memory."""
    grace: float = 60.0
    """From the start until the store is in step; until then nobody is told that memory answers."""
    change: float = 60.0
    """A change, and `change_each` more for each tool in it."""
    change_each: float = 0.02
    opening: float = 60.0
    """Connecting to the store and verifying it."""
    closing: float = 5.0
    """Leaving a store that failed."""
    first_pause: float = 1.0
    """Until the store is opened again after it failed; doubled after each failure."""
    longest_pause: float = 15.0
    recheck: float = math.inf
    """Until a store that others write too is compared again."""
