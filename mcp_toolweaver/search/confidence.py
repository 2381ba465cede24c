"""How sure a search is of its answer, from how the best candidate stands out.

Two logistic models over three observations, fitted on seven labelled sets and each checked on
the sets that it had not seen; ``bench/abstention.py`` measures them and decision 10 has the
numbers. A fixed limit on the cosine does not carry over: in a large catalog some tool is close to
any question. So the best cosine counts by its distance from the crowd, the tools that come after the
candidates.
"""

from __future__ import annotations

from dataclasses import dataclass

from mcp_toolweaver.core.query import Candidates, Confidence
from mcp_toolweaver.core.tools import ToolId

NONE_BELOW = -1.4
"""The log-odds of an answer under which a search says that there is none: 2 % of answerable questions lie there."""
HIGH_FROM = 0.85
"""The log-odds, 7 : 3, from which the first row is called sure."""

_LEAST_COVERAGE = 0.05
_SURE_COVERAGE = 0.6


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is known of the candidates of a question."""

    coverage: float
    """The largest share of the question's words, by rarity, that a candidate holds; 0 to 1."""
    lead: float
    """How far the first candidate's score lies before the second's; 0 to 1."""
    cosine: float | None = None
    """The best cosine; None if only words were compared."""
    crowd: float | None = None
    """The mean cosine of the crowd; None if the catalog is too small for one."""

    @classmethod
    def of(cls, found: Candidates, lead: float, first: ToolId | None) -> Evidence:
        """Read the evidence off the candidates; a first one without a vector leaves only words to judge by."""
        coverage = max((match.coverage for match in found.matches), default=0.0)
        if any(match.id == first and not match.dense for match in found.matches):
            return cls(coverage, lead)
        cosine = max((match.dense[0] for match in found.matches if match.dense), default=None)
        return cls(coverage, lead, cosine, found.crowd)


def judge(seen: Evidence) -> Confidence:
    """Return ``none`` where nothing fits, ``high`` where the first candidate clearly does, else ``low``."""
    if seen.cosine is None:
        return _by_words(seen)
    gap = None if seen.crowd is None else seen.cosine - seen.crowd
    if _answerable(seen, gap) < NONE_BELOW:
        return "none"
    return "high" if _right(seen, gap) >= HIGH_FROM else "low"


def _answerable(seen: Evidence, gap: float | None) -> float:
    """Return the log-odds that some tool serves the question."""
    if gap is None:
        return 6.6 * (seen.cosine or 0.0) + 0.45 * seen.coverage - 3.0
    return 10.1 * gap + 1.25 * seen.coverage - 3.17


def _right(seen: Evidence, gap: float | None) -> float:
    """Return the log-odds that the first candidate does."""
    if gap is None:
        return _answerable(seen, gap)
    return 1.9 * seen.lead + 5.7 * gap + 0.85 * seen.coverage - 1.83


def _by_words(seen: Evidence) -> Confidence:
    """Words alone miss paraphrases, so they say ``none`` only where hardly a word is known."""
    if seen.coverage < _LEAST_COVERAGE:
        return "none"
    return "high" if seen.coverage >= _SURE_COVERAGE else "low"
