"""Listings that many Toolweavers share, so that a new one needs no discovery.

A listing names its tools by digest, and each definition is kept once under its own: a change of one tool writes one
definition, servers that list the same tool share it, and a definition that does not fit its digest is none.
"""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable
from typing import Any

from mcp_toolweaver.catalog.kept_tools import NOT_KEPT, decoded, encoded, noted, notes_of, row_of, tool_of
from mcp_toolweaver.catalog.listing import Listing
from mcp_toolweaver.core.caching import Cache, CacheTier
from mcp_toolweaver.core.tools import Tool

_FORMAT = 2
_FORMATS = (1, 2)
"""What can be read; the first did not say when a listing was made."""


class SharedListings:
    """Tools by the source that listed them, as another process left them."""

    def __init__(
        self, cache: Cache, *, lifetime: float, definitions_lifetime: float, wait_ready: Callable[[], Awaitable[None]]
    ) -> None:
        """Keep listings and definitions in ``cache``.

        Args:
            cache: What is shared.
            lifetime: Seconds that a listing is kept.
            definitions_lifetime: Seconds that a definition is kept after it was listed last.
            wait_ready: Returns when it makes sense to ask ``cache``.
        """
        self._cache = cache
        self._lifetime = lifetime
        self._definitions_lifetime = definitions_lifetime
        self._wait_ready = wait_ready

    async def get(self, source: str) -> Listing | None:
        """Return the listing under a key of `listing_key`; None if there is none, or if a definition is missing."""
        await self._wait_ready()
        (listing,) = await self._cache.get_many([source])
        try:
            return await self._read(decoded(listing)) if listing else None
        except NOT_KEPT:
            return None

    async def set(self, source: str, listing: Listing) -> None:
        """Keep a listing."""
        tools = listing.tools
        definitions = [encoded(tool.definition) for tool in tools]
        digests = [_digest(definition) for definition in definitions]
        rows = [[row_of(tool), digest] for tool, digest in zip(tools, digests, strict=True)]
        kept = {_key(digest): definition for digest, definition in zip(digests, definitions, strict=True)}
        await self._cache.set_many(kept, ttl=self._definitions_lifetime)
        value = encoded({"format": _FORMAT, **notes_of(listing), "tools": rows})
        await self._cache.set_many({source: value}, ttl=self._lifetime)

    async def _read(self, listing: Any) -> Listing | None:
        if listing["format"] not in _FORMATS:
            return None
        digests = [digest for _row, digest in listing["tools"]]
        definitions = await self._cache.get_many([_key(digest) for digest in digests])
        tools: list[Tool] = []
        for (row, digest), definition in zip(listing["tools"], definitions, strict=True):
            if definition is None or _digest(definition) != digest:
                return None
            tools.append(tool_of(row, decoded(definition)))
        return noted(listing, tools)


def _key(digest: str) -> str:
    return f"{CacheTier.DEFINITIONS}:{digest}"


def _digest(definition: bytes) -> str:
    return hashlib.sha256(definition).hexdigest()
