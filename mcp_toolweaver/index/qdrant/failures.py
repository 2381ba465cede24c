"""Whatever goes wrong between us and Qdrant, as one line that says what to do."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import NoReturn

import anyio
import anyio.lowlevel
import httpx
from qdrant_client.common.client_exceptions import ResourceExhaustedResponse
from qdrant_client.http.exceptions import ResponseHandlingException, UnexpectedResponse

from mcp_toolweaver.core.errors import DeadlineExceeded, Unavailable
from mcp_toolweaver.core.scrub import scrub

PART = "Qdrant"
_LONGEST = 160
_REFUSED = "refuses the API key; set index.api_key to one that may write"
_UNREACHABLE = "cannot be reached; start it, or correct index.url"
_NO_TLS = "could not agree on TLS with us; see whether index.url is to start with http or https"
_BUSY = "is busy and asks to come back later"
STRANGER = "is not Qdrant's REST API; correct index.url (its port is 6333 unless changed)"
_LATE = "did not answer in time; see whether it is overloaded, or raise index.timeout"

_BY_STATUS = {401: _REFUSED, 403: _REFUSED, 429: _BUSY}
_BY_CODE = {
    "UNAUTHENTICATED": _REFUSED,
    "PERMISSION_DENIED": _REFUSED,
    "RESOURCE_EXHAUSTED": _BUSY,
    "UNAVAILABLE": _UNREACHABLE,
}


class Nonsense(Unavailable):
    """Qdrant answered what cannot be true."""

    def __init__(self, where: str, what: str) -> None:
        super().__init__(PART, f"{where} answers nonsense ({_line(what)}); see its log, or whether index.url is right")


class Gone(Unavailable):
    """Qdrant knows of no such collection."""

    def __init__(self, where: str) -> None:
        super().__init__(PART, f"{where} does not have the collection any more; it is built anew at the next attempt")


@asynccontextmanager
async def asking(where: str, seconds: float) -> AsyncGenerator[None]:
    """Give up after ``seconds``, and raise `Unavailable` for whatever the client raises.

    Its own errors, those of HTTP, gRPC, TLS, JSON and pydantic, and failed assertions have no root in common.
    """
    try:
        with anyio.fail_after(seconds):
            try:
                yield
            except asyncio.CancelledError as error:
                await _cancelled_by_grpc(where, error)
    except Unavailable:
        raise
    except TimeoutError as error:
        raise DeadlineExceeded(PART, f"{where} {_LATE}") from error
    except Exception as error:
        raise _translated(error, where) from error


async def _cancelled_by_grpc(where: str, error: asyncio.CancelledError) -> NoReturn:
    """Say who cancelled: gRPC raises an error of its own for it, which no scope knows to be the one it sent.

    It does the same to those who wait while somebody else closes the client.
    """
    await anyio.lowlevel.checkpoint()  # a scope that was cancelled says so again
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise error
    raise Unavailable(PART, f"{where} cannot be asked, for the connection was closed on our side") from error


def _translated(error: Exception, where: str) -> Unavailable:
    code = _grpc_code(error)
    if code:
        return _of_grpc(code, str(getattr(error, "details", str)()), where)
    match error:
        case UnexpectedResponse():
            return _of_response(error, where)
        case ResponseHandlingException():
            return _of_transport(error.source, where)
        case ResourceExhaustedResponse():
            return Unavailable(PART, f"{where} {_BUSY}")
        case json.JSONDecodeError():
            return Unavailable(PART, f"{where} {STRANGER}")
        case _:
            return Nonsense(where, f"{type(error).__name__}: {error}")


def _of_grpc(code: str, details: str, where: str) -> Unavailable:
    if code == "NOT_FOUND":
        return Gone(where)
    if code == "DEADLINE_EXCEEDED":
        return DeadlineExceeded(PART, f"{where} {_LATE}")
    return Unavailable(PART, f"{where} {_BY_CODE.get(code) or _said(details)}")


def _of_response(error: UnexpectedResponse, where: str) -> Unavailable:
    known, message = _BY_STATUS.get(error.status_code or 0), _message(error.content)
    if known:  # a proxy in between may say so in its own words
        return Unavailable(PART, f"{where} {known}")
    if message is None:
        return Unavailable(PART, f"{where} answers with status {error.status_code}, and {STRANGER}")
    if error.status_code == HTTPStatus.NOT_FOUND:
        return Gone(where)
    return Unavailable(PART, f"{where} {_said(f'{error.status_code}: {message}')}")


def _message(content: bytes) -> str | None:
    """Return what an error of Qdrant says; None if it is not one."""
    try:
        status = json.loads(content)["status"]
        return str(status["error"])
    except (ValueError, TypeError, KeyError):
        return None


def _of_transport(source: Exception, where: str) -> Unavailable:
    if isinstance(source, httpx.ConnectError) and "SSL" in str(source):
        return Unavailable(PART, f"{where} {_NO_TLS} ({_line(str(source))})")
    if isinstance(source, httpx.ConnectTimeout | httpx.ConnectError | httpx.UnsupportedProtocol):
        hint = f" ({_line(str(source))})" if str(source) else ""
        return Unavailable(PART, f"{where} {_UNREACHABLE}{hint}")
    if isinstance(source, httpx.TimeoutException):
        return DeadlineExceeded(PART, f"{where} {_LATE}")
    if isinstance(source, httpx.TransportError):
        return Unavailable(PART, f"{where} broke off the connection ({_line(str(source) or type(source).__name__)})")
    return Nonsense(where, f"{type(source).__name__}: {source}")


def _grpc_code(error: Exception) -> str:
    """Return the name of a gRPC status; empty for any other error."""
    code = getattr(error, "code", None)
    return str(getattr(code(), "name", "")) if callable(code) else ""


def _said(message: str) -> str:
    return f"says: {_line(message)}"


def _line(text: str) -> str:
    line = " ".join(scrub(text).split())
    return line if len(line) <= _LONGEST else f"{line[:_LONGEST]}..."
