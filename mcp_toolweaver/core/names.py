"""Callable names: what a host may use as a tool's name, made from the tool's identity alone.

Hosts limit names (Cursor: server and tool together 60 characters; Claude Code prefixes
``mcp__<server>__``), so a callable name has at most 46 characters out of ``[A-Za-z0-9_-]``.
It depends on nothing but the identity, so it is the same in every run, replica and catalog.
"""

from __future__ import annotations

import hashlib
import re

MAX_LENGTH = 46
SEPARATOR = "__"
_HASH_LENGTH = 8
_LIKE_A_HASH = re.compile(r"_[0-9a-f]{8}$")
_FORBIDDEN = re.compile(r"[^A-Za-z0-9_-]")


def callable_name(server: str, tool: str) -> str:
    """Return ``server__tool``, or a cleaned and shortened form with a hash where that is unclear.

    The plain form is used only where it can be read back into exactly one pair; every
    other pair gets a suffix of eight hexadecimal digits of its SHA-256, so that two pairs
    never share a name (but for a collision of 32 bits, which a snapshot detects).
    """
    plain = f"{server}{SEPARATOR}{tool}"
    if _is_unambiguous(server, tool) and len(plain) <= MAX_LENGTH:
        return plain
    digest = hashlib.sha256(f"{server}\0{tool}".encode(errors="replace")).hexdigest()
    cleaned = _FORBIDDEN.sub("_", plain)[: MAX_LENGTH - _HASH_LENGTH - 1]
    return f"{cleaned}_{digest[:_HASH_LENGTH]}"


def bare_name(tool: str) -> str:
    """Return the tool's own name, or a cleaned and shortened form with a hash where hosts would not take it."""
    if tool and not _FORBIDDEN.search(tool) and len(tool) <= MAX_LENGTH:
        return tool
    digest = hashlib.sha256(tool.encode(errors="replace")).hexdigest()
    return f"{_FORBIDDEN.sub('_', tool)[: MAX_LENGTH - _HASH_LENGTH - 1]}_{digest[:_HASH_LENGTH]}"


def _is_unambiguous(server: str, tool: str) -> bool:
    if not server or not tool or _FORBIDDEN.search(server + tool):
        return False
    if SEPARATOR in server or server.endswith("_") or tool.startswith("_"):
        return False
    return not _LIKE_A_HASH.search(tool)
