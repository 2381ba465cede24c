"""How much one caller may ask: requests a second, and at once; and how many streams may be open."""

from __future__ import annotations

import math
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from mcp_toolweaver.server.web.admitting import caller_in

_BURST = 2.0
"""Seconds' worth of requests that may come at once."""
_MOST_CALLERS = 10_000
"""Callers that are remembered; the one that asked longest ago is forgotten first."""
_STREAMS = ("/mcp", "/sse")
"""Paths at which a GET opens a stream of events."""
_SOON = "1"
_LATER = "5"


@dataclass(slots=True)
class _Account:
    """What a caller has left, and is doing."""

    tokens: float
    at: float
    requests: int = 0


class RateLimit:
    """A token bucket for each caller, and a count of the requests that are being answered.

    0 stands for no limit. Streams of events last as long as their sessions and count with `StreamLimit`.
    """

    def __init__(
        self, app: ASGIApp, *, per_second: float, at_once: int, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Pass on to ``app``; ``clock`` returns seconds."""
        self._app = app
        self._rate = per_second or math.inf
        self._at_once = at_once or math.inf
        self._clock = clock
        self._accounts: OrderedDict[str, _Account] = OrderedDict()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request, as ASGI has it."""
        if scope["type"] != "http" or scope["method"] != "POST":
            await self._app(scope, receive, send)
            return
        account = self._account(caller_in(scope).name)
        if account.requests >= self._at_once:
            told = f"{self._at_once} requests of yours are being answered; wait for one of them."
            await _too_many(told, _SOON)(scope, receive, send)
            return
        if account.tokens < 1:
            wait = math.ceil((1 - account.tokens) / self._rate)
            await _too_many(f"More than {self._rate:g} requests a second.", str(wait))(scope, receive, send)
            return
        account.tokens -= 1
        account.requests += 1
        try:
            await self._app(scope, receive, send)
        finally:
            account.requests -= 1

    def _account(self, name: str) -> _Account:
        now = self._clock()
        largest = max(1.0, self._rate * _BURST)
        account = self._accounts.setdefault(name, _Account(largest, now))
        if math.isfinite(self._rate):
            account.tokens = min(largest, account.tokens + (now - account.at) * self._rate)
        account.at = now
        self._accounts.move_to_end(name)
        if len(self._accounts) > _MOST_CALLERS:
            self._accounts.popitem(last=False)
        return account


class StreamLimit:
    """Bounds the streams of events that are open; the sessions behind them are bounded by the SDK."""

    def __init__(self, app: ASGIApp, most: int) -> None:
        """Pass on to ``app``."""
        self._app = app
        self._most = most
        self._open = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request, as ASGI has it."""
        if scope["type"] != "http" or scope["method"] != "GET" or not scope["path"].endswith(_STREAMS):
            await self._app(scope, receive, _with_retry(send))
            return
        if self._open >= self._most:
            told = JSONResponse({"error": "Too many open sessions."}, 503, {"Retry-After": _LATER})
            await told(scope, receive, send)
            return
        self._open += 1
        try:
            await self._app(scope, receive, send)
        finally:
            self._open -= 1


def _too_many(told: str, seconds: str) -> Response:
    return JSONResponse({"error": told}, 429, {"Retry-After": seconds})


def _with_retry(send: Send) -> Send:
    """Say when to come again where an answer says that there is no room (RFC 9110, section 10.2.3)."""

    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start" and message["status"] == 503:  # noqa: PLR2004  see RFC 9110
            headers = [*message.get("headers", []), (b"retry-after", _LATER.encode())]
            message = {**message, "headers": headers}
        await send(message)

    return sending
