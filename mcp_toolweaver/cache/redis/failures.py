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
            return DeadlineExceeded(PART, f"{where} did not answer in time; see whether it is overloaded")
        case theirs.AuthenticationError():
            return Unavailable(PART, f"{where} refuses us; correct cache.redis.username and password")
        case theirs.ConnectionError() | OSError():
            return Unavailable(PART, f"{where} {_connection(error)}")
        case theirs.ResponseError():
            return _answered(str(error), where)
        case _:
            return Unavailable(PART, f"{where} does not speak Redis ({type(error).__name__}); correct cache.redis.url")


def _answered(message: str, where: str) -> Unavailable:
    if message.startswith(("NOAUTH", "WRONGPASS", "NOPERM")):
        return Unavailable(PART, f"{where} refuses us ({_line(message)}); correct cache.redis.username and password")
    if message.startswith("OOM") or "maxmemory" in message:
        return Refused(PART, f"{where} is full; raise maxmemory, or set maxmemory-policy to allkeys-lru")
    if message.startswith("READONLY") or "read only" in message:
        return Refused(PART, f"{where} is read-only; point cache.redis.url at the primary")
    return Refused(PART, f"{where} says: {_line(message)}")


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
