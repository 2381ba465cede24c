"""What went wrong with a downstream server, in the words of this project. The only translator."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import cast

import httpx2
from mcp.shared.exceptions import MCPError
from mcp_types import CONNECTION_CLOSED, INTERNAL_ERROR, INVALID_REQUEST, REQUEST_TIMEOUT

from mcp_toolweaver.core.errors import DeadlineExceeded, ToolweaverError, Unavailable
from mcp_toolweaver.core.exchange import Refusal
from mcp_toolweaver.core.status import NEEDS_LOGIN
from mcp_toolweaver.core.tools import ToolResult
from mcp_toolweaver.proxy.messages import BAD_ANSWER

UNAUTHORIZED = 401
_FORBIDDEN = 403
_TOO_MANY = 429
_FAULT = 500
ADD_HEADER = "add an Authorization header under headers"
STAND_IN = "Server returned an error response"
"""What the SDK says in place of any HTTP status."""
_NO_ANSWER = (CONNECTION_CLOSED, REQUEST_TIMEOUT)
_SESSION_CODES = (INVALID_REQUEST, INTERNAL_ERROR, -32000)
_LOST_SESSION = ("Session terminated", "Session not found")  # the SDK's own words, and its server's


def part(name: str) -> str:
    """Return how messages call the server."""
    return f"server {name!r}"


def connection_failure(name: str, error: BaseException, last_words: str = "") -> ToolweaverError:
    """Return the error of ours for whatever came out of connecting to or holding a connection."""
    causes = list(_leaves(error))
    ours = next((cause for cause in causes if isinstance(cause, ToolweaverError)), None)
    if ours is not None and not (isinstance(ours, Unavailable) and last_words):
        return ours
    reason = ours.reason if isinstance(ours, Unavailable) else _connection_reason(causes[0])
    is_said = not last_words or last_words in reason
    return Unavailable(part(name), reason if is_said else f"{reason}; {last_words}")


def request_failure(name: str, error: MCPError) -> ToolweaverError:
    """Return the error of ours for a protocol error in place of an answer, or by the server."""
    if error.code == CONNECTION_CLOSED:
        reason = "the connection was lost during the call; whether it took effect is unknown, so it was not repeated"
        return Unavailable(part(name), reason)
    if error.code == REQUEST_TIMEOUT:
        reason = f"the call was given up and cancelled ({error.message}); whether it took effect is unknown"
        return DeadlineExceeded(part(name), reason)
    return Refusal(error.code, error.message, error.data)


def masked(error: ToolweaverError, mask: Callable[[str], str]) -> ToolweaverError:
    """Return an error of ours whose reason repeats no secret; a refusal is the server's answer, and stays."""
    if not isinstance(error, Unavailable) or (reason := mask(error.reason)) == error.reason:
        return error
    return type(error)(error.part, reason)


def silent(seconds: float) -> str:
    """Return why a request was given up."""
    return (
        f"neither an answer nor progress within {seconds:g} s (callTimeout); the call was cancelled, "
        "and whether it took effect is unknown"
    )


def refused_call(name: str, refusal: Refusal, mask: Callable[[str], str] = str) -> ToolResult:
    """Return the result for a call that the server answered with a protocol error, or with what is no answer."""
    if refusal.code == BAD_ANSWER:
        return ToolResult.from_text(f"Server {name!r} ran the call: {mask(refusal.message)}", is_error=True)
    text = f"Server {name!r} refused the call: {mask(refusal.message)} (code {refusal.code})"
    return ToolResult.from_text(text, is_error=True)


def is_lost_session(error: MCPError) -> bool:
    """Whether an error reads as what an HTTP server of the older era says to a session that it forgot.

    Any server can say so; only together with the HTTP status (`HttpTail`) it means that nothing was executed.
    """
    return error.code == INVALID_REQUEST and error.message in _LOST_SESSION


def may_refuse_session(error: MCPError) -> bool:
    """Whether an error may be what a server makes of a session that it forgot, together with the HTTP status."""
    return error.code in _SESSION_CODES


def is_refused(error: BaseException) -> bool:
    """Whether a connection failed because the server answered with an error of the protocol, and is still there."""
    return any(isinstance(cause, MCPError) and cause.code not in _NO_ANSWER for cause in _leaves(error))


def _leaves(error: BaseException) -> Iterator[BaseException]:
    """Yield what is inside exception groups, depth first."""
    if isinstance(error, BaseExceptionGroup):
        for inner in cast("BaseExceptionGroup[BaseException]", error).exceptions:
            yield from _leaves(inner)
    else:
        yield error


def _connection_reason(error: BaseException) -> str:
    if isinstance(error, FileNotFoundError):
        return f"{error.filename!r} was not found; install it, or correct its path"
    if isinstance(error, PermissionError):
        return f"{error.filename!r} must not be executed by this user (permission denied)"
    if isinstance(error, MCPError) and error.code == CONNECTION_CLOSED:
        return "it ended or closed the connection before the handshake was done"
    if isinstance(error, httpx2.HTTPStatusError):
        return status_reason(error.response.status_code, error.request.url)
    if isinstance(error, httpx2.ConnectError):
        return f"nothing answers at {public(error.request.url)}; check the url, and that the server runs"
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__


def public(url: httpx2.URL) -> str:
    """Return a URL as it may be shown: without user, password, query and fragment, which may be secret."""
    return str(url.copy_with(username=None, password=None, query=None, fragment=None))


def status_reason(status: int, secret_url: httpx2.URL, advice: str = ADD_HEADER) -> str:
    """Return what an HTTP status other than success means for the owner; ``advice`` says how to log in."""
    url = public(secret_url)
    if status in (UNAUTHORIZED, _FORBIDDEN):
        return f"{url} answered {status}: {NEEDS_LOGIN}; {advice}"
    return f"{url} answered {status}; check that it is an MCP endpoint of this transport"


def refused_by_status(status: int, secret_url: httpx2.URL, advice: str = ADD_HEADER) -> str:
    """Return what an HTTP status in place of an answer means for the call."""
    if status == _TOO_MANY:
        return f"{public(secret_url)} answered {status}, too many requests: it was not executed, try again later"
    if status >= _FAULT:
        return f"{public(secret_url)} answered {status}; whether the call took effect is unknown"
    return status_reason(status, secret_url, advice)
