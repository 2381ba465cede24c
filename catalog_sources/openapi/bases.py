"""What all calls of a source go to: an origin, and a path that every address begins with."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urljoin, urlsplit

from mcp_toolweaver import is_array, is_object

_HOST = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?\.?|\[[0-9A-Fa-f:.]+\]")
_PORTS = {"http": 80, "https": 443}
_VARIABLE = re.compile(r"\{([^{}]*)\}")
_LAST_PORT = 65535


class BadAddress(ValueError):
    """The address cannot be the base of calls; the message says why."""


@dataclass(frozen=True, slots=True)
class Base:
    """The address of an API."""

    scheme: str
    host: str
    """In lower case; an IPv6 address in brackets."""
    port: int
    path: str
    """Without a slash at its end; empty for the root."""

    @property
    def origin(self) -> str:
        """Scheme, host and port (RFC 6454), the port where it is not the scheme's own."""
        port = "" if self.port == _PORTS[self.scheme] else f":{self.port}"
        return f"{self.scheme}://{self.host}{port}"

    def __str__(self) -> str:
        return self.origin + self.path

    def covers(self, scheme: str, host: str, port: int | None, raw_path: str) -> bool:
        """Whether an address is one of this API: same origin, and its path begins with this path."""
        same = (scheme, host.lower().strip("[]"), port or _PORTS.get(scheme))
        if same != (self.scheme, self.host.strip("[]"), self.port):
            return False
        return raw_path == self.path or raw_path.startswith(self.path + "/")


def base_at(address: str) -> Base:
    """Return the base that an absolute address names.

    Raises:
        BadAddress: it is none.
    """
    try:
        parts = urlsplit(address)
        port = parts.port
    except ValueError as error:
        raise BadAddress(f"{_shown(address)} is not a web address: {error}") from error
    if parts.scheme not in _PORTS or not parts.hostname:
        raise BadAddress(f"{_shown(address)} is not a web address; write it as https://host/path")
    if "@" in parts.netloc or parts.query or parts.fragment:
        raise BadAddress("a base address has no user, password, query or fragment; set headers or auth instead")
    host = parts.netloc if port is None else parts.netloc.rsplit(":", maxsplit=1)[0]
    host = host.rstrip(":").lower()
    if not _HOST.fullmatch(host) or port == 0 or (port or 1) > _LAST_PORT:
        raise BadAddress(f"{_shown(address)} has no usable host and port")
    return Base(parts.scheme, host, port or _PORTS[parts.scheme], _path(parts.path))


def base_of(document: Any, servers: Any, location: str | None) -> Base:
    """Return the base that a document asks for.

    Args:
        document: The document; its first server counts.
        servers: Servers in its place, such as those of one operation; None for the document's.
        location: The address that the document is from, to which its server may be relative; None for a file.

    Raises:
        BadAddress: the document names no usable one.
    """
    address = _first_server(document.get("servers") if servers is None else servers)
    if location is not None:
        address = urljoin(location, address)
    elif not urlsplit(address).scheme:
        raise BadAddress(f"its servers name no host ({_shown(address)})")
    return base_at(address)


def _first_server(servers: Any) -> str:
    """Return the address of the first server, its variables replaced by their defaults; ``/`` if there is none."""
    first = servers[0] if is_array(servers) and servers else None
    address = first.get("url") if is_object(first) else None
    if not isinstance(address, str):
        return "/"
    variables = first.get("variables") if is_object(first) else None
    return _VARIABLE.sub(lambda match: _default(variables, match.group(1)), address)


def _default(variables: Any, name: str) -> str:
    variable = variables.get(name) if is_object(variables) else None
    default = variable.get("default") if is_object(variable) else None
    if not isinstance(default, str | int):
        raise BadAddress(f"its server has a variable {name!r} without a default")
    return str(default)


def _path(path: str) -> str:
    encoded = quote(path, safe="/:@!$&'()*+,;=~%-._").rstrip("/")
    if any(segment in {".", "..", ""} for segment in encoded.split("/")[1:]):
        raise BadAddress(f"the path {path[:120]!r} has empty or dotted segments; write it without them")
    return encoded


def _shown(address: str) -> str:
    """Return an address as it may be shown: without what may be secret."""
    return repr(address.split("?", maxsplit=1)[0].split("#", maxsplit=1)[0].rsplit("@", maxsplit=1)[-1][:120])
