"""One labelled query, and how a searcher answered it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from mcp_toolweaver.core.query import Confidence, Tier
from mcp_toolweaver.core.tools import ToolId
from mcp_toolweaver.evaluation.labelled import LabelledQuery
from mcp_toolweaver.evaluation.metrics import METRICS


@dataclass(frozen=True)
class Outcome:
    """The answer to one query: what was found, best first, how, and in what time."""

    query: LabelledQuery
    ranked: tuple[ToolId, ...]
    confidence: Confidence
    tier: Tier
    skipped: tuple[str, ...]
    seconds: float

    @property
    def answerable(self) -> bool:
        """Whether any tool serves the query, by its labels."""
        return bool(self.query.needs)

    @property
    def abstained(self) -> bool:
        """Whether the searcher said that it found nothing fitting."""
        return self.confidence == "none"

    @cached_property
    def scores(self) -> Mapping[str, float]:
        """The value of each metric."""
        return {name: metric(self.ranked, self.query.needs) for name, metric in METRICS.items()}
