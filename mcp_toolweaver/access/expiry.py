"""Until when a token is good, in the words of its owner: ``30d``, ``2027-01-31``, ``never``."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta

from mcp_toolweaver.core.errors import InvalidRequest

_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_SPAN = re.compile(r"([0-9]{1,6})([mhdw])", re.ASCII)
_HINT = "write a span such as 12h, 30d or 8w, a day such as 2027-01-31, a time such as 2027-01-31T12:00Z, or never"


def expiry(text: str, now: datetime) -> datetime | None:
    """Return from when on a token is no longer good, in UTC; None for ``never``.

    A day is good until it ends in UTC; a time without a zone is in UTC.

    Raises:
        InvalidRequest: it means nothing, or is over.
    """
    if text.casefold() == "never":
        return None
    try:
        found = _after(text, now) or _until(text)
    except (ValueError, OverflowError):
        raise InvalidRequest(f"--expires {text!r} means no time; {_HINT}") from None
    if found <= now:
        raise InvalidRequest(f"--expires {text!r} is over already; {_HINT}")
    return found


def _after(text: str, now: datetime) -> datetime | None:
    if (span := _SPAN.fullmatch(text.casefold())) is None:
        return None
    return now.replace(microsecond=0) + timedelta(**{_UNITS[span[2]]: int(span[1])})


def _until(text: str) -> datetime:
    if re.fullmatch(r"\d{4}-\d{2}-\d{2}", text, re.ASCII):
        return datetime.combine(date.fromisoformat(text), time(), UTC) + timedelta(days=1)
    found = datetime.fromisoformat(text)
    return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
