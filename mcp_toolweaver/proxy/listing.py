"""A server's list of tools, page by page."""

from __future__ import annotations

import logging
from typing import Any

from mcp.client.session import ClientSession
from mcp.shared.exceptions import MCPError
from mcp_types import ListToolsResult, PaginatedRequestParams
from pydantic import ValidationError

from mcp_toolweaver.core.errors import Unavailable

_log = logging.getLogger(__name__)

_MOST_PAGES = 1_000
_MOST_TOOLS = 20_000
"""Of one server."""


class Listing:
    """One listing of all tools."""

    def __init__(self, session: ClientSession, server: str) -> None:
        """List over ``session``; messages call the server ``server``."""
        self._session = session
        self._server = server
        self.fresh_for: float | None = None
        """Seconds for which all pages hold, if the server has said (``ttlMs`` of 2026-07-28)."""

    async def definitions(self) -> list[dict[str, Any]]:
        """Return the definitions of all tools as JSON objects.

        Raises:
            Unavailable: the server does not list them, or not as the protocol asks.
        """
        definitions: list[dict[str, Any]] = []
        cursor: str | None = None
        for _page in range(_MOST_PAGES):
            page = await self._page(cursor)
            definitions += [tool.model_dump(by_alias=True, mode="json", exclude_none=True) for tool in page.tools]
            if page.next_cursor is None or page.next_cursor == cursor:
                break
            if len(definitions) >= _MOST_TOOLS:
                _log.warning("%s lists more than %d tools; the rest is left out", self._server, _MOST_TOOLS)
                break
            cursor = page.next_cursor
        return definitions[:_MOST_TOOLS]

    async def _page(self, cursor: str | None) -> ListToolsResult:
        try:
            page = await self._session.list_tools(params=PaginatedRequestParams(cursor=cursor))
        except MCPError as error:
            raise Unavailable(self._server, f"listing its tools failed: {error}") from error
        except ValidationError as error:
            raise Unavailable(self._server, f"its list of tools is not valid MCP: {_first(error)}") from error
        if "ttl_ms" in page.model_fields_set and page.ttl_ms:
            seconds = page.ttl_ms / 1000
            self.fresh_for = seconds if self.fresh_for is None else min(self.fresh_for, seconds)
        return page


def _first(error: ValidationError) -> str:
    first = error.errors(include_url=False, include_input=False)[0]
    return f"{'.'.join(map(str, first['loc']))}: {first['msg']}"
