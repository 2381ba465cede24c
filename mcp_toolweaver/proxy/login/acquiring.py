"""Logging in at a server, through the SDK: discovery, registration, PKCE, and the exchange for tokens."""

from __future__ import annotations

import logging
import time
import warnings
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator
from contextlib import asynccontextmanager, contextmanager
from typing import Any
from urllib.parse import urljoin

import httpx2
from mcp.client.auth import OAuthClientProvider, OAuthFlowError, OAuthRegistrationError, OAuthTokenError
from mcp.shared.auth import OAuthClientInformationFull, OAuthClientMetadata, OAuthMetadata
from pydantic import AnyUrl, ValidationError

from mcp_toolweaver.core.errors import InvalidRequest, Refused, Unavailable
from mcp_toolweaver.core.logins import Place
from mcp_toolweaver.core.scrub import scrub
from mcp_toolweaver.proxy.failures import UNAUTHORIZED
from mcp_toolweaver.proxy.login.asking import Demanding, asked, is_safe, unsafe
from mcp_toolweaver.proxy.login.bound import BoundProvider
from mcp_toolweaver.proxy.login.nowhere import Nowhere
from mcp_toolweaver.proxy.login.record import Login
from mcp_toolweaver.proxy.login.redirect import redirect_listener
from mcp_toolweaver.proxy.login.wishes import Wishes

_LONGEST_REASON = 300

Show = Callable[[str], Awaitable[None]]
"""Shows the owner a web address to go to."""


async def logged_in(
    place: Place, wishes: Wishes, show: Show | None, *, is_sse: bool = False, insists: bool = False
) -> Login:
    """Log in and return what came of it.

    Args:
        place: The server.
        wishes: How.
        show: Sends the owner to the authorization server; without it nobody is asked.
        is_sse: Whether the server speaks the transport of 2024-11-05.
        insists: Whether to log in though the server answers without: some ask for a login only when a tool is called.

    Raises:
        InvalidRequest: the server asks for no login.
        Refused: the authorization server says no.
        Unavailable: it, or the server, cannot be reached, or does not do what the protocol says.
    """
    with _translated(place), _unwrapped(), _quiet():
        async with _provider(place, wishes, show) as provider:
            status = await asked(place, provider, is_sse=is_sse)
            if insists and provider.context.current_tokens is None:
                status = await asked(place, provider, is_sse=is_sse, transport=Demanding())
            return _login(place, provider, status)


@asynccontextmanager
async def _provider(place: Place, wishes: Wishes, show: Show | None) -> AsyncGenerator[OAuthClientProvider]:
    if wishes.is_silent:
        yield _for_client(place, wishes)
        return
    if show is None:
        raise Refused(f"server {place.server!r}", "it needs a person to log in")
    async with redirect_listener(wishes.redirect_port) as redirect:

        async def ask(url: str) -> None:
            if not is_safe(place, url):
                raise unsafe(url)
            redirect.expect(url)
            await show(url)

        provider = BoundProvider(
            place.url,
            _metadata(redirect.url, wishes),
            Nowhere(_registered(redirect.url, wishes)),
            ask,
            redirect.answer,
            wishes.client_metadata_url,
        )
        provider.owners_issuer = wishes.issuer
        yield provider


def _for_client(place: Place, wishes: Wishes) -> OAuthClientProvider:
    from mcp.client.auth.extensions.client_credentials import (  # noqa: PLC0415  imports PyJWT
        ClientCredentialsOAuthProvider,
    )

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that the issuer may be left out will end with version 3 of the SDK
        provider = ClientCredentialsOAuthProvider(
            place.url,
            Nowhere(),
            wishes.client_id or "",
            wishes.client_secret or "",
            scope=wishes.scope,
            issuer=wishes.issuer,
        )
    if wishes.scope is not None:
        provider.context.client_metadata = _Chosen.model_validate(provider.context.client_metadata.model_dump())
    return provider


