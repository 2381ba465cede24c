"""Listings and their tools as bytes. They were mended when they were listed, which takes too long for a start."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import BaseModel, ConfigDict

from mcp_toolweaver.catalog.listing import Listing
from mcp_toolweaver.core.json_values import is_object
from mcp_toolweaver.core.offers import Offers
from mcp_toolweaver.core.scrub import is_clean
from mcp_toolweaver.core.tools import MCP_WORKER, Tool, ToolId

NOT_KEPT = (ValueError, LookupError, TypeError, RecursionError)
"""What reading raises for bytes that are not ours."""
_NAMED = {"uri": "resources", "uriTemplate": "templates", "name": "prompts"}
_BACKSLASHES = re.compile(r"\\+[ubf]")


class _Row(BaseModel):
    """What is kept of a tool beside its definition."""

    model_config = ConfigDict(extra="forbid")

    server: str
    domain: str
    server_description: str
    is_callable: bool
    kind: str = MCP_WORKER


class _Notes(BaseModel):
    """What is kept of a listing beside its tools."""

    model_config = ConfigDict(extra="ignore")

    made_at: float = 0.0
    problems: list[str] = []
    resources: list[dict[str, Any]] = []
    templates: list[dict[str, Any]] = []
    prompts: list[dict[str, Any]] = []


def notes_of(listing: Listing) -> dict[str, Any]:
    """Return what is kept of a listing beside its tools."""
    offers = listing.offers
    return {
        "made_at": listing.made_at,
        "problems": listing.problems,
        "resources": offers.resources,
        "templates": offers.templates,
        "prompts": offers.prompts,
    }


def noted(notes: Mapping[str, Any], tools: Sequence[Tool]) -> Listing:
    """Return the listing of which ``notes`` and ``tools`` were kept.

    Raises:
        ValueError: they are something else.
    """
    kept = _Notes.model_validate(notes, strict=True)
    offers = Offers(tuple(kept.resources), tuple(kept.templates), tuple(kept.prompts))
    if not all(isinstance(each.get(key), str) for key, kind in _NAMED.items() for each in getattr(offers, kind)):
        raise ValueError("what is offered has a name")
    return Listing.of(tools, kept.made_at, kept.problems, offers)


def row_of(tool: Tool) -> dict[str, Any]:
    """Return what is kept of a tool beside its definition."""
    return _Row(
        server=tool.id.server,
        domain=tool.domain,
        server_description=tool.server_description,
        is_callable=tool.is_callable,
        kind=tool.kind,
    ).model_dump()


def tool_of(row: Mapping[str, Any], definition: Any) -> Tool:
    """Return the tool of which ``row`` and ``definition`` were kept.

    Raises:
        ValueError, LookupError, TypeError: they are something else.
    """
    kept = _Row.model_validate(row, strict=True)
    if not is_object(definition) or not isinstance(definition["name"], str):
        raise ValueError("a definition is an object with a name")
    return Tool(
        id=ToolId(kept.server, definition["name"]),
        definition=definition,
        domain=kept.domain,
        server_description=kept.server_description,
        is_callable=kept.is_callable,
        kind=kept.kind,
    )


def encoded(value: Any) -> bytes:
    """Return a value as JSON."""
    return json.dumps(value, ensure_ascii=False, default=str).encode(errors="replace")


def decoded(value: bytes) -> Any:
    """Read what `encoded` wrote.

    Raises:
        ValueError, RecursionError: it is something else, or holds characters that mending removes.
    """
    text = value.decode()
    if not is_clean(text) or _has_escaped(text):
        raise ValueError("it was not mended")
    return json.loads(text)


def _has_escaped(text: str) -> bool:
    """Whether a character is written by its number or its letter, as JSON needs for control characters only."""
    return any(len(found[0]) % 2 == 0 for found in _BACKSLASHES.finditer(text))
