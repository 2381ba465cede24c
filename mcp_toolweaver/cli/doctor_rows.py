"""What the doctor found: rows of a report."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

State: TypeAlias = Literal["ok", "warning", "problem"]

_ORDER: tuple[State, ...] = ("ok", "warning", "problem")


@dataclass(frozen=True, slots=True)
class Row:
    """One thing that was looked at."""

    section: str
    name: str
    finding: str
    state: State = "ok"
    advice: str = ""
    """What to do; there for everything that is not ok."""


def worst(rows: Sequence[Row]) -> State:
    """Return the state of all rows together."""
    return _ORDER[max((_ORDER.index(row.state) for row in rows), default=0)]
