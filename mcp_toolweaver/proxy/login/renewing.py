"""Asks an authorization server for the next tokens (RFC 6749, section 6)."""

from __future__ import annotations

import httpx2
from mcp.client.auth.oauth2 import OAuthContext
from mcp.shared.auth import OAuthClientMetadata, OAuthToken
from pydantic import ValidationError

from mcp_toolweaver.core.errors import Refused, Unavailable
from mcp_toolweaver.proxy.login.nowhere import Nowhere
from mcp_toolweaver.proxy.login.record import Login

_SECONDS = 30.0
_LARGEST = 256 * 1024
_OK = 200
_REFUSALS = (400, 401)


async def renewed(login: Login) -> Login:
    """Return the login with new tokens.

    Raises:
        Refused: its tokens are worth nothing any more.
        Unavailable: the authorization server cannot say so just now.
    """
    if login.tokens is None or login.tokens.refresh_token is None:
        raise Refused(login.issuer, "gave no token to renew it by")
    form = {
        "grant_type": "refresh_token",
        "refresh_token": login.tokens.refresh_token,
        "client_id": login.client.client_id,
    }
    return login.renewed(await _asked(login, form))


async def _asked(login: Login, form: dict[str, str]) -> OAuthToken:
    status, body = await post(login, login.token_endpoint, form)
    if status in _REFUSALS:
        raise Refused(login.issuer, f"answered {status}")
    try:
        if status == _OK:
            return OAuthToken.model_validate_json(body)
    except ValidationError:
        raise Unavailable(login.issuer, "answered with what is no token") from None
    raise Unavailable(login.issuer, f"answered {status}")


async def post(login: Login, url: str, form: dict[str, str]) -> tuple[int, bytes]:
    """Send a form as the client that we are registered as; return the status and the body.

    Raises:
        Unavailable: nothing, or nothing of sense, came back.
    """
    if login.resource is not None:
        form = {**form, "resource": login.resource}
    try:
        form, headers = _as_client(login, form)
        async with (
            httpx2.AsyncClient(timeout=_SECONDS, follow_redirects=False) as client,
            client.stream("POST", url, data=form, headers=headers) as response,
        ):
            body = b""
            async for piece in response.aiter_bytes():
                body += piece
                if len(body) > _LARGEST:
                    raise Unavailable(login.issuer, "answered with far too much")
            return response.status_code, body
    except (httpx2.HTTPError, httpx2.InvalidURL) as error:
        raise Unavailable(login.issuer, f"could not be asked ({type(error).__name__})") from None


def _as_client(login: Login, form: dict[str, str]) -> tuple[dict[str, str], dict[str, str]]:
    context = OAuthContext(login.token_endpoint, OAuthClientMetadata(redirect_uris=None), Nowhere(), None, None)
    context.client_info = login.client
    return context.prepare_token_auth(form, {"Accept": "application/json"})
