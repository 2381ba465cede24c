"""Headers that callers may not choose, and values that no header can have."""

from __future__ import annotations

import re

_PROTOCOL = frozenset(
    {"accept", "accept-encoding", "authorization", "connection", "content-length", "content-type", "cookie", "expect"}
    | {"forwarded", "host", "keep-alive", "origin", "referer", "te", "trailer", "transfer-encoding", "upgrade", "via"}
    | {"x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-http-method-override", "x-real-ip"}
)
_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")


def is_for_the_protocol(name: str) -> bool:
    """Whether a header is never a caller's to choose: it says who asks, for whom, and where a message ends."""
    return name.lower() in _PROTOCOL or name.lower().startswith(("proxy-", "sec-")) or not _NAME.fullmatch(name)


def is_header_name(name: str) -> bool:
    """Whether a text can be the name of a header (RFC 9110, section 5.1)."""
    return _NAME.fullmatch(name) is not None


def is_header_value(value: str) -> bool:
    """Whether a text can be the value of a header: on one line, without white space around it."""
    return not _CONTROL.search(value) and value == value.strip(" \t")
