"""The addresses of resources: each server's are made its own by what goes before their scheme.

``file:///a.txt`` of the server ``notes`` is ``notes+file:///a.txt``. Schemes are compared without regard to
case and hold letters, digits and ``+-.`` only (RFC 3986, section 3.1), so a name that is written otherwise gets
four hexadecimal digits of its SHA-256.
"""

from __future__ import annotations

import hashlib
import re

SEPARATOR = "+"
_FORBIDDEN = re.compile(r"[^a-z0-9.-]")


def scheme_of(server: str) -> str:
    """Return what goes before the scheme of a server's addresses, without the separator; empty for no name."""
    if not server:
        return ""
    cleaned = _FORBIDDEN.sub("-", server.lower())
    if not cleaned[0].isalpha():
        cleaned = f"s{cleaned}"
    return cleaned if cleaned == server else f"{cleaned}-{hashlib.sha256(server.encode()).hexdigest()[:4]}"


def own_address(scheme: str, address: str) -> str:
    """Return an address, or a template of some, of the server that ``scheme`` stands for."""
    return f"{scheme}{SEPARATOR}{address}" if scheme else address


def taken_apart(address: str) -> tuple[str, str]:
    """Return the scheme of a server and the address there; the scheme is empty if there is none before another."""
    scheme, separator, rest = address.partition(SEPARATOR)
    return (scheme.lower(), rest) if separator and ":" not in scheme else ("", address)
