"""All that was measured in one run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mcp_toolweaver.core.query import Tier
from mcp_toolweaver.evaluation import per_query
from mcp_toolweaver.evaluation.failures import Failure, failures_of
from mcp_toolweaver.evaluation.latency import percentiles_ms
from mcp_toolweaver.evaluation.outcome import Outcome
from mcp_toolweaver.evaluation.rounding import rounded
from mcp_toolweaver.evaluation.summary import Summary


@dataclass(frozen=True, slots=True)
class Report:
    """How a searcher did on a labelled set."""

    overall: Summary
    by_kind: Mapping[str, Summary]
    """A summary of each kind, in the order in which they came; empty if no query has a kind."""
    latency_ms: Mapping[str, float]
    """p50, p90, p95 and p99 of the time that a search took; empty for no queries."""
    tiers: Counter[Tier]
    """How many queries each tier answered."""
    skipped: Counter[str]
    """Why a part could not take part, and in how many queries."""
    failures: tuple[Failure, ...]
    """The queries with recall@10 below 1, worst first."""
    outcomes: tuple[Outcome, ...] = ()
    """Each query, in the order in which they were asked."""

    @classmethod
    def of(cls, outcomes: Sequence[Outcome]) -> Report:
        """Sum up the outcomes of one run."""
        return cls(
            overall=Summary.of(outcomes),
            by_kind=_summaries_by_kind(outcomes),
            latency_ms=percentiles_ms([outcome.seconds for outcome in outcomes]),
            tiers=Counter(outcome.tier for outcome in outcomes),
            skipped=Counter(reason for outcome in outcomes for reason in dict.fromkeys(outcome.skipped)),
            failures=failures_of(outcomes),
            outcomes=tuple(outcomes),
        )

    def to_json(self) -> dict[str, Any]:
        """Return the report as a JSON object; its numbers have four digits after the point."""
        return {
            **self.overall.to_json(),
            "by_kind": {kind: summary.to_json() for kind, summary in self.by_kind.items()},
            "latency_ms": {name: rounded(value) for name, value in self.latency_ms.items()},
            "tiers": dict(self.tiers),
            "skipped": dict(self.skipped),
            "failures": [failure.to_json() for failure in self.failures],
            per_query.KEY: per_query.to_json(self.outcomes),
        }


def _summaries_by_kind(outcomes: Sequence[Outcome]) -> dict[str, Summary]:
    """Summarize each kind; where only some queries have one, the others form the kind ``""``."""
    grouped: dict[str, list[Outcome]] = {}
    for outcome in outcomes:
        grouped.setdefault(outcome.query.kind, []).append(outcome)
    if not any(grouped):
        return {}
    return {kind: Summary.of(group) for kind, group in grouped.items()}
