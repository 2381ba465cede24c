"""The answer of a search as bytes, in which a tool is its identity alone."""

from __future__ import annotations

import json
import math
from typing import Any

from mcp_toolweaver.core.json_values import is_array
from mcp_toolweaver.core.query import Hit, SearchResult
from mcp_toolweaver.core.tools import Snapshot, Tool, ToolId

_CONFIDENCES = {"high": "high", "low": "low", "none": "none"}
_TIERS = {"hybrid": "hybrid", "lexical": "lexical"}


def encode(result: SearchResult) -> bytes:
    """Return a whole answer as JSON: of one that is degraded the reasons would be missing."""
    hits = [[_id(hit.tool), float(hit.score), [_id(tool) for tool in hit.alternatives]] for hit in result.hits]
    similar = [_id(tool) for tool in result.similar]
    told = [result.confidence, result.tier, hits, list(result.nearest), similar]
    return json.dumps(told, separators=(",", ":")).encode()


def decode(kept: bytes, snapshot: Snapshot) -> SearchResult | None:
    """Return the answer with the tools of a catalog; None for anything else, such as a tool that is not in it."""
    try:
        confidence, tier, hits, nearest, similar = _array(json.loads(kept))
        return SearchResult(
            hits=tuple(_hit(row, snapshot) for row in _array(hits)),
            confidence=_CONFIDENCES[confidence],  # type: ignore[arg-type]
            tier=_TIERS[tier],  # type: ignore[arg-type]
            nearest=tuple(map(_text, _array(nearest))),
            similar=_tools(similar, snapshot),
        )
    except (ValueError, TypeError, LookupError, RecursionError):
        return None


def _hit(row: Any, snapshot: Snapshot) -> Hit:
    id_, score, alternatives = _array(row)
    if not isinstance(score, float) or not math.isfinite(score):
        raise TypeError("a score is a number with a point")
    return Hit(_tool(id_, snapshot), score, _tools(alternatives, snapshot))


def _tools(ids: Any, snapshot: Snapshot) -> tuple[Tool, ...]:
    return tuple(_tool(id_, snapshot) for id_ in _array(ids))


def _tool(id_: Any, snapshot: Snapshot) -> Tool:
    server, name = _array(id_)
    return snapshot.tools[ToolId(server, name)]


def _id(tool: Tool) -> list[str]:
    return [tool.id.server, tool.id.name]


def _array(value: Any) -> list[Any]:
    if not is_array(value):
        raise TypeError("neither an object nor a text is an array")
    return value


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError("a domain is a string")
    return value
