"""One run query by query: what two runs are compared by, and how it is kept in a report.

In JSON a query is one short row, ``"q1": ["5f3a9c01", 1.0, ..., 0]``: a fingerprint of its text and
labels, its metrics (null if no tool serves it), and whether the searcher said "none".
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mcp_toolweaver.core.errors import ConfigurationError
from mcp_toolweaver.core.json_values import is_array, is_object
from mcp_toolweaver.evaluation.labelled import LabelledQuery
from mcp_toolweaver.evaluation.metrics import METRICS
from mcp_toolweaver.evaluation.outcome import Outcome
from mcp_toolweaver.evaluation.rounding import rounded

KEY = "per_query"
_FIELDS = ("fingerprint", *METRICS, "abstained")


@dataclass(frozen=True, slots=True)
class Scored:
    """What one query got."""

    fingerprint: str
    scores: Mapping[str, float]
    """Each metric; empty if no tool serves the query."""
    abstained: bool
    text: str = ""
    """What was asked; empty if it was read from a report."""

    @classmethod
    def of(cls, outcome: Outcome) -> Scored:
        """Keep of an outcome what it got."""
        query = outcome.query
        return cls(fingerprint(query), outcome.scores if query.needs else {}, outcome.abstained, query.text)


def fingerprint(query: LabelledQuery) -> str:
    """Return eight digits that change with the text or the labels of a query."""
    parts = json.dumps([query.text, query.needs])
    return hashlib.sha256(parts.encode()).hexdigest()[:8]


def scored_by_id(outcomes: Sequence[Outcome]) -> dict[str, Scored]:
    """Return what each query of a run got, by its id."""
    return {outcome.query.id: Scored.of(outcome) for outcome in outcomes}


def to_json(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """Return a run as ``{"fields": [...], "rows": {id: [...]}}``."""
    rows = {id_: _row(scored) for id_, scored in scored_by_id(outcomes).items()}
    return {"fields": list(_FIELDS), "rows": rows}


def _row(scored: Scored) -> list[Any]:
    metrics = [rounded(scored.scores[name]) if scored.scores else None for name in METRICS]
    return [scored.fingerprint, *metrics, int(scored.abstained)]


def from_report(report: Any, *, name: str) -> dict[str, Scored]:
    """Read a run back from a report; ``name`` is what errors call it.

    Raises:
        ConfigurationError: it is no report, or one without scores of each query.
    """
    kept = report.get(KEY) if is_object(report) else None
    rows = kept.get("rows") if is_object(kept) else None
    fix = "Name a file that toolweaver eval --json has written."
    if not is_object(rows) or not is_object(kept) or kept.get("fields") != list(_FIELDS):
        raise ConfigurationError(f"{name}: holds no scores of single queries that this version reads. {fix}")
    scored = {id_: _scored(row) for id_, row in rows.items()}
    if None in scored.values():
        raise ConfigurationError(f"{name}: its {KEY!r} holds a bad row. {fix}")
    return {id_: each for id_, each in scored.items() if each is not None}


def _scored(row: Any) -> Scored | None:
    if not is_array(row) or len(row) != len(_FIELDS) or not isinstance(row[0], str):
        return None
    values = row[1:-1]
    if all(value is None for value in values):
        return Scored(row[0], {}, bool(row[-1]))
    if not all(isinstance(value, int | float) and 0 <= value <= 1 for value in values):
        return None
    return Scored(row[0], {name: float(value) for name, value in zip(METRICS, values, strict=True)}, bool(row[-1]))
