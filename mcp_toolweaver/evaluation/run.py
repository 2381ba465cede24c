"""Puts every query of a labelled set to a searcher."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from mcp_toolweaver.core.interfaces import Searcher
from mcp_toolweaver.core.query import SearchRequest
from mcp_toolweaver.evaluation.labelled import LabelledQuery
from mcp_toolweaver.evaluation.outcome import Outcome
from mcp_toolweaver.evaluation.report import Report

DEPTH = 10
"""How many tools are asked for and looked at."""


async def evaluate(
    searcher: Searcher,
    queries: Sequence[LabelledQuery],
    *,
    on_progress: Callable[[int, int], None] | None = None,
) -> Report:
    """Search for each query, one after the other, and report how good and how fast the answers are.

    An answerable query without hits scores 0; so one that the search wrongly answers with ``none``, which
    has no hits, costs every metric.

    Args:
        searcher: What is measured.
        queries: The labelled set.
        on_progress: Called after each query with the number done and the number of all.

    Raises:
        Unavailable: the searcher cannot answer; a run with holes would not be comparable.
    """
    return Report.of(await answer_all(searcher, queries, on_progress=on_progress))


async def answer_all(
    searcher: Searcher,
    queries: Sequence[LabelledQuery],
    *,
    on_progress: Callable[[int, int], None] | None = None,
) -> list[Outcome]:
    """Search for each query, one after the other; see `evaluate`.

    Raises:
        Unavailable: the searcher cannot answer.
    """
    outcomes: list[Outcome] = []
    for query in queries:
        outcomes.append(await _answer(searcher, query))
        if on_progress is not None:
            on_progress(len(outcomes), len(queries))
    return outcomes


async def _answer(searcher: Searcher, query: LabelledQuery) -> Outcome:
    request = SearchRequest(query.text, limit=DEPTH)
    started = time.perf_counter()
    result = await searcher.search(request)
    seconds = time.perf_counter() - started
    return Outcome(
        query=query,
        ranked=tuple(hit.tool.id for hit in result.hits[:DEPTH]),
        confidence=result.confidence,
        tier=result.tier,
        skipped=result.skipped,
        seconds=seconds,
    )
