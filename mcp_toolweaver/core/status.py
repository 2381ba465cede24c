"""How each source of the catalog is doing."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class SourceState(StrEnum):
    """The life of a source."""

    CONNECTING = "connecting"
    READY = "ready"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class SourceStatus:
    """One source at one moment."""

    name: str
    kind: str
    state: SourceState
    tools: int
    """How many tools it contributes; those of its last listing while it is not ready."""
    reason: str = ""
    """Why it is not ready, and what to do; empty if it is."""
    seconds: float | None = None
    """How long the last connection and listing took."""
