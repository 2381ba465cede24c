"""How each source of the catalog is doing."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

ASLEEP = "it starts when a tool of it is called"
"""Why an idle source is not ready."""

NEEDS_LOGIN = "it needs a login"
"""How a reason says that the server refuses us for want of credentials, and nothing else is wrong."""


class SourceState(StrEnum):
    """The life of a source."""

    CONNECTING = "connecting"
    READY = "ready"
    IDLE = "idle"
    """Its tools are known, and it is opened when one of them is called."""
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Timing:
    """What the last opening of a source took, in seconds, whether it could be opened or not."""

    queued: float
    """Until its turn came, since many were opened at once."""
    connecting: float
    """From then on until it was connected."""
    listing: float
    """From then on until its tools were listed."""

    @property
    def seconds(self) -> float:
        """How long it took once its turn had come."""
        return self.connecting + self.listing


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
    problems: tuple[str, ...] = ()
    """What of its last listing was left out or repaired, and why."""
    timing: Timing | None = None
    """None if it was not opened by this process."""

    @property
    def seconds(self) -> float | None:
        """How long it took to open it, once its turn had come; None if it is not open."""
        return self.timing.seconds if self.timing is not None and self.state is SourceState.READY else None

    @property
    def needs_login(self) -> bool:
        """Whether it failed for want of credentials."""
        return self.state is SourceState.FAILED and NEEDS_LOGIN in self.reason
