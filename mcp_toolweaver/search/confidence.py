"""How sure a search is of its answer, from the raw scores of the best candidates."""

from __future__ import annotations

from collections.abc import Sequence

from mcp_toolweaver.core.query import Confidence, Match

SURE_COSINE = 0.5
SURE_COVERAGE = 0.6
UNRELATED_COSINE = 0.2
UNRELATED_COVERAGE = 0.2


def judge(matches: Sequence[Match]) -> Confidence:
    """Return ``none`` where nothing fits, ``high`` where a candidate clearly does, else ``low``.

    A candidate fits by meaning (cosine) or by words (the share of the query's rarity that it
    holds). The limits are first estimates, on the side of answering; see decision 5.
    """
    cosine = max((match.dense for match in matches if match.dense is not None), default=None)
    coverage = max((match.coverage for match in matches), default=0.0)
    if coverage >= SURE_COVERAGE or (cosine is not None and cosine >= SURE_COSINE):
        return "high"
    unrelated = coverage == 0 if cosine is None else cosine < UNRELATED_COSINE and coverage < UNRELATED_COVERAGE
    return "none" if unrelated else "low"