class _Chosen(OAuthClientMetadata):
    """Keeps the scopes that the owner chose, which the SDK replaces by those that the server tells of."""

    def __setattr__(self, name: str, value: Any) -> None:
        if name != "scope":
            super().__setattr__(name, value)


def _metadata(redirect_url: str, wishes: Wishes) -> OAuthClientMetadata:
    kind = OAuthClientMetadata if wishes.scope is None else _Chosen
    return kind(
        client_name="Toolweaver",
        redirect_uris=[AnyUrl(redirect_url)],
        token_endpoint_auth_method="client_secret_post" if wishes.client_secret else "none",
        scope=wishes.scope,
        software_id="mcp-toolweaver",
    )


def _registered(redirect_url: str, wishes: Wishes) -> OAuthClientInformationFull | None:
    """Return the client that the owner registered; None if we are to do so."""
    if wishes.client_id is None:
        return None
    return OAuthClientInformationFull(
        client_id=wishes.client_id,
        client_secret=wishes.client_secret,
        redirect_uris=[AnyUrl(redirect_url)],
        token_endpoint_auth_method="client_secret_post" if wishes.client_secret else "none",
        issuer=wishes.issuer,
    )


def _login(place: Place, provider: OAuthClientProvider, status: int) -> Login:
    context = provider.context
    if context.current_tokens is None or context.client_info is None:
        raise InvalidRequest(
            f"server {place.server!r} asks for no login: it answered {status} without one; if it does so later, "
            'write "auth": "oauth" into its entry'
        )
    if status == UNAUTHORIZED:
        raise Refused(f"server {place.server!r}", "refuses even the token that was just made for it")
    metadata = context.oauth_metadata
    expires_in = context.current_tokens.expires_in
    return Login(
        issuer=str(metadata.issuer) if metadata else context.get_authorization_base_url(place.url),
        token_endpoint=_token_endpoint(place, provider),
        resource=context.get_resource_url() if context.should_include_resource_param() else None,
        client=context.client_info,
        tokens=context.current_tokens,
        expires_at=None if expires_in is None else time.time() + expires_in,
        revocation_endpoint=_revocation_endpoint(place, metadata),
    )


def _token_endpoint(place: Place, provider: OAuthClientProvider) -> str:
    metadata = provider.context.oauth_metadata
    return str(metadata.token_endpoint) if metadata else urljoin(place.url, "/token")


def _revocation_endpoint(place: Place, metadata: OAuthMetadata | None) -> str | None:
    url = None if metadata is None else metadata.revocation_endpoint
    return str(url) if url is not None and is_safe(place, str(url)) else None


@contextmanager
def _translated(place: Place) -> Generator[None]:
    part = f"server {place.server!r}"
    try:
        yield
    except (OAuthTokenError, OAuthRegistrationError) as error:
        raise Refused(part, f"the authorization server refused: {_short(error)}") from None
    except OAuthFlowError as error:
        raise Unavailable(part, f"the login went wrong: {_short(error)}") from None
    except ValidationError:
        raise Unavailable(part, "the authorization server answered with what OAuth does not know") from None
    except (httpx2.HTTPError, httpx2.InvalidURL) as error:
        raise Unavailable(part, f"the login could not be done ({type(error).__name__}); is it running?") from None


@contextmanager
def _unwrapped() -> Generator[None]:
    """Raise what is in a group of the listener's tasks: one of them is the reason."""
    try:
        yield
    except BaseExceptionGroup as group:
        raise group.exceptions[0] from None


def _short(error: Exception) -> str:
    return scrub(" ".join(str(error).split()))[:_LONGEST_REASON]


@contextmanager
def _quiet() -> Generator[None]:
    """Let the SDK log nothing of a login: its messages hold what servers answered."""
    logger = logging.getLogger("mcp.client.auth.oauth2")
    before, logger.disabled = logger.disabled, True
    try:
        yield
    finally:
        logger.disabled = before
