"""What a signed token claims, once all that can be checked has been (RFC 9068, section 4; RFC 8725)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import jwt

from mcp_toolweaver.access.oauth.keys import Keys
from mcp_toolweaver.access.oauth.resource import ProtectedResource
from mcp_toolweaver.core.access import NotAdmitted
from mcp_toolweaver.core.json_values import is_array

_INVALID = "invalid_token"
_LARGEST = 16 * 1024
_LEEWAY = 30.0
"""Seconds by which clocks may differ."""
_TYPES = {"", "jwt", "at+jwt", "application/at+jwt"}
"""Many servers write JWT, or nothing, where RFC 9068 asks for at+jwt; other types are no access tokens."""
_REASONS: tuple[tuple[type[Exception], str], ...] = (
    (jwt.ExpiredSignatureError, "the token has expired"),
    (jwt.ImmatureSignatureError, "the token is not valid yet"),
    (jwt.InvalidIssuerError, "the token is of another issuer than the one whose tokens count here"),
    (jwt.InvalidAudienceError, "the token is meant for another server than this one"),
    (jwt.MissingRequiredClaimError, "the token lacks one of the claims exp, iss and aud"),
    (jwt.InvalidSignatureError, "the signature of the token is wrong"),
    (jwt.InvalidAlgorithmError, "the token is signed in a way that is not accepted here"),
)
_UNREADABLE = (jwt.PyJWTError, ValueError, TypeError, OverflowError, RecursionError)


async def claims_of(token: str, keys: Keys, resource: ProtectedResource) -> Mapping[str, Any]:
    """Return the claims of an access token for us.

    Raises:
        NotAdmitted: it is none, or not valid; the message holds nothing of the token.
        Unavailable: its key is not known, and the issuer does not answer.
    """
    kid, algorithm = _header(token, resource.algorithms)
    key = await keys.get(kid, algorithm)
    try:
        return jwt.decode(
            token,
            key,
            algorithms=[algorithm],
            audience=resource.audiences,
            issuer=resource.issuer,
            leeway=_LEEWAY,
            options={"require": ["exp", "iss", "aud"], "enforce_minimum_key_length": True},
        )
    except _UNREADABLE as error:
        raise NotAdmitted(_reason(error), _INVALID) from None


def scopes_of(claims: Mapping[str, Any]) -> frozenset[str]:
    """Return the scopes of a token: ``scope`` as RFC 9068 has it, or ``scp`` as some servers write it."""
    found: set[str] = set()
    for claim in (claims.get("scope"), claims.get("scp")):
        if isinstance(claim, str):
            found.update(claim.split())
        elif is_array(claim):
            found.update(item for item in claim if isinstance(item, str))
    return frozenset(found)


def _header(token: str, algorithms: frozenset[str]) -> tuple[str | None, str]:
    """Return the id of the key and the algorithm, which are not to be believed before the signature is verified."""
    if len(token) > _LARGEST:
        raise NotAdmitted("the token is too long", _INVALID)
    try:
        header = jwt.get_unverified_header(token)
    except _UNREADABLE:
        raise NotAdmitted("this is no token that can be read here", _INVALID) from None
    kid, algorithm, kind = header.get("kid"), header.get("alg"), header.get("typ", "")
    if not isinstance(algorithm, str) or algorithm not in algorithms:
        raise NotAdmitted("the token is signed in a way that is not accepted here", _INVALID)
    if not isinstance(kind, str) or kind.casefold() not in _TYPES:
        raise NotAdmitted("this is no access token", _INVALID)
    return kid, algorithm


def _reason(error: Exception) -> str:
    return next((said for kind, said in _REASONS if isinstance(error, kind)), "the token cannot be checked")
