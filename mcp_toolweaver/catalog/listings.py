"""The last listing of each source, kept between runs so that a start needs no discovery."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from mcp_toolweaver.catalog.kept_tools import NOT_KEPT, decoded, encoded, noted, notes_of, row_of, tool_of
from mcp_toolweaver.catalog.listing import Listing
from mcp_toolweaver.core.caching import Cache, CacheTier

LIFETIME = 30 * 24 * 3600.0
"""Seconds that a listing is kept. One that is old is made anew soon after the start, so age does no harm."""

_FORMAT = 2
_FORMATS = (1, 2)
"""What can be read; the first did not say when a listing was made."""
_KEY_FORMAT = 1


class Listings:
    """Tools by the source that listed them; a changed configuration is another source."""

    def __init__(self, cache: Cache) -> None:
        """Keep listings in ``cache``."""
        self._cache = cache

    async def get(self, source: str) -> Listing | None:
        """Return the last listing under a key of `listing_key`, None if there is none."""
        [value] = await self._cache.get_many([source])
        try:
            return _decode(value) if value else None
        except NOT_KEPT:
            return None

    async def set(self, source: str, listing: Listing) -> None:
        """Keep a listing."""
        await self._cache.set_many({source: _encode(listing)}, ttl=LIFETIME)


def listing_key(name: str, kind: str, options: Mapping[str, Any]) -> str:
    """Return the key of a source: a hash over its configuration, which may hold secrets."""
    encoded = json.dumps([_KEY_FORMAT, name, kind, options], sort_keys=True, default=str)
    return f"{CacheTier.CATALOG}:{hashlib.sha256(encoded.encode(errors='replace')).hexdigest()}"


def _encode(listing: Listing) -> bytes:
    tools = [{**row_of(tool), "definition": tool.definition} for tool in listing.tools]
    return encoded({"format": _FORMAT, **notes_of(listing), "tools": tools})


def _decode(value: bytes) -> Listing:
    """Read what `_encode` wrote.

    Raises:
        ValueError, LookupError, TypeError, RecursionError: it is something else.
    """
    kept = decoded(value)
    if kept["format"] not in _FORMATS:
        raise ValueError("another format")
    rows = kept["tools"]
    return noted(
        kept, [tool_of({key: row[key] for key in row if key != "definition"}, row["definition"]) for row in rows]
    )
