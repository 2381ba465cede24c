"""What a remote server's entry says of logging in: its field ``auth``."""

from __future__ import annotations

from typing import Any

from mcp_toolweaver.config.fields import Fields
from mcp_toolweaver.config.json_types import as_object

_KNOWN = frozenset({"type", "scopes", "client_id", "client_secret", "client_metadata_url", "grant", "issuer"})
_PORT = "redirect_port"
_LARGEST_PORT = 65_535
_EXAMPLE = 'write "auth": "oauth", or "auth": {"type": "oauth", "scopes": ["..."]}'


def login_options(fields: Fields) -> dict[str, Any] | None:
    """Return the options of a login in the shape that ``mcp_server`` takes; None if the entry says nothing of it.

    What is wrong is reported through ``fields``.
    """
    value = fields.value("auth")
    if value is None:
        return None
    if isinstance(value, str) and value.lower() == "oauth":
        return {}
    table = as_object(value)
    if table is None:
        fields.refuse("auth", "must be oauth, or an object", _EXAMPLE)
        return None
    for key in table.keys() - _KNOWN - {_PORT}:
        fields.refuse(f"auth.{key}", "is not known here", f"use one of {', '.join(sorted(_KNOWN | {_PORT}))}")
    return _options(fields.within("auth", table))


def _options(given: Fields) -> dict[str, Any]:
    given.choice("type", "oauth")
    options = {
        "scopes": _scopes(given),
        "client_id": given.text("client_id"),
        "client_secret": given.text("client_secret"),
        "client_metadata_url": given.text("client_metadata_url"),
        "grant": given.choice("grant", "authorization_code", "client_credentials"),
        "issuer": given.text("issuer"),
        _PORT: given.count(_PORT, least=1),
    }
    _check(given, options)
    return {key: value for key, value in options.items() if value}


def _scopes(given: Fields) -> list[str]:
    """Return the scopes, which may be one text with spaces as the protocol has them."""
    value = given.value("scopes")
    return value.split() if isinstance(value, str) else given.texts("scopes")


def _check(given: Fields, options: dict[str, Any]) -> None:
    if options["grant"] == "client_credentials":
        for key in ("client_id", "client_secret"):
            if not options[key]:
                given.refuse(key, "is missing, without which the grant client_credentials is none", f"add {key}")
    if options["client_secret"] and not options["client_id"]:
        given.refuse("client_secret", "has no client_id that it is the secret of", "add client_id")
    if options["client_secret"] and not options["issuer"]:
        fix = "add issuer, the address of the authorization server that gave it to you: it is sent nowhere else"
        given.refuse("client_secret", "has no issuer that it belongs to", fix)
    if (options[_PORT] or 0) > _LARGEST_PORT:
        given.refuse(_PORT, f"is above {_LARGEST_PORT}", f'write "{_PORT}": 33418')
    url = options["client_metadata_url"]
    if url and not url.startswith("https://"):
        given.refuse("client_metadata_url", "is not https", 'write "https://host/path.json"')
