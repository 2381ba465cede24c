"""Whose access tokens let callers in over HTTP, beside our own."""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeAlias

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

from mcp_toolweaver.config.setting_types import Text


def _words(value: Any) -> Any:
    """Take a text for the words in it, as OAuth writes scopes."""
    return value.split() if isinstance(value, str) else value


Scope: TypeAlias = Annotated[str, StringConstraints(pattern=r"^[\x21\x23-\x5b\x5d-\x7e]{1,200}$")]
"""RFC 6749, section 3.3."""
Address: TypeAlias = Annotated[str, StringConstraints(pattern=r'^https?://[^\s"\\]+$', max_length=500)]
Algorithm: TypeAlias = Literal[
    "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"
]  # fmt: skip
"""Signatures with a key that only the issuer has; ``none`` and HMAC are not among them."""


class OAuthSettings(BaseModel):
    """An OAuth 2.1 authorization server, for which we are a protected resource; none without ``issuer``."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    issuer: Address | None = None
    """As its tokens call it in ``iss``, to the letter."""
    audience: Text | None = None
    """What tokens for us have in ``aud``: as a rule our address (RFC 8707). Tokens for others are refused."""
    resource: Address | None = None
    """The address at which clients reach us, all paths below it; the audience, if that is an address."""
    scopes: Annotated[tuple[Scope, ...], BeforeValidator(_words)] = ()
    """Scopes that a token must have, all of them."""
    jwks_url: Address | None = None
    """Where the issuer's keys are, if its metadata do not say so."""
    algorithms: Annotated[tuple[Algorithm, ...], BeforeValidator(_words), Field(min_length=1)] = (
        "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA",
    )  # fmt: skip
    """The signatures that are accepted."""
    profiles_by_scope: dict[Scope, Text] = {}
    """The profile that a scope means; the first one here that a token has counts, and it must have one."""
