"""Who is let in follows from the settings and the file of tokens, and is never everybody by mistake."""

from __future__ import annotations

import json
from collections.abc import Generator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from mcp_toolweaver.access.secret import digest, new_secret
from mcp_toolweaver.access.token import Token
from mcp_toolweaver.access.token_file import TokenFile
from mcp_toolweaver.admission import open_admission, refuse_wrong, resource_routes
from mcp_toolweaver.config import Problem
from mcp_toolweaver.config.oauth_settings import OAuthSettings
from mcp_toolweaver.core.access import Admission, Caller, NotAdmitted, Profile
from mcp_toolweaver.core.errors import ConfigurationError
from tests.fakes.issuer import AUDIENCE, Issuer, issuer, rsa_key

pytestmark = pytest.mark.anyio

NO_OAUTH = OAuthSettings()
KEY = rsa_key()


@pytest.fixture(scope="module")
def server() -> Generator[Issuer]:
    with issuer() as served:
        served.publish(rsa=KEY)
        yield served


def keep(folder: Path) -> str:
    secret = new_secret()
    TokenFile(folder).add(Token("ci", digest(secret), datetime.now(UTC)))
    return secret


def opened(folder: Path, oauth: OAuthSettings, **profiles: Profile) -> Admission:
    found = open_admission(folder, oauth, profiles)
    assert found is not None
    return found


def settings(**values: Any) -> OAuthSettings:
    return OAuthSettings.model_validate(values)


async def test_where_nothing_is_said_there_is_no_admission(tmp_path: Path) -> None:
    assert open_admission(tmp_path, NO_OAUTH, {}) is None
    assert resource_routes(NO_OAUTH) == {}


async def test_once_there_was_a_token_one_is_needed_even_when_the_last_is_revoked(tmp_path: Path) -> None:
    secret = keep(tmp_path)
    assert await opened(tmp_path, NO_OAUTH).admit(secret) == Caller("ci")
    TokenFile(tmp_path).revoke("ci")
    asked = opened(tmp_path, NO_OAUTH)
    for bearer in (secret, None):
        with pytest.raises(NotAdmitted):
            await asked.admit(bearer)


async def test_both_kinds_of_tokens_are_good_where_both_are_set(tmp_path: Path, server: Issuer) -> None:
    oauth = settings(issuer=server.url, audience=AUDIENCE, scopes="tools")
    asked = opened(tmp_path, oauth)
    assert await asked.admit(server.token("rsa")) == Caller("oauth:ada")
    with pytest.raises(NotAdmitted, match="not known"):
        await asked.admit(new_secret())
    secret = keep(tmp_path)
    assert await opened(tmp_path, oauth).admit(secret) == Caller("ci")
    assert "resource_metadata=" in asked.challenge
    with pytest.raises(NotAdmitted) as raised:
        await asked.admit(None)
    assert raised.value.error == ""


async def test_a_user_who_is_called_like_a_token_is_somebody_else(tmp_path: Path, server: Issuer) -> None:
    keep(tmp_path)
    asked = opened(tmp_path, settings(issuer=server.url, audience=AUDIENCE))
    assert (await asked.admit(server.token("rsa", sub="ci"))).name != "ci"


async def test_scopes_bind_to_profiles_of_the_configuration(tmp_path: Path, server: Issuer) -> None:
    oauth = settings(issuer=server.url, audience=AUDIENCE, profiles_by_scope={"tools": "staff"})
    asked = opened(tmp_path, oauth, staff=Profile("staff"))
    assert (await asked.admit(server.token("rsa"))).profiles == (Profile("staff"),)
    with pytest.raises(ConfigurationError, match="'staff'"):
        open_admission(tmp_path, oauth, {})


def test_the_metadata_are_those_of_the_address_that_clients_know() -> None:
    oauth = settings(
        issuer="https://login.example.com", audience="api://tools", resource="https://tools.example.com/mcp"
    )
    assert resource_routes(oauth)["/.well-known/oauth-protected-resource/mcp"]["resource"] == oauth.resource


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"issuer": "https://login.example.com"}, "audience"),
        ({"audience": "https://a.example.com"}, "issuer"),
        ({"scopes": ["tools"]}, "issuer"),
        ({"profiles_by_scope": {"a": "b"}}, "issuer"),
        ({"issuer": "https://login.example.com", "audience": "api://tools"}, "resource"),
        ({"issuer": "http://login.example.com", "audience": "https://a.example.com"}, "https://"),
    ],
)
def test_settings_that_make_no_whole_are_refused_and_not_taken_for_none(
    tmp_path: Path, values: dict[str, Any], said: str
) -> None:
    with pytest.raises(ConfigurationError, match=said):
        open_admission(tmp_path, settings(**values), {})


@pytest.mark.parametrize(
    "values",
    [
        {"issuer": "login.example.com"},
        {"issuer": 'https://a"b'},
        {"audience": ""},
        {"scopes": ['a"b']},
        {"algorithms": ["HS256"]},
        {"algorithms": ["none"]},
        {"algorithms": []},
        {"profiles_by_scope": {"a b": "c"}},
        {"secret": "x"},
    ],
)
def test_values_that_cannot_be_are_refused(values: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        settings(**values)


def test_a_setting_of_access_that_was_left_out_for_being_wrong_stops_the_start() -> None:
    refuse_wrong([Problem("mcp.json", "mcpServers.github.args", "must be a list", "correct it")])
    refuse_wrong([Problem("mcp.json", "toolweaver.search.meaning_weight", "is too large", "correct it")])
    refuse_wrong([Problem("mcp.json", "command", "is there more than once", "remove the others")])
    refuse_wrong([Problem("environment", "TOOLWEAVER_SEARCH__MEANING_WEIGHT", "is too large", "correct it")])
    for file, key in (
        ("mcp.json", ""),
        ("mcp.json", "toolweaver"),
        ("mcp.json", "toolweaver.serv"),
        ("mcp.json", "profiles_by_scope"),
        ("mcp.json", "deny"),
        ("mcp.json", "toolweaver.serve.oauth.profiles_by_scope"),
        ("mcp.json", "toolweaver.profiles.staff"),
        ("environment", "TOOLWEAVER_SERVE__OAUTH__AUDIENCE"),
    ):
        with pytest.raises(ConfigurationError, match="nobody is served"):
            refuse_wrong([Problem(file, key, "is wrong", "correct it")])


async def test_a_damaged_file_stops_the_start(tmp_path: Path) -> None:
    (tmp_path / "tokens.json").write_text(json.dumps({"version": 1}), encoding="utf-8")
    for oauth in (NO_OAUTH, settings(issuer="https://login.example.com", audience=AUDIENCE)):
        with pytest.raises(ConfigurationError, match="lets nobody in"):
            open_admission(tmp_path, oauth, {})
