"""What we tell clients that look for a token is what the SDK's client understands."""

from __future__ import annotations

from typing import Any

import httpx2
import pytest
from mcp.client.auth.utils import (
    build_protected_resource_metadata_discovery_urls,
    extract_resource_metadata_from_www_auth,
    extract_scope_from_www_auth,
)
from mcp.shared.auth import ProtectedResourceMetadata

from mcp_toolweaver.access.oauth.resource import ProtectedResource
from mcp_toolweaver.core.errors import ConfigurationError

ISSUER = "https://Login.example.com/realms/a"


def resource(url: str, **more: Any) -> ProtectedResource:
    return ProtectedResource(ISSUER, url, url, frozenset({"RS256"}), **more)


@pytest.mark.parametrize(
    "url", ["https://tools.example.com", "https://tools.example.com:8443/mcp", "http://[::1]:1/mcp"]
)
def test_the_sdks_client_finds_the_metadata_with_and_without_our_hint(url: str) -> None:
    here = resource(url, scopes=("tools", "more"))
    response = httpx2.Response(401, headers={"www-authenticate": f"Bearer {here.challenge}"})
    told = extract_resource_metadata_from_www_auth(response)
    assert told is not None
    assert extract_scope_from_www_auth(response) == "tools more"
    for hint in (told, None):
        looked_at = build_protected_resource_metadata_discovery_urls(hint, url)
        paths = [httpx2.URL(address).path for address in looked_at]
        found = next(here.routes[path] for path in paths if path in here.routes)
        metadata = ProtectedResourceMetadata.model_validate(found)
        assert str(metadata.resource).rstrip("/") == url
        assert metadata.scopes_supported == ["tools", "more"]


def test_addresses_stand_in_the_metadata_to_the_letter() -> None:
    here = resource("https://tools.example.com/mcp", profiles_by_scope={"a": "b"})
    assert here.metadata["authorization_servers"] == [ISSUER]
    assert here.metadata["scopes_supported"] == ["a"]
    assert set(here.routes) == {
        "/.well-known/oauth-protected-resource",
        "/.well-known/oauth-protected-resource/mcp",
    }


@pytest.mark.parametrize(
    "url",
    [
        "http://tools.example.com",
        "ftp://x",
        "https://",
        "https://a:b@c.example.com",
        "http://[::1",
        "http://127.1.evil.example",
    ],
)
def test_addresses_that_anybody_could_answer_for_are_refused(url: str) -> None:
    with pytest.raises(ConfigurationError, match=r"serve\.oauth\.resource"):
        resource(url)
    with pytest.raises(ConfigurationError, match=r"serve\.oauth\.issuer"):
        ProtectedResource(url, "a", "https://a.example.com", frozenset())
    with pytest.raises(ConfigurationError, match=r"serve\.oauth\.jwks_url"):
        resource("https://a.example.com", jwks_url=url)
