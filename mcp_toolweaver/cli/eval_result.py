"""What one run of ``toolweaver eval`` found out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mcp_toolweaver.evaluation import AliasEffect, Comparison, Report, Suggestion, Tuning, Verdict


@dataclass(frozen=True, slots=True)
class Evaluation:
    """The report, and whatever else was asked for; None where it was not."""

    report: Report
    lanes: Mapping[str, Report]
    """The search without a model, and that with all weight on meaning; empty where there is nothing to tell apart."""
    suggestions: tuple[Suggestion, ...] | None = None
    effect: AliasEffect | None = None
    """None as well if no word has two queries that speak for it."""
    tuning: Tuning | None = None
    comparison: Comparison | None = None
    verdicts: tuple[Verdict, ...] = ()

    @property
    def passed(self) -> bool:
        """Whether every threshold was reached."""
        return all(verdict.passed for verdict in self.verdicts)

    def to_json(self) -> dict[str, Any]:
        """Return everything as a JSON object: the report, and a key for each other thing that was asked for."""
        document = self.report.to_json()
        document["lanes"] = {name: report.overall.to_json() for name, report in self.lanes.items()}
        if self.suggestions is not None:
            document["aliases"] = [suggestion.to_json() for suggestion in self.suggestions]
            document["alias_effect"] = None if self.effect is None else self.effect.to_json()
        if self.tuning is not None:
            document["tuning"] = self.tuning.to_json()
        if self.comparison is not None:
            document["comparison"] = self.comparison.to_json()
        if self.verdicts:
            document["thresholds"] = [verdict.to_json() for verdict in self.verdicts]
        return document
