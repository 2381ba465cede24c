"""The last listing of each source, kept between runs so that a start needs no discovery."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

from mcp_toolweaver.catalog.kept_tools import NOT_KEPT, decoded, encoded, row_of, tool_of
from mcp_toolweaver.core.caching import Cache, CacheTier
from mcp_toolweaver.core.tools import Tool

LIFETIME = 30 * 24 * 3600.0
"""Seconds that a listing is kept. It only stands in until its source has been listed anew, so age does no harm."""

_FORMAT = 1


class Listings:
    """Tools by the source that listed them; a changed configuration is another source."""

    def __init__(self, cache: Cache) -> None:
        """Keep listings in ``cache``."""
        self._cache = cache

    async def get(self, source: str) -> Sequence[Tool] | None:
        """Return the last listing under a key of `listing_key`, None if there is none."""
        [value] = await self._cache.get_many([source])
        try:
            return _decode(value) if value else None
        except NOT_KEPT:
            return None

    async def set(self, source: str, tools: Sequence[Tool]) -> None:
        """Keep a listing."""
        await self._cache.set_many({source: _encode(tools)}, ttl=LIFETIME)


def listing_key(name: str, kind: str, options: Mapping[str, Any]) -> str:
    """Return the key of a source: a hash over its configuration, which may hold secrets."""
    encoded = json.dumps([_FORMAT, name, kind, options], sort_keys=True, default=str)
    return f"{CacheTier.CATALOG}:{hashlib.sha256(encoded.encode(errors='replace')).hexdigest()}"


def _encode(tools: Sequence[Tool]) -> bytes:
    return encoded({"format": _FORMAT, "tools": [{**row_of(tool), "definition": tool.definition} for tool in tools]})


def _decode(value: bytes) -> list[Tool]:
    """Read what `_encode` wrote.

    Raises:
        ValueError, LookupError, TypeError, RecursionError: it is something else.
    """
    kept = decoded(value)
    if kept["format"] != _FORMAT:
        raise ValueError("another format")
    return [tool_of({key: row[key] for key in row if key != "definition"}, row["definition"]) for row in kept["tools"]]
