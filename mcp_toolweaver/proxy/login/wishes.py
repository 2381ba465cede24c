"""What the owner of a configuration wants of a login."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

AUTHORIZATION_CODE = "authorization_code"
CLIENT_CREDENTIALS = "client_credentials"


@dataclass(frozen=True, slots=True)
class Wishes:
    """How to log in at a server; without any of it, everything is found out from the server."""

    scopes: tuple[str, ...] = ()
    """What to ask for in place of what the server asks us to ask for."""
    client_id: str | None = None
    """Who we are to the authorization server; without it we register (RFC 7591)."""
    client_secret: str | None = field(default=None, repr=False)
    client_metadata_url: str | None = None
    """A document of ours on the web that stands for a registration, where the authorization server takes those."""
    grant: str = AUTHORIZATION_CODE
    issuer: str | None = None
    """The authorization server that the client's secret belongs to, and is shown to alone."""
    redirect_port: int = 0
    """Where the browser is sent back to on this machine; 0 is any free port."""

    @property
    def is_silent(self) -> bool:
        """Whether nobody needs to be there: the client logs in as itself."""
        return self.grant == CLIENT_CREDENTIALS

    @property
    def scope(self) -> str | None:
        """The scopes in one text, as the protocol has them."""
        return " ".join(self.scopes) or None


def wishes_of(options: Mapping[str, Any]) -> Wishes:
    """Return what the option ``auth`` of a server says, which was checked before."""
    return Wishes(
        scopes=tuple(options.get("scopes") or ()),
        client_id=options.get("client_id"),
        client_secret=options.get("client_secret"),
        client_metadata_url=options.get("client_metadata_url"),
        grant=options.get("grant") or AUTHORIZATION_CODE,
        issuer=options.get("issuer"),
        redirect_port=options.get("redirect_port") or 0,
    )
