"""What a run must reach, for continuous integration: ``nDCG@10=0.6``."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from mcp_toolweaver.core.errors import ConfigurationError
from mcp_toolweaver.evaluation.metrics import METRICS
from mcp_toolweaver.evaluation.rounding import rounded
from mcp_toolweaver.evaluation.summary import ABSTENTION, Summary

_NAMES = (*METRICS, ABSTENTION)


@dataclass(frozen=True, slots=True)
class Threshold:
    """The least value of a metric, 0 to 1."""

    metric: str
    least: float

    def judge(self, summary: Summary) -> Verdict:
        """Tell whether a run reaches it."""
        value = summary.abstention if self.metric == ABSTENTION else summary.metrics.get(self.metric)
        return Verdict(self, value)


@dataclass(frozen=True, slots=True)
class Verdict:
    """A threshold, and what a run got."""

    threshold: Threshold
    value: float | None
    """None if no query of the set has this metric."""

    @property
    def passed(self) -> bool:
        """Whether the run reaches the threshold; a metric that no query has does not."""
        return self.value is not None and self.value >= self.threshold.least

    def __str__(self) -> str:
        """Return one line: ``nDCG@10 is 0.5120, below 0.6``."""
        metric, least = self.threshold.metric, f"{self.threshold.least:g}"
        if self.value is None:
            return f"{metric} has no value, as no query of the set has one; at least {least} was asked for"
        return f"{metric} is {self.value:.4f}, {'at least' if self.passed else 'below'} {least}"

    def to_json(self) -> dict[str, Any]:
        """Return the verdict as a JSON object."""
        least, value = self.threshold.least, rounded(self.value)
        return {"metric": self.threshold.metric, "least": least, "value": value, "passed": self.passed}


def metric_name(text: str, names: tuple[str, ...] = tuple(METRICS)) -> str:
    """Return the metric that is meant, whatever its case.

    Raises:
        ConfigurationError: there is none of that name.
    """
    known = {name.casefold(): name for name in names}
    found = known.get(text.strip().casefold())
    if found is None:
        raise ConfigurationError(f"there is no metric {text!r}; use one of {', '.join(names)}")
    return found


def parse_threshold(text: str) -> Threshold:
    """Read ``METRIC=VALUE``; the value is between 0 and 1, or a percentage such as ``60%``.

    Raises:
        ConfigurationError: it is not of that form.
    """
    metric, equals, value = text.partition("=")
    if not equals:
        raise ConfigurationError(f"{text!r} is no threshold; write METRIC=VALUE, for example nDCG@10=0.6")
    return Threshold(metric_name(metric, _NAMES), _share(value.strip(), text))


def _share(value: str, text: str) -> float:
    try:
        number = float(value.removesuffix("%")) / (100 if value.endswith("%") else 1)
    except ValueError:
        number = math.nan
    if not 0 <= number <= 1:
        raise ConfigurationError(f"{text!r}: {value!r} is no share; write a number from 0 to 1, or a percentage")
    return number
