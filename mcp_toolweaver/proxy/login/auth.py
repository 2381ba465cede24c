"""Sends the kept token of a login along with each request, and renews it in time; it never asks anybody."""

from __future__ import annotations

import re
import shlex
import time
from collections.abc import AsyncGenerator, Mapping
from typing import Any

import anyio
import httpx2

from mcp_toolweaver.core.errors import Refused, ToolweaverError, Unavailable
from mcp_toolweaver.core.logins import LOGINS, LoginStore, Place
from mcp_toolweaver.core.scrub import scrub
from mcp_toolweaver.core.threads import run_in_thread
from mcp_toolweaver.proxy.failures import UNAUTHORIZED
from mcp_toolweaver.proxy.login.acquiring import logged_in
from mcp_toolweaver.proxy.login.record import Login, login_of
from mcp_toolweaver.proxy.login.renewing import renewed
from mcp_toolweaver.proxy.login.wishes import Wishes, wishes_of

_FORBIDDEN = 403
_SCOPE = re.compile(r'scope="([^"]*)"')
_LONGEST_SCOPE = 200
_RENEW_SECONDS = 60.0
_STORE_SECONDS = 20.0
_LOOK_AGAIN = 1.0
"""Seconds until a login that is missing is looked for again."""
_RENEW_AGAIN = 30.0
"""Seconds before a token is renewed once more that the server refuses though it has not ended."""


