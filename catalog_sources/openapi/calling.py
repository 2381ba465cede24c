"""One call over HTTP: at most once, within a time and a size, and never to another place."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from http.cookiejar import CookieJar, DefaultCookiePolicy
from urllib.parse import unquote

import anyio
import httpx2

from catalog_sources.openapi.answers import Answer
from catalog_sources.openapi.bases import Base
from mcp_toolweaver import DeadlineExceeded, Unavailable

_MOST_REDIRECTS = 5
_SEE_OTHER = 303
_SAME_AGAIN = (307, 308)
_REDIRECTS = (301, 302, 303, 307, 308)


class TooLarge(Exception):
    """The answer is longer than it may be."""


@asynccontextmanager
async def client() -> AsyncGenerator[httpx2.AsyncClient]:
    """Open an HTTP client that follows nothing by itself and keeps no cookies."""
    nowhere = CookieJar(policy=DefaultCookiePolicy(allowed_domains=[]))
    limits = httpx2.Limits(max_connections=100, max_keepalive_connections=10)
    async with httpx2.AsyncClient(
        follow_redirects=False,
        timeout=None,
        cookies=nowhere,
        limits=limits,
    ) as opened:
        yield opened


async def send(
    opened: httpx2.AsyncClient, request: httpx2.Request, base: Base, *, part: str, seconds: float, most_bytes: int
) -> Answer:
    """Send a request and return the whole answer; redirects are followed below ``base`` only.

    Raises:
        TooLarge: the answer has more than ``most_bytes``.
        DeadlineExceeded: it took longer than ``seconds``.
        Unavailable: nothing answers there, or the connection was lost.
    """
    try:
        with anyio.fail_after(seconds):
            return await _followed(opened, request, base, most_bytes)
    except TimeoutError as error:
        reason = f"no whole answer from {base.origin} within {seconds:g} s; whether the call took effect is unknown"
        raise DeadlineExceeded(part, reason) from error
    except httpx2.ConnectError as error:
        raise Unavailable(part, f"nothing answers at {base.origin}, so nothing was sent; check base_url") from error
    except httpx2.RequestError as error:
        how = f"the connection to {base.origin} was lost ({type(error).__name__})"
        raise Unavailable(part, f"{how}; whether the call took effect is unknown") from error


async def _followed(opened: httpx2.AsyncClient, request: httpx2.Request, base: Base, most_bytes: int) -> Answer:
    for _ in range(_MOST_REDIRECTS):
        answer = await _answer(opened, request, most_bytes)
        following = _following(request, answer, base)
        if following is None:
            return answer
        request = following
    return await _answer(opened, request, most_bytes)


async def _answer(opened: httpx2.AsyncClient, request: httpx2.Request, most_bytes: int) -> Answer:
    response = await opened.send(request, stream=True)
    try:
        body = bytearray()
        async for chunk in response.aiter_bytes():
            body += chunk
            if len(body) > most_bytes:
                raise TooLarge
        return Answer(response.status_code, response.reason_phrase, response.headers, bytes(body), request.url)
    finally:
        with anyio.CancelScope(shield=True):
            await response.aclose()


def _following(request: httpx2.Request, answer: Answer, base: Base) -> httpx2.Request | None:
    """Return the request that a redirect asks for; None if there is none, or it must not be followed."""
    location = answer.headers.get("location")
    if answer.status not in _REDIRECTS or not location:
        return None
    try:
        url = request.url.join(location)
        raw_path = url.raw_path.decode("ascii").split("?")[0]
    except (httpx2.InvalidURL, ValueError):
        return None
    dotted = any(segment in {".", ".."} for segment in unquote(raw_path).replace("\\", "/").split("/"))
    if dotted or url.userinfo or not base.covers(url.scheme, url.host, url.port, raw_path):
        return None
    return _again(request, answer.status, url)


def _again(request: httpx2.Request, status: int, url: httpx2.URL) -> httpx2.Request | None:
    """Return the request for another address: with its body where the status says so, else as a GET without one."""
    if status in _SAME_AGAIN:
        return httpx2.Request(request.method, url, headers=_without_host(request), content=request.content)
    if request.method in {"GET", "HEAD"} or status == _SEE_OTHER:
        method = request.method if request.method == "HEAD" else "GET"
        body = {"content-length", "content-type", "transfer-encoding"}
        headers = [(name, value) for name, value in _without_host(request) if name.decode().lower() not in body]
        return httpx2.Request(method, url, headers=headers)
    return None


def _without_host(request: httpx2.Request) -> list[tuple[bytes, bytes]]:
    return [(name, value) for name, value in request.headers.raw if name.lower() != b"host"]
