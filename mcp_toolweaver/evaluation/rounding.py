"""How exact the numbers of a report are: four digits after the point, more would be noise."""

from __future__ import annotations

_DIGITS = 4


def rounded(value: float | None) -> float | None:
    """Round to four digits after the point; None stays None."""
    return None if value is None else round(value, _DIGITS)
