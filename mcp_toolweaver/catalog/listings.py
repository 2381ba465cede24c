"""The last listing of each source, kept between runs so that a start needs no discovery."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import BaseModel, ConfigDict

from mcp_toolweaver.core.interfaces import Cache
from mcp_toolweaver.core.scrub import is_clean
from mcp_toolweaver.core.tools import Tool, ToolId

LIFETIME = 30 * 24 * 3600.0
"""Seconds that a listing is kept. It only stands in until its source has been listed anew, so age does no harm."""

_FORMAT = 1
_BACKSLASHES = re.compile(r"\\+u")


class _Row(BaseModel):
    """A tool as it is kept."""

    model_config = ConfigDict(extra="forbid")

    server: str
    definition: dict[str, Any]
    domain: str
    server_description: str
    is_callable: bool

    @classmethod
    def of(cls, tool: Tool) -> _Row:
        return cls(
            server=tool.id.server,
            definition=dict(tool.definition),
            domain=tool.domain,
            server_description=tool.server_description,
            is_callable=tool.is_callable,
        )

    def to_tool(self) -> Tool:
        return Tool(
            id=ToolId(self.server, self.definition["name"]),
            definition=self.definition,
            domain=self.domain,
            server_description=self.server_description,
            is_callable=self.is_callable,
        )


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
        except (ValueError, LookupError, TypeError, RecursionError):
            return None

    async def set(self, source: str, tools: Sequence[Tool]) -> None:
        """Keep a listing."""
        await self._cache.set_many({source: _encode(tools)}, ttl=LIFETIME)


def listing_key(name: str, kind: str, options: Mapping[str, Any]) -> str:
    """Return the key of a source: a hash over its configuration, which may hold secrets."""
    encoded = json.dumps([_FORMAT, name, kind, options], sort_keys=True, default=str)
    return f"catalog:{hashlib.sha256(encoded.encode(errors='replace')).hexdigest()}"


def _encode(tools: Sequence[Tool]) -> bytes:
    rows = [_Row.of(tool).model_dump() for tool in tools]
    return json.dumps({"format": _FORMAT, "tools": rows}, ensure_ascii=False, default=str).encode(errors="replace")


def _decode(value: bytes) -> list[Tool]:
    """Read what `_encode` wrote. It was mended when it was listed, which takes too long for a start.

    Raises:
        ValueError: it is not what `_encode` writes, or holds characters that mending removes.
    """
    text = value.decode()
    decoded = json.loads(text)
    if decoded["format"] != _FORMAT or not is_clean(text) or _has_escaped(text):
        raise ValueError("another format")
    return [_Row.model_validate(row, strict=True).to_tool() for row in decoded["tools"]]


def _has_escaped(text: str) -> bool:
    """Whether a character is written by its number, which JSON needs for control characters only."""
    return any(len(found[0]) % 2 == 0 for found in _BACKSLASHES.finditer(text))
