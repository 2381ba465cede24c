"""The store that the SDK wants and that keeps nothing: logins are kept as a whole, once they are complete."""

from __future__ import annotations

from mcp.shared.auth import OAuthClientInformationFull, OAuthToken


class Nowhere:
    """Implements the SDK's `TokenStorage`; gives it a client that is registered already, if there is one."""

    def __init__(self, client: OAuthClientInformationFull | None = None) -> None:
        self._client = client

    async def get_tokens(self) -> OAuthToken | None:
        """Have none, so that a login is a new one."""
        return None

    async def set_tokens(self, tokens: OAuthToken) -> None:
        """Leave them with the provider."""

    async def get_client_info(self) -> OAuthClientInformationFull | None:
        """Return who we are to the authorization server, if that is known beforehand."""
        return self._client

    async def set_client_info(self, client_info: OAuthClientInformationFull) -> None:
        """Leave it with the provider."""
