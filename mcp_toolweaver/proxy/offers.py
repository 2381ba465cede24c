"""What a server offers beside its tools, listed page by page."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import anyio

from mcp_toolweaver.core.exchange import Refusal
from mcp_toolweaver.core.json_values import is_array, is_object
from mcp_toolweaver.core.offers import Offers
from mcp_toolweaver.core.scrub import is_clean, scrub_json
from mcp_toolweaver.proxy.items import LISTS

Request = Callable[[str, Mapping[str, Any]], Awaitable[Mapping[str, Any]]]

_MOST_PAGES = 100
_MOST = 10_000
"""Of one kind, of one server."""


async def list_offers(request: Request, capabilities: Mapping[str, Any], problems: list[str], seconds: float) -> Offers:
    """Return what a server with these ``capabilities`` lists, within ``seconds`` for each kind.

    What is malformed, or does not come in time, is left out and told in ``problems``.

    Raises:
        Unavailable: the server went away.
    """
    has_resources, has_prompts = capabilities.get("resources") is not None, capabilities.get("prompts") is not None
    listing = _Listing(request, problems, seconds)
    return Offers(
        resources=await listing.all("resources/list", "uri") if has_resources else (),
        templates=await listing.all("resources/templates/list", "uriTemplate") if has_resources else (),
        prompts=await listing.all("prompts/list", "name") if has_prompts else (),
    )


class _Listing:
    def __init__(self, request: Request, problems: list[str], seconds: float) -> None:
        self._request = request
        self._problems = problems
        self._seconds = seconds

    async def all(self, method: str, key: str) -> tuple[Mapping[str, Any], ...]:
        """Return all items of a kind that come; those without a text under ``key``, which names them, are left out."""
        found: dict[str, Mapping[str, Any]] = {}
        try:
            with anyio.fail_after(self._seconds):
                await self._pages(method, key, found)
        except TimeoutError:
            self._problems.append(f"{method}: not all of it came within {self._seconds:g} s")
        return tuple(found.values())

    async def _pages(self, method: str, key: str, found: dict[str, Mapping[str, Any]]) -> None:
        kind, cursor = LISTS[method], None
        for _page in range(_MOST_PAGES):
            try:
                page = await self._request(method, {} if cursor is None else {"cursor": cursor})
            except (Refusal, ValueError) as error:  # an invalid page is an error of pydantic, which is a ValueError
                self._problems.append(f"{method} failed: {str(error)[:200]}")
                return
            items = page.get(kind)
            for item in items if is_array(items) else ():
                if len(found) < _MOST:
                    self._keep(item, kind, key, found)
            last, cursor = cursor, page.get("nextCursor")
            if cursor in {None, last}:
                return
            if len(found) >= _MOST:
                break
        self._problems.append(f"{method}: the rest of so many was left out")

    def _keep(self, item: Any, kind: str, key: str, found: dict[str, Mapping[str, Any]]) -> None:
        name = item.get(key) if is_object(item) else None
        if not isinstance(name, str) or not name or not is_clean(name):  # it must come back to the server as it was
            self._problems.append(f"one of its {kind} has no {key}, or one of hidden characters")
            return
        try:
            found.setdefault(name, scrub_json(item))
        except (ValueError, RecursionError) as error:
            self._problems.append(f"{kind} {name[:80]!r} is {error}")
