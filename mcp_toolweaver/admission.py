"""Who is let in over the network, as the settings and the file of tokens say."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mcp_toolweaver.config import Problem, Settings
from mcp_toolweaver.config.oauth_settings import OAuthSettings
from mcp_toolweaver.config.settings import ENVIRONMENT_PREFIX, NESTED_DELIMITER
from mcp_toolweaver.core.access import Admission, Profile
from mcp_toolweaver.core.errors import ConfigurationError

if TYPE_CHECKING:
    from mcp_toolweaver.access.oauth.resource import ProtectedResource

_DECIDE = frozenset({"serve", "profiles"})
"""The settings that say who may come in, and what for."""
_TWICE = frozenset({"toolweaver", *_DECIDE, *OAuthSettings.model_fields, "oauth", "allow", "deny", "effects"})
"""Keys that are named alone where one object has them twice, so that one of both does not count."""


def open_admission(data_dir: Path, oauth: OAuthSettings, profiles: Mapping[str, Profile]) -> Admission | None:
    """Return who is let in; None where there never was a token, nor is an authorization server set.

    A file of tokens without any lets nobody in, until one is added.

    Args:
        data_dir: Where the file of tokens is.
        oauth: The authorization server, if there is one.
        profiles: By name; may change meanwhile.

    Raises:
        ConfigurationError: the file is damaged, or the settings make no whole.
        Unavailable: the file cannot be read.
    """
    from mcp_toolweaver.access.token_admission import TokenAdmission  # noqa: PLC0415  only where HTTP is served
    from mcp_toolweaver.access.token_file import TokenFile  # noqa: PLC0415

    resource = _resource(oauth, profiles)
    if resource is None:
        return TokenAdmission(data_dir, profiles) if TokenFile(data_dir).stamp() is not None else None
    from mcp_toolweaver.access.either import EitherAdmission  # noqa: PLC0415
    from mcp_toolweaver.access.oauth.admission import OAuthAdmission  # noqa: PLC0415

    return EitherAdmission(TokenAdmission(data_dir, profiles), OAuthAdmission(resource, profiles))


def resource_routes(oauth: OAuthSettings) -> Mapping[str, Mapping[str, Any]]:
    """Return what is to be served as JSON to anybody, from anywhere, by path (RFC 9728); nothing without OAuth.

    Raises:
        ConfigurationError: the settings make no whole.
    """
    resource = _resource(oauth, None)
    return {} if resource is None else resource.routes


def refuse_wrong(problems: Iterable[Problem]) -> None:
    """Refuse to go on with settings that were left out for being wrong, if without them more people might come in.

    Raises:
        ConfigurationError: there is such a problem.
    """
    if wrong := [problem for problem in problems if _may_widen(problem)]:
        told = "; ".join(map(str, wrong))
        raise ConfigurationError(f"who may come in is not known for sure, so nobody is served over HTTP: {told}")


def _may_widen(problem: Problem) -> bool:
    """Whether what was left out may have been a limit; what is no setting may have been meant for one."""
    table, *names = problem.key.split(".")
    if table.startswith(ENVIRONMENT_PREFIX):
        return table.removeprefix(ENVIRONMENT_PREFIX).split(NESTED_DELIMITER)[0].lower() in _DECIDE
    if table != "toolweaver" or not names:
        return problem.key in _TWICE or not problem.key
    return names[0] in _DECIDE or names[0] not in Settings.model_fields


def _resource(oauth: OAuthSettings, profiles: Mapping[str, Profile] | None) -> ProtectedResource | None:
    if oauth == OAuthSettings():
        return None
    if oauth.issuer is None or oauth.audience is None:
        missing = "issuer" if oauth.issuer is None else "audience"
        raise ConfigurationError(f"serve.oauth lacks {missing!r}; set it, or remove all of serve.oauth")
    url = oauth.resource or oauth.audience
    if not url.startswith(("https://", "http://")):
        raise ConfigurationError(
            "serve.oauth.audience is no address, so serve.oauth.resource is needed: the address at which clients "
            "reach this server, such as https://tools.example.com"
        )
    if profiles is not None:
        _refuse_unknown(oauth, profiles)
    from mcp_toolweaver.access.oauth.resource import ProtectedResource  # noqa: PLC0415

    return ProtectedResource(
        issuer=oauth.issuer,
        audience=oauth.audience,
        url=url,
        algorithms=frozenset(oauth.algorithms),
        scopes=oauth.scopes,
        jwks_url=oauth.jwks_url or "",
        profiles_by_scope=oauth.profiles_by_scope,
    )


def _refuse_unknown(oauth: OAuthSettings, profiles: Mapping[str, Profile]) -> None:
    for scope, name in oauth.profiles_by_scope.items():
        if name not in profiles:
            known = ", ".join(profiles) or "there is none"
            raise ConfigurationError(
                f"serve.oauth.profiles_by_scope: {scope!r} means the profile {name!r}, which is not in the "
                f"configuration ({known})"
            )
