"""Credentials of the owner, by the security schemes of the document, and which of them an operation needs."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from catalog_sources.openapi.headers import is_header_name, is_header_value
from catalog_sources.openapi.options import Auth
from catalog_sources.openapi.problems import BadPart, Problems, pointer
from catalog_sources.openapi.references import References
from mcp_toolweaver import is_array, is_object


@dataclass(frozen=True, slots=True)
class Credential:
    """What is added to a request to say who asks."""

    place: Literal["header", "query", "cookie"]
    name: str
    value: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Needed:
    """What one operation needs to be let in."""

    credentials: tuple[Credential, ...] = ()
    missing: tuple[str, ...] = ()
    """How to set what is not there, one text for each scheme."""


def credentials(
    document: dict[str, Any], auth: Mapping[str, Auth], references: References, problems: Problems
) -> dict[str, Credential]:
    """Return the credentials by the names of their schemes; what cannot be used is told to ``problems``."""
    schemes = _schemes(document)
    found: dict[str, Credential] = {}
    for name, given in auth.items():
        place = pointer("components", "securitySchemes", name)
        try:
            found[name] = _credential(name, _scheme(name, schemes, references), given)
        except BadPart as bad:
            problems.add(place, f"not used: {bad}")
    return found


def needed(security: Any, available: Mapping[str, Credential], document: dict[str, Any]) -> Needed:
    """Return what an operation needs: the first alternative that can be met, else the first, with what is missing."""
    alternatives = [list(item) for item in security if is_object(item)] if is_array(security) else []
    for names in alternatives:
        if names and all(name in available for name in names):
            return Needed(tuple(available[name] for name in names))
    if not alternatives or [] in alternatives:
        return Needed()
    first = alternatives[0]
    schemes = _schemes(document)
    missing = tuple(how_to_set(name, schemes.get(name)) for name in first if name not in available)
    return Needed(tuple(available[name] for name in first if name in available), missing)


def how_to_set(name: str, scheme: Any) -> str:
    """Return what the owner writes for a scheme."""
    match _kind(scheme):
        case "basic":
            return f'auth.{name} = {{ username = "...", password = "..." }}'
        case "apiKey":
            return f'auth.{name} = {{ value = "..." }}'
        case "bearer":
            return f'auth.{name} = {{ token = "..." }}'
        case _:
            return f"auth.{name}, a scheme that cannot be set; set headers"


def _schemes(document: dict[str, Any]) -> Mapping[str, Any]:
    components = document.get("components")
    schemes = components.get("securitySchemes") if is_object(components) else None
    return schemes if is_object(schemes) else {}


def _scheme(name: str, schemes: Mapping[str, Any], references: References) -> dict[str, Any]:
    if name not in schemes:
        known = ", ".join(schemes) or "none; set headers instead"
        raise BadPart(f"auth.{name} is for a scheme that is not in the document, which has: {known}")
    return references.objects(schemes[name])


def _kind(scheme: Any) -> str:
    if not is_object(scheme):
        return ""
    kind, way = scheme.get("type"), str(scheme.get("scheme", "")).lower()
    if kind in ("oauth2", "openIdConnect") or (kind == "http" and way not in ("basic", "")):
        return "bearer"
    return "basic" if kind == "http" and way == "basic" else str(kind or "")


def _credential(name: str, scheme: dict[str, Any], given: Auth) -> Credential:
    kind = _kind(scheme)
    if kind == "bearer":
        way = str(scheme.get("scheme") or "Bearer")
        word = "Bearer" if way.lower() == "bearer" else way
        return _checked(name, Credential("header", "Authorization", f"{word} {_secret(name, given, 'token')}"))
    if kind == "basic":
        return Credential("header", "Authorization", f"Basic {_basic(name, given)}")
    place, key = scheme.get("in"), scheme.get("name")
    if kind != "apiKey" or place not in ("header", "query", "cookie") or not isinstance(key, str):
        raise BadPart(f"the scheme {name!r} has a type that cannot be set in auth; set headers instead")
    return _checked(name, Credential(place, key, _secret(name, given, "value")))


def _secret(name: str, given: Auth, kind: str) -> str:
    found = given.token or given.value
    if found is None:
        raise BadPart(f"auth.{name} must have a {kind}")
    return found.get_secret_value()


def _basic(name: str, given: Auth) -> str:
    if given.username is None or given.password is None:
        raise BadPart(f"auth.{name} must have a username and a password")
    if ":" in given.username:
        raise BadPart(f"auth.{name}: a username has no colon")
    return base64.b64encode(f"{given.username}:{given.password.get_secret_value()}".encode()).decode()


def _checked(name: str, credential: Credential) -> Credential:
    """Return a credential that can be sent."""
    if credential.place == "header" and not is_header_name(credential.name):
        raise BadPart(f"the scheme {name!r} names a header that cannot be")
    if not is_header_value(credential.value) or not credential.value:
        raise BadPart(f"auth.{name} is empty, has a line break or white space around it; remove that")
    return credential


def fixed_names(found: Sequence[Credential], headers: Mapping[str, Any]) -> set[tuple[str, str]]:
    """Return the places and names (headers in lower case) that the owner set, so that callers have no say."""
    own = {("header", name.lower()) for name in headers}
    return own | {(one.place, one.name.lower() if one.place == "header" else one.name) for one in found}
