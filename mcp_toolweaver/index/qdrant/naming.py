"""Names of collections: one for each version of the schema and of the text, vector space and dimension."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator

from mcp_toolweaver.core.errors import ConfigurationError
from mcp_toolweaver.index.qdrant.options import Place
from mcp_toolweaver.text.tool_text import TEXT_VERSION

SCHEMA = 1
"""Raised when points are written in another way; points of two schemas never share a collection."""

_SLUG = 40
_MOST = 99


def alias_of(place: Place) -> str:
    """Return the name under which the collection is searched, such as ``toolweaver_v1-1_minilm-1a2b3c4d_384``.

    Raises:
        ConfigurationError: the prefix cannot be part of a name.
    """
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,64}", place.prefix):
        raise ConfigurationError(f"index.prefix: {place.prefix!r} is not made of 1 to 64 of A-Z, a-z, 0-9, _ and -")
    readable = re.sub(r"[^a-z0-9]+", "-", place.space.casefold()).strip("-")[:_SLUG].strip("-")
    unique = hashlib.sha256(place.space.encode(errors="replace")).hexdigest()[:8]
    version = f"v{SCHEMA}-{TEXT_VERSION}"
    return f"{place.prefix}_{version}_{readable or 'space'}-{unique}_{place.dimension}"


def behind(alias: str) -> Iterator[str]:
    """Yield the names that a collection behind the alias may have, in the order in which they are taken."""
    return (f"{alias}_a{number}" for number in range(1, _MOST + 1))
