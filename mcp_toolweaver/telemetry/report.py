"""What a process that serves says of itself, and the same as bytes."""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import TypeAdapter, ValidationError

from mcp_toolweaver.telemetry.timeline import Moment


@dataclass(frozen=True, slots=True)
class CacheState:
    """The cache of one process."""

    entries: int = 0
    bytes: int = 0
    """What it holds in memory."""
    redis: str = ""
    """The state of the breaker in front of Redis, and why it is so; empty where there is no Redis."""


@dataclass(frozen=True, slots=True)
class Report:
    """How one process is doing. Holds nothing that was asked, and no secrets."""

    pid: int
    since: str
    """When it started: ISO 8601, UTC."""
    version: str
    """Of the program."""
    configuration: str
    """The path of its file; empty if it has none."""
    is_ready: bool
    """Whether what can be had now is there: no step waits."""
    steps: tuple[Moment, ...]
    tools: int
    embedded: int
    """How many of the tools are searchable by meaning too."""
    engine: str
    """Where the index is kept, as in the settings: ``embedded``, ``memory`` or ``qdrant``."""
    cache: CacheState = CacheState()
    degraded: tuple[str, ...] = ()
    """One sentence for each thing that should be there and is not."""


_BYTES = TypeAdapter(Report)


def encode(report: Report) -> bytes:
    """Return a report as JSON."""
    return _BYTES.dump_json(report, indent=2)


def decode(data: bytes) -> Report | None:
    """Return the report; None if it is damaged, or of another version of the program."""
    try:
        return _BYTES.validate_json(data)
    except ValidationError:
        return None
