"""What is kept of a login."""

from __future__ import annotations

import time

from mcp.shared.auth import OAuthClientInformationFull, OAuthToken
from pydantic import BaseModel, ConfigDict, Field, ValidationError

_EARLIEST = 60.0
_SHARE = 0.1


class Login(BaseModel):
    """A login at one server, as it is kept; what shows it never shows a secret."""

    model_config = ConfigDict(frozen=True)

    issuer: str
    """The authorization server, for people."""
    token_endpoint: str
    resource: str | None = None
    """What tokens are asked for by the name of (RFC 8707); None where it is not said."""
    client: OAuthClientInformationFull = Field(repr=False)
    tokens: OAuthToken | None = Field(default=None, repr=False)
    """None once the authorization server took them back."""
    expires_at: float | None = None
    """When the access token ends, in seconds since 1970; None if that was not said."""
    revocation_endpoint: str | None = None

    def renewed(self, tokens: OAuthToken) -> Login:
        """Return the login with the tokens of an answer, which may leave out what stays as it was (RFC 6749, 6)."""
        before = self.tokens
        kept = {
            "refresh_token": tokens.refresh_token or (before.refresh_token if before else None),
            "scope": tokens.scope or (before.scope if before else None),
        }
        expires_at = None if tokens.expires_in is None else time.time() + tokens.expires_in
        return self.model_copy(update={"tokens": tokens.model_copy(update=kept), "expires_at": expires_at})

    def without_tokens(self) -> Login:
        """Return what is left of it when its tokens are worth nothing any more."""
        return self.model_copy(update={"tokens": None, "expires_at": None})

    def is_ending(self) -> bool:
        """Whether it is time to renew it: a tenth of its life, a minute at most, before its end."""
        if self.tokens is None or self.expires_at is None:
            return False
        return time.time() >= self.expires_at - min(_EARLIEST, _SHARE * (self.tokens.expires_in or 0))

    def has_ended(self) -> bool:
        """Whether the access token is worth nothing any more."""
        return self.tokens is None or (self.expires_at is not None and time.time() >= self.expires_at)


def login_of(text: str | None) -> Login | None:
    """Return a login that was kept; None if it is damaged, which is as good as none."""
    try:
        return None if text is None else Login.model_validate_json(text)
    except ValidationError:
        return None
