"""Lets in whoever shows an access token that the authorization server has issued for us."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from mcp_toolweaver.access.named import named
from mcp_toolweaver.access.oauth.claims import claims_of, scopes_of
from mcp_toolweaver.access.oauth.discovery import published_keys
from mcp_toolweaver.access.oauth.keys import Keys
from mcp_toolweaver.access.oauth.resource import ProtectedResource
from mcp_toolweaver.core.access import Caller, NotAdmitted, NotAllowed, Profile

_LONGEST_NAME = 255


class OAuthAdmission:
    """A resource server of OAuth 2.1, as MCP's chapter on authorization has it."""

    def __init__(self, resource: ProtectedResource, profiles: Mapping[str, Profile], keys: Keys | None = None) -> None:
        """Trust the issuer of ``resource``; ask it nothing before the first token comes.

        Args:
            resource: What we are to the issuer.
            profiles: Those that scopes may mean, by name; looked at with each request.
            keys: The issuer's; if not given, those that it publishes.
        """
        self._resource = resource
        self._profiles = profiles
        self._keys = keys or Keys(partial(published_keys, resource.issuer, resource.jwks_url))

    @property
    def challenge(self) -> str:
        """Where our metadata are, and which scopes are needed."""
        return self._resource.challenge

    async def admit(self, bearer: str | None) -> Caller:
        """Return whom the token was issued to.

        Raises:
            NotAdmitted: there is none, or it is not valid here; as `NotAllowed`, it lacks a scope.
            Unavailable: it cannot be checked, since the authorization server does not answer.
        """
        if not bearer:
            raise NotAdmitted("a token is needed: send the header Authorization: Bearer TOKEN")
        claims = await claims_of(bearer, self._keys, self._resource)
        scopes = scopes_of(claims)
        if missing := [scope for scope in self._resource.scopes if scope not in scopes]:
            raise NotAllowed(f"the token lacks a scope that is needed: {' '.join(missing)}")
        return Caller(_name(claims), self._bound(scopes))

    def _bound(self, scopes: frozenset[str]) -> tuple[Profile, ...]:
        """Return the profile that the scopes mean, if scopes mean profiles at all."""
        meanings = self._resource.profiles_by_scope
        if not meanings:
            return ()
        if (scope := next((scope for scope in meanings if scope in scopes), None)) is None:
            raise NotAllowed(f"the token needs one of these scopes: {' '.join(meanings)}")
        return (named(meanings[scope], self._profiles, f"the scope '{scope}'"),)


def _name(claims: Mapping[str, Any]) -> str:
    """Return a name that no token of ours can have, and no user that of a program."""
    for claim, kind in (("sub", "oauth"), ("client_id", "oauth-client"), ("azp", "oauth-client")):
        if (name := claims.get(claim)) is not None:
            if isinstance(name, str) and name.isprintable() and 0 < len(name) <= _LONGEST_NAME:
                return f"{kind}:{name}"
            break
    raise NotAdmitted("the token does not say whom it was issued to", "invalid_token")