class KeptLogin(httpx2.Auth):
    """The login of one connection to a server; implements `httpx2.Auth`.

    Unlike the SDK's provider it holds no lock while the server answers, so calls run beside each other, and it never
    starts a login that a person must finish. Of all who share a login, one renews it, under the store's lock.
    """

    def __init__(self, place: Place, store: LoginStore, wishes: Wishes, *, is_sse: bool = False) -> None:
        self._place, self._store, self._wishes, self._is_sse = place, store, wishes, is_sse
        self._origin = _origin(httpx2.URL(place.url))
        self._login: Login | None = None
        self._stamp: object = None
        self._is_read = False
        self._lock = anyio.Lock()
        self._renewed_at = 0.0
        self._trouble = ""

    async def async_auth_flow(self, request: httpx2.Request) -> AsyncGenerator[httpx2.Request, httpx2.Response]:
        """See `httpx2.Auth`; a request that is refused for its token is sent once more with a newer one."""
        if _origin(request.url) != self._origin:
            yield request
            return
        login = await self._current()
        _authorize(request, login)
        response = yield request
        self._note_scope(response)
        if response.status_code == UNAUTHORIZED:
            newer = await self._newer(login)
            if newer is not None:
                _authorize(request, newer)
                yield request

    @property
    def is_missing(self) -> bool:
        """Whether there is no login or it has ended, so that somebody must log in."""
        return self._is_read and (self._login is None or self._login.tokens is None)

    async def changed(self) -> None:
        """Return when another login is kept than was read last, as after `toolweaver login`."""
        while self._store.stamp(self._place) == self._stamp:  # noqa: ASYNC110  another process changes it
            await anyio.sleep(_LOOK_AGAIN)

    def advice(self) -> str:
        """Return what the owner can do about a refusal."""
        command = f"run `toolweaver login {shlex.quote(self._place.server)}`"
        return f"{self._trouble}; {command}" if self._trouble else command

    def _note_scope(self, response: httpx2.Response) -> None:
        """Keep what a login lacks (RFC 6750, 3.1), which the owner alone can ask for."""
        challenge = response.headers.get("www-authenticate", "")
        if response.status_code == _FORBIDDEN and "insufficient_scope" in challenge:
            found = _SCOPE.search(challenge)
            scope = f" {scrub(found[1])[:_LONGEST_SCOPE]}" if found else ""
            self._trouble = f"the login lacks the scope{scope}, which goes under auth.scopes"

    async def _current(self) -> Login | None:
        login = await self._kept()
        if (login is None or login.tokens is None) and not self._wishes.is_silent:
            self._trouble = "" if login is None else "the login has ended"
            return None
        if login is None or login.tokens is None or login.is_ending():
            return await self._renew(login)
        return login

    async def _newer(self, used: Login | None) -> Login | None:
        """Return a login with another token than the one that was refused; None if there is none to be had."""
        login = await self._kept()
        if login is not None and login.tokens is not None and _token(login) != _token(used):
            return login
        if used is None or not self._can_renew(used) or time.monotonic() < self._renewed_at + _RENEW_AGAIN:
            return None
        made = await self._renew(used)
        return made if _token(made) != _token(used) else None

    def _can_renew(self, login: Login) -> bool:
        return self._wishes.is_silent or (login.tokens is not None and login.tokens.refresh_token is not None)

    async def _kept(self) -> Login | None:
        """Return what is kept; it is read again only when it has changed."""
        stamp = self._store.stamp(self._place)
        if not self._is_read or stamp != self._stamp:
            try:
                self._login = await self._read() if stamp is not None else None
                self._stamp, self._is_read = stamp, True
            except (ToolweaverError, TimeoutError) as error:
                self._trouble = f"the kept login cannot be read ({_reason(error)})"
        return self._login

    async def _read(self) -> Login | None:
        with anyio.fail_after(_STORE_SECONDS):
            return login_of(await run_in_thread(self._store.read, self._place))

    async def _renew(self, used: Login | None) -> Login | None:
        """Return a login with a new token, or what is left of it; whoever comes second gets what the first made."""
        async with self._lock:
            try:
                async with self._store.turn(self._place):
                    kept = await self._read()
                    if kept is None or _token(kept) == _token(used) or kept.has_ended():
                        kept = await self._made(kept)
                self._trouble = "" if kept is not None and kept.tokens is not None else self._trouble
                self._login, self._stamp, self._is_read = kept, self._store.stamp(self._place), True
            except (ToolweaverError, TimeoutError) as error:
                self._trouble = f"the login could not be renewed ({_reason(error)})"
                return used if used is not None and not used.has_ended() else None
            return kept if kept is not None and kept.tokens is not None else None

    async def _made(self, kept: Login | None) -> Login | None:
        """Renew and keep; once the authorization server was asked, a cancelled call cannot lose what it answers."""
        if kept is None and not self._wishes.is_silent:
            return None
        self._renewed_at = time.monotonic()
        made: Login | None = None
        with anyio.move_on_after(_RENEW_SECONDS, shield=True) as scope:
            try:
                if self._wishes.is_silent or kept is None:
                    made = await logged_in(self._place, self._wishes, None, is_sse=self._is_sse, insists=True)
                else:
                    made = await renewed(kept)
            except Refused as error:
                self._trouble = f"the login has ended ({error})"
                made = None if kept is None else kept.without_tokens()
            if made is not None:
                await run_in_thread(self._store.write, self._place, made.model_dump_json())
        if scope.cancelled_caught and made is None:
            raise Unavailable("the authorization server", f"did not answer within {_RENEW_SECONDS:g} s")
        return made


def kept_login(server: str, url: str, options: Mapping[str, Any] | None, *, is_sse: bool = False) -> KeptLogin | None:
    """Return what logs in at a server with what is kept; None if nothing is kept anywhere.

    Args:
        server: Its name in the configuration.
        url: Its address.
        options: What the configuration says of the login; None if nothing.
        is_sse: Whether it speaks the transport of 2024-11-05.
    """
    store = LOGINS.get()
    if store is None:
        return None
    return KeptLogin(Place(server, url), store, wishes_of(options or {}), is_sse=is_sse)


def _authorize(request: httpx2.Request, login: Login | None) -> None:
    if token := _token(login):
        request.headers["Authorization"] = f"Bearer {token}"


def _token(login: Login | None) -> str | None:
    return None if login is None or login.tokens is None else login.tokens.access_token


def _origin(url: httpx2.URL) -> tuple[str, str, int | None]:
    return url.scheme, url.host, url.port


def _reason(error: Exception) -> str:
    return str(error) or "it took too long"
