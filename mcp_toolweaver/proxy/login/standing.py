"""Whether a remote server lets us in as we are, and what is kept of a login there."""

from __future__ import annotations

from dataclasses import dataclass

import httpx2

from mcp_toolweaver.core.logins import LoginStore, Place
from mcp_toolweaver.core.threads import run_in_thread
from mcp_toolweaver.proxy.failures import UNAUTHORIZED
from mcp_toolweaver.proxy.login.asking import asked
from mcp_toolweaver.proxy.login.auth import KeptLogin
from mcp_toolweaver.proxy.login.record import Login, login_of
from mcp_toolweaver.proxy.login.renewing import post
from mcp_toolweaver.proxy.login.wishes import Wishes

_SECONDS = 15.0


@dataclass(frozen=True, slots=True)
class Standing:
    """How we stand with a server."""

    login: Login | None
    """What is kept."""
    needs_login: bool | None
    """None if it does not answer."""


async def standing(place: Place, store: LoginStore, wishes: Wishes, *, is_sse: bool) -> Standing:
    """Ask a server, with the login that is kept, whether it wants one; starts none that a person must finish."""
    auth = KeptLogin(place, store, wishes, is_sse=is_sse)
    try:
        status = await asked(place, auth, is_sse=is_sse, seconds=_SECONDS)
    except (httpx2.HTTPError, httpx2.InvalidURL):
        return Standing(await kept(place, store), None)
    return Standing(await kept(place, store), status == UNAUTHORIZED)


async def kept(place: Place, store: LoginStore) -> Login | None:
    """Return what is kept of a login; None if nothing is.

    Raises:
        Unavailable: it cannot be read.
    """
    return login_of(await run_in_thread(store.read, place))


async def revoke(login: Login) -> None:
    """Tell the authorization server to take the tokens back, if it has a place for that (RFC 7009).

    Raises:
        Unavailable: it could not be told.
    """
    if login.revocation_endpoint is None or login.tokens is None:
        return
    token, hint = login.tokens.refresh_token, "refresh_token"
    form = {"token": token or login.tokens.access_token, "token_type_hint": hint if token else "access_token"}
    await post(login, login.revocation_endpoint, {**form, "client_id": login.client.client_id})
