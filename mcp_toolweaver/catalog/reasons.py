"""What is said of a source's failure."""

from __future__ import annotations

from mcp_toolweaver.core.errors import ToolweaverError, Unavailable
from mcp_toolweaver.core.scrub import scrub

_LONGEST = 500


def reason_of(error: Exception, name: str) -> str:
    """Return one clean line of bounded length that says why: it reaches models, terminals and logs."""
    return one_line(_said(error, name), longest=_LONGEST)


def one_line(text: str, *, longest: int) -> str:
    """Return a foreign text on one line, with nothing hidden in it."""
    return " ".join(scrub(text).split())[:longest]


def _said(error: Exception, name: str) -> str:
    """Return what an error says; one of ours says all that is needed."""
    if isinstance(error, Unavailable):
        return error.reason
    if isinstance(error, ToolweaverError):
        return str(error)
    return f"the source {name!r} failed: {type(error).__name__}: {error}"
