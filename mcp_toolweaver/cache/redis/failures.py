"""Whatever goes wrong between us and Redis, as one line that says what to do."""

from __future__ import annotations

import ssl
from collections.abc import Generator
from contextlib import contextmanager

from redis import exceptions as theirs

from mcp_toolweaver.core.errors import DeadlineExceeded, Refused, Unavailable
from mcp_toolweaver.core.scrub import scrub

PART = "Redis"
_LONGEST = 160


@contextmanager
def translated(where: str) -> Generator[None]:
    """Raise `Unavailable` for whatever the client raises; its parsers raise anything where no Redis answers."""
    try:
        yield
    except Unavailable:
        raise
    except Exception as error:
        raise unavailable(error, where) from error


def unavailable(error: Exception, where: str) -> Unavailable:
    """Return one of its errors as one of ours."""
    match error:
        case theirs.TimeoutError() | TimeoutError():
            return DeadlineExceeded(PART, f"{where} did not answer {_late(error)}")
        case theirs.AuthenticationError():
            return Unavailable(PART, f"{where} refuses us; correct cache.redis.username and password")
        case theirs.ConnectionError() | OSError():
            return Unavailable(PART, f"{where} {_connection(error)}")
        case theirs.ResponseError():
            return Refused(PART, f"{where} {_answered(error)}")
        case _:
            return Unavailable(PART, f"{where} does not speak Redis ({type(error).__name__}); correct cache.redis.url")


def _late(error: Exception) -> str:
    if "connecting" in str(error):
        return "when we connected; see whether it runs there, and speaks TLS if cache.redis.url starts with rediss"
    return "in time; see whether it is overloaded"


def _answered(error: theirs.ResponseError) -> str:
    message = _line(str(error))
    if isinstance(error, theirs.NoPermissionError):
        return f"does not let us ({message}); allow it to this user, or correct cache.redis.username"
    if "maxmemory" in message:
        return "is full; raise maxmemory, or set maxmemory-policy to allkeys-lru"
    if "read only" in message:
        return "is read-only; point cache.redis.url at the primary"
    return f"says: {message}"


def _connection(error: Exception) -> str:
    if isinstance(error, theirs.BusyLoadingError):
        return "is still loading its data"
    cause = error.__cause__ or error.__context__
    if isinstance(error, ssl.SSLError) or isinstance(cause, ssl.SSLError) or "SSL" in str(error):
        told = (
            "could not agree on TLS with us; see whether cache.redis.url is to start with rediss, and ca_file is right"
        )
        return f"{told} ({_line(str(cause or error))})"
    return f"cannot be reached; start it, or correct cache.redis.url ({_line(str(error) or type(error).__name__)})"


def _line(text: str) -> str:
    line = " ".join(scrub(text).split())
    return line if len(line) <= _LONGEST else f"{line[:_LONGEST]}..."
