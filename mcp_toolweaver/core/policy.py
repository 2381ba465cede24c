"""How one source is treated: when it is open, and how much is asked of it at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

Start: TypeAlias = Literal["lazy", "eager"]


@dataclass(frozen=True, slots=True)
class SourcePolicy:
    """What the owner decides for each source; times in seconds."""

    start: Start = "lazy"
    """``lazy`` opens a source whose tools are known when one of them is called, ``eager`` with the process."""
    idle_timeout: float = 600.0
    """Without a call for so long, a lazy source is left; 0 never leaves one."""
    refresh_interval: float = 6 * 3600.0
    """A listing that is older is made anew; 0 never does that unasked."""
    concurrency: int = 8
    """Calls in flight."""
    queue: int = 32
    """Calls that wait for one of those to end; more are refused."""
    queue_timeout: float = 10.0
    """How long one waits."""
    deadline: float = 300.0
    """From the moment that a call no longer waits, for all of it, whatever the server says meanwhile."""
    prefix: str | None = None
    """What its tools and prompts are called by before their own names; None is its name, an empty text nothing."""
    resources: bool = True
    """Whether its resources are offered."""
    prompts: bool = True
    """Whether its prompts are offered."""
    trusted: bool = False
    """Whether the source is believed which of its tools may be called twice: those read-only or idempotent."""
