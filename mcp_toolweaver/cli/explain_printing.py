"""Prints how a question was answered."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from rich.markup import escape

from mcp_toolweaver.cli.printing import out
from mcp_toolweaver.core.scrub import scrub
from mcp_toolweaver.evaluation.explanation import DEPTH, FUSED
from mcp_toolweaver.evaluation.tracing import Row, Standing, Trace

if TYPE_CHECKING:
    from mcp_toolweaver.cli.explaining import Explained

_WAYS = {"hybrid": "by words and by meaning", "lexical": "by words alone"}
_NOWHERE = Standing(None, None)


def print_trace(explained: Explained) -> None:
    """Print what was asked, what was found, and where the tool is that was asked about."""
    for label, text in _head(explained):
        out.print(f"[bold]{label:<10}[/] {_shown(text)}", soft_wrap=True, highlight=False)
    trace = explained.trace
    for place, row in enumerate(trace.rows, start=1):
        _print_row(place, row)
    if trace.wanted is not None:
        _print_wanted(trace, trace.wanted)
    if (absence := explained.absence) is not None:
        out.print(f"[yellow]{absence.reason}[/]: {_shown(absence.message)} {_shown(absence.next)}", soft_wrap=True)


def _head(explained: Explained) -> Iterator[tuple[str, str]]:
    trace = explained.trace
    yield "question", trace.question
    if trace.english is not None:
        yield "read as", trace.english
    if len(trace.clauses) > 1:
        yield "parts", " | ".join(trace.clauses)
    yield "words", ", ".join(trace.words) or "none that say anything"
    part = "" if trace.tools == explained.tools else f" (of {explained.tools:,})"
    yield "looked in", f"{trace.tools:,} tools{part}, {_WAYS.get(trace.tier, trace.tier)}"
    yield "answer", f"confidence {trace.confidence}; the nearest domains: {', '.join(trace.nearest) or 'none'}"
    for note in (*explained.notes, *trace.skipped):
        yield "note", note


def _print_row(place: int, row: Row) -> None:
    score = row.standings.get(FUSED, _NOWHERE).score
    told = "" if score is None else f"  {score:.2f}"
    out.print(f"{place:>2}. [bold]{_shown(row.name)}[/]{told}  {_shown(row.domain)}", soft_wrap=True, highlight=False)
    lanes = (f"{lane} {_place(standing)}" for lane, standing in row.standings.items() if lane != FUSED)
    out.print(f"    {', '.join(lanes)}; its text holds {_shown(_held(row))}", soft_wrap=True, highlight=False)
    if row.alternatives:
        out.print(f"    in its shade: {_shown(', '.join(row.alternatives))}", soft_wrap=True, highlight=False)


def _print_wanted(trace: Trace, row: Row) -> None:
    places = ", ".join(f"{lane} {_place(standing)}" for lane, standing in row.standings.items())
    out.print(f"[bold]{_shown(row.name)}[/]: {places}", soft_wrap=True, highlight=False)
    out.print(f"  its text holds {_shown(_held(row))}", soft_wrap=True, highlight=False)
    if trace.missed is not None:
        out.print(f"  [yellow]not shown:[/] {_shown(trace.missed.reason)}", soft_wrap=True, highlight=False)


def _place(standing: Standing) -> str:
    if standing.rank is None or standing.score is None:
        return f"not in the first {DEPTH}"
    return f"{standing.rank} ({standing.score:.2f})"


def _held(row: Row) -> str:
    held = ", ".join(row.holds) or "none of the words"
    meant = f"; as synonyms: {', '.join(row.synonyms)}" if row.synonyms else ""
    return held + meant + (f"; not: {', '.join(row.lacks)}" if row.lacks and row.holds else "")


def _shown(text: str) -> str:
    return escape(" ".join(scrub(text).split()))
