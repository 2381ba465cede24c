"""The SDK's login, kept to the one authorization server that the owner trusts."""

from __future__ import annotations

import httpx2
from mcp.client.auth import OAuthClientProvider, OAuthFlowError
from mcp.client.auth.utils import issuers_match


class BoundProvider(OAuthClientProvider):
    """Asks the issuer of the owner and no other, whichever the server names; without one, the server's.

    The SDK itself drops a client that is registered elsewhere, and registers a new one with whom the server names.
    """

    owners_issuer: str | None = None

    def _select_authorization_server(self, advertised: list[str]) -> str:
        if self.owners_issuer is None:
            return super()._select_authorization_server(advertised)
        fitting = [each for each in advertised if issuers_match(each, self.owners_issuer)]
        if not fitting:
            raise self._distrust(advertised[0])
        return fitting[0]

    async def _perform_authorization(self) -> httpx2.Request:
        metadata = self.context.oauth_metadata
        issuer = self._expected_issuer() if metadata is None else str(metadata.issuer)
        if self.owners_issuer is not None and not issuers_match(issuer, self.owners_issuer):
            raise self._distrust(issuer)
        return await super()._perform_authorization()

    def _distrust(self, issuer: str) -> OAuthFlowError:
        return OAuthFlowError(f"the server names the issuer {issuer}, and auth.issuer is {self.owners_issuer}")
