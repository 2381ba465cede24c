"""Names of tools and of their arguments, out of characters that every host and model accepts."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Container

_LONGEST = 64
_HASH = 8
_UNCLEAN = re.compile(r"[^A-Za-z0-9_-]+")
_UNCLEAN_ARGUMENT = re.compile(r"[^A-Za-z0-9_.-]+")
_COMPARISONS = {"<=": "_lte", ">=": "_gte", "!=": "_not", "<": "_lt", ">": "_gt"}


def tool_name(identifier: str, method: str, path: str, taken: Container[str]) -> str:
    """Return a name for an operation that is not taken: its identifier, else its method and path.

    Two operations with one identifier get different names, which depend on the operation and not on the order.
    """
    name = _short(_UNCLEAN.sub("_", identifier).strip("_"))
    if name and name not in taken:
        return name
    by_path = _short(_UNCLEAN.sub("_", f"{method.lower()}{path}").strip("_") or method.lower())
    return by_path if by_path not in taken else _hashed(by_path, f"{method} {path}")


def argument_name(name: str, place: str, taken: Container[str]) -> str:
    """Return a name for a parameter: its own, cleaned; where it is taken, with its place before it."""
    readable = name
    for sign, word in _COMPARISONS.items():
        readable = readable.replace(sign, word) if readable.endswith(sign) else readable
    clean = _UNCLEAN_ARGUMENT.sub("_", readable).strip("_")[:_LONGEST] or place
    if clean not in taken:
        return clean
    with_place = f"{place}_{clean}"[:_LONGEST]
    return with_place if with_place not in taken else _hashed(with_place, f"{place} {name}")


def _short(name: str) -> str:
    return name if len(name) <= _LONGEST else _hashed(name, name)


def _hashed(name: str, whole: str) -> str:
    digest = hashlib.sha256(whole.encode(errors="replace")).hexdigest()[:_HASH]
    return f"{name[: _LONGEST - _HASH - 1]}_{digest}"
