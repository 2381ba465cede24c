"""The answer to several questions at once: by need, each tool described once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any

from mcp_toolweaver.core.query import Confidence, Hit, SearchResult
from mcp_toolweaver.core.tools import ToolId
from mcp_toolweaver.server.meta_tools import CALL, DETAILS
from mcp_toolweaver.server.packing import pack
from mcp_toolweaver.server.reply import frame, frame_ladder, left_out
from mcp_toolweaver.server.rows import Level, ladder, row
from mcp_toolweaver.server.wanted import Wanted
from mcp_toolweaver.server.why_not import WhyNot
from mcp_toolweaver.text.tokens import cost, cut

_HINT = (
    f"Each need names its tools, best first. Call one with {CALL} {{name, arguments}}. "
    f"Names without a row, and full schemas: {DETAILS}."
)
_QUESTION_TOKENS = 12
_SHORT_QUESTION_TOKENS = 4


@dataclass(frozen=True, slots=True)
class Need:
    """One question with what was found for it."""

    question: str
    result: SearchResult
    why: WhyNot | None = None


def reply_by_need(needs: Sequence[Need], wanted: Wanted, notes: Sequence[str] = ()) -> dict[str, Any]:
    """Return the reply to several questions, at most ``wanted.max_tokens`` long by estimate.

    Each need names its tools; ``tools`` describes each of them once, the first of every need
    before the second of any. A tool for whose description there is no room is named only.
    """
    hits = _in_turn(needs)
    steps = wanted.levels(is_sure=False, is_first=False)
    levels = steps if steps[0] is Level.NAME else (Level.NAME, *steps)
    ladders = [_ladder(hit, levels, needs) for hit in hits]
    skipped = dict.fromkeys(part for need in needs for part in need.result.skipped)
    frames = [_frame(needs, (*skipped, *notes), is_short=is_short) for is_short in wanted.frames()]
    every = [frame_ladder(frames), *ladders]
    frame_step, *taken = pack(every, wanted.room(every, is_sure=False))
    kept = dict(zip((hit.tool.id for hit in hits), taken, strict=False))
    rows = [row(hit, levels[kept[hit.tool.id]]) for hit in hits if levels[kept.get(hit.tool.id, 0)] > Level.NAME]
    made = frames[frame_step]
    for entry, need in zip(made["needs"], needs, strict=True):
        entry["tools"] = [hit.tool.callable_name for hit in need.result.hits if hit.tool.id in kept]
    return {**made, "tools": rows, **left_out(len(hits) - len(kept))}


def _in_turn(needs: Sequence[Need]) -> list[Hit]:
    """Return every tool once, from where it ranks best: the first of each need, then the second of each."""
    first: dict[ToolId, Hit] = {}
    for hits in zip_longest(*(need.result.hits for need in needs)):
        for hit in hits:
            if hit is not None:
                first.setdefault(hit.tool.id, hit)
    return list(first.values())


def _ladder(hit: Hit, levels: Sequence[Level], needs: Sequence[Need]) -> tuple[int, ...]:
    """Return what a tool costs: its name in each need that it serves, and the row that describes it."""
    serves = sum(hit.tool.id in {each.tool.id for each in need.result.hits} for need in needs)
    named = serves * (cost(hit.tool.callable_name) + 1)
    rows = ladder(hit, levels)
    return tuple(named + (price if level > Level.NAME else 0) for price, level in zip(rows, levels, strict=True))


def _frame(needs: Sequence[Need], notes: Sequence[str], *, is_short: bool) -> dict[str, Any]:
    entries = [_entry(need, is_short=is_short) for need in needs]
    made = frame(_together([need.result.confidence for need in needs]), notes, None, is_short=is_short)
    return {"needs": entries, **made, **({} if is_short else {"hint": _HINT})}


def _entry(need: Need, *, is_short: bool) -> dict[str, Any]:
    question = " ".join(need.question.split())
    entry: dict[str, Any] = {
        "query": cut(question, _SHORT_QUESTION_TOKENS if is_short else _QUESTION_TOKENS),
        "confidence": need.result.confidence,
        "tools": [],
    }
    if need.why is not None:
        entry["why"] = {"reason": need.why.reason} if is_short else need.why.to_json()
    return entry


def _together(confidences: Sequence[Confidence]) -> Confidence:
    """Return the confidence of all as one: ``low`` where they differ."""
    return confidences[0] if len(set(confidences)) == 1 else "low"
