"""The queries that a searcher did not fully serve: where to look first."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from mcp_toolweaver.evaluation.explanation import MissedNeed
from mcp_toolweaver.evaluation.labelled import LabelledQuery
from mcp_toolweaver.evaluation.metrics import Need, best_rank, unmet_needs
from mcp_toolweaver.evaluation.outcome import Outcome
from mcp_toolweaver.evaluation.rounding import rounded

_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Failure:
    """An answerable query with a need that the first ten tools do not cover."""

    query: LabelledQuery
    wanted: tuple[str, ...]
    """The first alternative of each need."""
    missing: tuple[str, ...]
    """Those of ``wanted`` whose need is not covered."""
    got: tuple[str, ...]
    """The first five tools that were found."""
    best_rank: int | None
    """The rank of the first tool that satisfies any need; None if none does."""
    recall: float
    """Recall@10."""
    explained: tuple[MissedNeed, ...] = ()
    """Why each need was missed, as far as that was looked into."""

    @classmethod
    def of(cls, outcome: Outcome) -> Failure:
        """Say what went wrong with an outcome."""
        ranked, needs = outcome.ranked, outcome.query.needs
        return cls(
            query=outcome.query,
            wanted=_first_alternatives(needs),
            missing=_first_alternatives(unmet_needs(ranked[:10], needs)),
            got=tuple(str(tool) for tool in ranked[:_SHOWN]),
            best_rank=best_rank(ranked, needs),
            recall=outcome.scores["recall@10"],
        )

    def to_json(self) -> dict[str, Any]:
        """Return the failure as a JSON object."""
        return {
            "id": self.query.id,
            "query": self.query.text,
            "kind": self.query.kind,
            "wanted": list(self.wanted),
            "missing": list(self.missing),
            "got": list(self.got),
            "best_rank": self.best_rank,
            "recall@10": rounded(self.recall),
            **({"explained": [need.to_json() for need in self.explained]} if self.explained else {}),
        }


def failures_of(outcomes: Sequence[Outcome]) -> tuple[Failure, ...]:
    """Return the failures, worst first: by recall@10, then reciprocal rank, then as they were asked."""
    failed = [outcome for outcome in outcomes if outcome.answerable and outcome.scores["recall@10"] < 1]
    failed.sort(key=lambda outcome: (outcome.scores["recall@10"], outcome.scores["MRR"]))
    return tuple(Failure.of(outcome) for outcome in failed)


def _first_alternatives(needs: Iterable[Need]) -> tuple[str, ...]:
    return tuple(need[0] for need in needs)
