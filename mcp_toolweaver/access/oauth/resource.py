"""What we are to an authorization server: a protected resource, which says so to clients (RFC 9728)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from mcp_toolweaver.access.oauth.addresses import is_safe
from mcp_toolweaver.core.errors import ConfigurationError

_ROOT = "/.well-known/oauth-protected-resource"


@dataclass(frozen=True, slots=True)
class ProtectedResource:
    """Whose tokens count here, and which of them."""

    issuer: str
    """The authorization server, exactly as its tokens and its metadata call it."""
    audience: str
    """What tokens for us call us (RFC 8707); those for anyone else are refused."""
    url: str
    """Where clients reach us; every path that is served lies below it."""
    algorithms: frozenset[str]
    """Of signatures, by the names of RFC 7518; those with public keys only."""
    scopes: tuple[str, ...] = ()
    """What a token must have, all of it."""
    jwks_url: str = ""
    """Where the issuer's keys are; empty if its metadata say so."""
    profiles_by_scope: Mapping[str, str] = field(default_factory=dict[str, str])
    """The first of these scopes that a token has is the profile it is bound to; it must have one, if there are any."""

    def __post_init__(self) -> None:
        """Refuse addresses that would hand keys or tokens to whoever listens.

        Raises:
            ConfigurationError: an address is not https, nor http on this machine.
        """
        for key, url in (("issuer", self.issuer), ("jwks_url", self.jwks_url), ("resource", self.url)):
            if url and not is_safe(url):
                raise ConfigurationError(
                    f"serve.oauth.{key} is {url!r}: it must begin with https://, or with http:// and name this machine"
                )
        if urlsplit(self.url).query or urlsplit(self.url).fragment:
            raise ConfigurationError("serve.oauth.resource must be an address without ? and #")

    @property
    def audiences(self) -> tuple[str, ...]:
        """The audience as clients may have written it: with a slash at the end, and without."""
        bare = self.audience.rstrip("/")
        return (bare, f"{bare}/") if "://" in bare else (self.audience,)

    @property
    def challenge(self) -> str:
        """The parameters of ``WWW-Authenticate: Bearer`` that say where to get a token, and which."""
        scope = f', scope="{" ".join(self.scopes)}"' if self.scopes else ""
        return f'resource_metadata="{self._metadata_url}"{scope}'

    @property
    def metadata(self) -> dict[str, Any]:
        """The metadata of RFC 9728, section 2, as JSON; addresses stand there to the letter, as they are compared."""
        scopes = list(dict.fromkeys([*self.scopes, *self.profiles_by_scope]))
        return {
            "resource": self.url,
            "authorization_servers": [self.issuer],
            **({"scopes_supported": scopes} if scopes else {}),
            "bearer_methods_supported": ["header"],
            "resource_name": "mcp-toolweaver",
        }

    @property
    def routes(self) -> Mapping[str, dict[str, Any]]:
        """The metadata by the paths at which clients look for them, without a token."""
        return dict.fromkeys((_ROOT, urlsplit(self._metadata_url).path), self.metadata)

    @property
    def _metadata_url(self) -> str:
        """The address of the metadata (RFC 9728, section 3.1)."""
        parts = urlsplit(self.url)
        return f"{parts.scheme}://{parts.netloc}{_ROOT}{'' if parts.path == '/' else parts.path}"
