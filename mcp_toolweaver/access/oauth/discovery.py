"""The keys that an authorization server publishes, and where: RFC 8414, or OpenID Connect Discovery."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mcp.client.auth.utils import build_oauth_authorization_server_metadata_discovery_urls

from mcp_toolweaver.access.oauth.fetching import PART, fetch_object
from mcp_toolweaver.core.errors import Unavailable
from mcp_toolweaver.core.json_values import is_array, is_object


async def published_keys(issuer: str, jwks_url: str = "") -> Sequence[dict[str, Any]]:
    """Return the keys of an issuer (RFC 7517, section 5).

    Args:
        issuer: The authorization server.
        jwks_url: Where its keys are; empty if its metadata say so.

    Raises:
        Unavailable: they cannot be had.
    """
    url = jwks_url or await _jwks_url(issuer)
    keys = (await fetch_object(url)).get("keys")
    if not is_array(keys) or not keys:
        raise Unavailable(PART, f"{url} holds no keys")
    return [key for key in keys if is_object(key)]


async def _jwks_url(issuer: str) -> str:
    reasons: list[str] = []
    for url in build_oauth_authorization_server_metadata_discovery_urls(issuer, issuer):
        try:
            return _named(issuer, url, await fetch_object(url))
        except Unavailable as error:
            reasons.append(error.reason)
    raise Unavailable(PART, "; ".join(reasons))


def _named(issuer: str, url: str, metadata: dict[str, Any]) -> str:
    if metadata.get("issuer") != issuer:  # RFC 8414, section 3.3: not one letter may differ
        raise Unavailable(PART, f"{url} is of the issuer {metadata.get('issuer')!r}, not of {issuer!r}")
    if not isinstance(found := metadata.get("jwks_uri"), str):
        raise Unavailable(PART, f"{url} does not say where its keys are; set serve.oauth.jwks_url")
    return found
