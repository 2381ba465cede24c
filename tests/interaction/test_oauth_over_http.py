"""Access tokens of an authorization server, over HTTP: where to get one is told, and what it is good for holds."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path
from typing import Any

import httpx
import httpx2
import pytest
from mcp.client.client import Client
from mcp.client.streamable_http import streamable_http_client

from tests.fakes.issuer import AUDIENCE, Issuer, issuer, rsa_key
from tests.interaction.servers import TIME, text_of, write_config
from tests.interaction.web_stage import Served, served

pytestmark = pytest.mark.anyio

NOW = {"name": "time__get_current_time", "arguments": {"timezone": "Asia/Tokyo"}}


@pytest.fixture(scope="module")
def login() -> Generator[Issuer]:
    with issuer() as served_issuer:
        served_issuer.publish(rsa=rsa_key())
        yield served_issuer


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, login: Issuer) -> Generator[Served]:
    oauth = {"issuer": login.url, "audience": AUDIENCE, "profiles_by_scope": {"all": "all", "none": "none"}}
    settings = {
        "expose": "search",
        "profiles": {"all": {}, "none": {"deny": {"servers": "*"}}},
        "serve": {"oauth": oauth},
    }
    folder: Path = tmp_path_factory.mktemp("oauth")
    with served(write_config(folder, {"time": TIME}, toolweaver=settings)) as started:
        started.ready()
        yield started


async def test_who_shows_nothing_is_told_where_to_go(server: Served, login: Issuer) -> None:
    async with httpx.AsyncClient(base_url=server.url) as client:
        refused = await client.post("/mcp")
        assert refused.status_code == 401
        assert "resource_metadata=" in refused.headers["www-authenticate"]
        told = await client.get("/.well-known/oauth-protected-resource", headers={"origin": "https://localhost"})
        assert told.status_code == 200
        assert told.json()["authorization_servers"] == [login.url]


async def test_a_scope_means_a_profile(server: Served, login: Issuer) -> None:
    for scope, is_there in (("all", True), ("none", False)):
        token = login.token("rsa", scope=scope)
        async with (
            httpx2.AsyncClient(headers={"Authorization": f"Bearer {token}"}, timeout=60) as http,
            Client(streamable_http_client(f"{server.url}/mcp", http_client=http), read_timeout_seconds=60) as client,
        ):
            assert ("+09:00" in text_of(await client.call_tool("call_tool", NOW))) is is_there


@pytest.mark.parametrize(
    ("claims", "status", "error"),
    [
        ({"aud": "https://elsewhere.example"}, 401, "invalid_token"),
        ({"iss": "https://evil.example"}, 401, "invalid_token"),
        ({"exp": 1}, 401, "invalid_token"),
        ({"scope": "other"}, 403, "insufficient_scope"),
    ],
)
async def test_a_token_that_is_not_for_us_is_refused(
    server: Served, login: Issuer, claims: dict[str, Any], status: int, error: str
) -> None:
    claimed: dict[str, Any] = {"scope": "all", **claims}
    token = login.token("rsa", **claimed)
    async with httpx.AsyncClient(base_url=server.url, headers={"Authorization": f"Bearer {token}"}) as client:
        refused = await client.post("/mcp")
        assert refused.status_code == status
        assert f'error="{error}"' in refused.headers["www-authenticate"]
        assert token not in str(refused.headers) + refused.text
