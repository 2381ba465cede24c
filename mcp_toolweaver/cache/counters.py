"""What the cache did, counted by tier: where values were found, and what was not."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping

from mcp_toolweaver.core.json_values import is_object

MISSES = "misses"
STORED = "stored"
REFUSED = "refused"
"""Values that were damaged, planted or of another version, and so were none."""
DROPPED = "dropped"
"""Values that were not written, since too much waited to be written."""


class Counters:
    """Counts, by tier and by what happened."""

    def __init__(self, counts: Mapping[str, Mapping[str, int]] | None = None) -> None:
        """Start with ``counts``, or with nothing."""
        self._counts = {tier: Counter(events) for tier, events in (counts or {}).items()}

    def add(self, tier: str, event: str, count: int = 1) -> None:
        """Count an event, such as `MISSES` or the name of the layer that had a value."""
        if count:
            self._counts.setdefault(tier, Counter())[event] += count

    @property
    def counts(self) -> Mapping[str, Mapping[str, int]]:
        """How often what happened, by tier."""
        return {tier: dict(events) for tier, events in self._counts.items()}

    def encode(self) -> bytes:
        """Return the counts as JSON."""
        return json.dumps(self.counts).encode()


def total(many: Iterable[bytes]) -> Counters:
    """Return the sum of counts that were encoded; what cannot be read counts for nothing."""
    summed = Counters()
    for encoded in many:
        for tier, event, count in _read(encoded):
            summed.add(tier, event, count)
    return summed


def _read(encoded: bytes) -> Iterable[tuple[str, str, int]]:
    try:
        counts = json.loads(encoded)
    except (ValueError, RecursionError):
        return
    for tier, events in counts.items() if is_object(counts) else ():
        for event, count in events.items() if is_object(events) else ():
            if isinstance(count, int) and count > 0:
                yield tier, event, count
