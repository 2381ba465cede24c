"""The answer of a search as bytes, in which a tool is its identity alone."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Sequence
from typing import Any

from mcp_toolweaver.core.json_values import is_array
from mcp_toolweaver.core.query import Hit, SearchResult
from mcp_toolweaver.core.tools import Snapshot, Tool, ToolId

_CONFIDENCES = {"high": "high", "low": "low", "none": "none"}
_TIERS = {"hybrid": "hybrid", "lexical": "lexical"}


def encode(result: SearchResult) -> bytes:
    """Return a whole answer as JSON: of one that is degraded the reasons would be missing."""
    hits = [[_id(hit.tool), hit.score, [_id(tool) for tool in hit.alternatives]] for hit in result.hits]
    similar = [_id(tool) for tool in result.similar]
    told = [result.confidence, result.tier, hits, list(result.nearest), similar]
    return json.dumps(told, separators=(",", ":")).encode()


def decode(kept: bytes, snapshot: Snapshot) -> SearchResult | None:
    """Return the answer with the tools of a catalog; None for anything else, such as a tool that is not in it."""
    try:
        confidence, tier, hits, nearest, similar = json.loads(kept)
        return SearchResult(
            hits=tuple(_hit(row, snapshot) for row in hits),
            confidence=_CONFIDENCES[confidence],  # type: ignore[arg-type]
            tier=_TIERS[tier],  # type: ignore[arg-type]
            nearest=tuple(_text(domain) for domain in nearest),
            similar=_tools(similar, snapshot),
        )
    except (ValueError, TypeError, LookupError, RecursionError):
        return None


def _hit(row: Sequence[Any], snapshot: Snapshot) -> Hit:
    id_, score, alternatives = row
    if not isinstance(score, float | int) or not math.isfinite(score):
        raise ValueError("a score is a number")
    return Hit(snapshot.tools[ToolId(*id_)], score, _tools(alternatives, snapshot))


def _tools(ids: Iterable[Any], snapshot: Snapshot) -> tuple[Tool, ...]:
    return tuple(snapshot.tools[ToolId(*id_)] for id_ in ids if is_array(id_))


def _id(tool: Tool) -> list[str]:
    return [tool.id.server, tool.id.name]


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError("a domain is a string")
    return value
