"""The levels of log messages in the protocol (those of RFC 5424, section 6.2.1), from the least serious on."""

from __future__ import annotations

from collections.abc import Iterable

_LEVELS = ("debug", "info", "notice", "warning", "error", "critical", "alert", "emergency")


def is_wanted(level: str, least: str | None) -> bool:
    """Whether a message of this level is to be sent to somebody who wants ``least`` and above, None being all."""
    if least is None or level not in _LEVELS or least not in _LEVELS:
        return True
    return _LEVELS.index(level) >= _LEVELS.index(least)


def least_serious(levels: Iterable[str | None]) -> str | None:
    """Return the level that lets everything through that any of these want; None if none has said."""
    known = [level for level in levels if level in _LEVELS]
    return min(known, key=_LEVELS.index) if known else None
