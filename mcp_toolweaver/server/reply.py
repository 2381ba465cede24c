"""The answer to one question, as long as it may be."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mcp_toolweaver.core.query import Confidence, SearchResult
from mcp_toolweaver.server.meta_tools import CALL, DETAILS
from mcp_toolweaver.server.packing import pack
from mcp_toolweaver.server.rows import ladder, row
from mcp_toolweaver.server.wanted import Wanted
from mcp_toolweaver.server.why_not import WhyNot
from mcp_toolweaver.text.tokens import cost

_HINTS: dict[Confidence, str] = {
    "high": f"Call one with {CALL} {{name, arguments}}. Full schemas: {DETAILS}.",
    "low": f"None is a sure match: compare before {CALL}, see {DETAILS}, or search in other words.",
    "none": "No tool fits; why.next says what to do.",
}
_SHORT_HINT = f"More: {DETAILS}."
_LEFT_OUT = 6
"""Tokens of the number of rows left out."""


def reply(
    result: SearchResult, wanted: Wanted | None = None, notes: Sequence[str] = (), why: WhyNot | None = None
) -> dict[str, Any]:
    """Return the reply to the model, at most ``wanted.max_tokens`` long by estimate.

    Without such a limit each row says what the tool is for, and none is left out.
    """
    wanted = wanted or Wanted()
    is_sure = result.confidence == "high"
    levels = [wanted.levels(is_sure=is_sure, is_first=not place) for place in range(len(result.hits))]
    frames = [
        frame(result.confidence, (*result.skipped, *notes), why, is_short=is_short) for is_short in wanted.frames()
    ]
    ladders = [frame_ladder(frames), *(ladder(hit, each) for hit, each in zip(result.hits, levels, strict=True))]
    frame_step, *steps = pack(ladders, wanted.room(ladders, is_sure=is_sure))
    rows = [row(hit, each[step]) for hit, each, step in zip(result.hits, levels, steps, strict=False)]
    return {**frames[frame_step], "tools": rows, **left_out(len(result.hits) - len(rows))}


def frame(confidence: Confidence, notes: Sequence[str], why: WhyNot | None, *, is_short: bool) -> dict[str, Any]:
    """Return the reply without rows; a short one says only that there is more to say."""
    some = [f"{len(notes)} left out"] if notes else []
    made: dict[str, Any] = {
        "tools": [],
        "confidence": confidence,
        "degraded": some if is_short else list(notes),
        "hint": _SHORT_HINT if is_short else _HINTS[confidence],
    }
    if why is not None:
        made["why"] = {"reason": why.reason} if is_short else why.to_json()
    return made


def frame_ladder(frames: Sequence[dict[str, Any]]) -> tuple[int, ...]:
    """Return what the frames cost, with room to say that rows were left out."""
    return tuple(cost(each) + _LEFT_OUT for each in frames)


def left_out(rows: int) -> dict[str, int]:
    """Return the entry that says how many rows were left out; nothing if none was."""
    return {"left_out": rows} if rows else {}
