"""The scores of two lanes for a question and its parts into one score a candidate. Pure functions.

A lane is a list of scores, one a candidate; the first lane of each kind is for the whole
question, the others for its parts. Word scores have no scale of their own, so they count as
shares of their lane's best; cosines have one, so their gap to the best counts. Nothing depends
on how many tools the catalog has. Decision 9 says why this and not ranks.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Sequence
from itertools import zip_longest
from math import exp, fsum
from typing import TypeAlias

Lane: TypeAlias = Sequence[float]

MEANING_WEIGHT = 0.6
"""The share of meaning in a question of `TYPICAL_TERMS` terms."""
TYPICAL_TERMS = 10
_TILT = 0.012
_LARGEST_TILT = 0.1

PART_SHARE = 0.25
"""What the best part of a question counts for in a lane, beside the whole."""
PEAK_SHARE = 0.3
"""What being near the top for some part counts for in the score."""
PEAK_WIDTH = 0.1
"""The gap in cosine to the best at which a peak has fallen to 1/e."""

SERVER_SHARE = 0.3
"""What the company of a tool's server counts for, against its own score of at most 1."""
SERVER_WIDTH = 0.07
"""How far behind the best a tool still counts for its server; the width of a softmax."""


def meaning_share(weight: float, terms: int) -> float:
    """Return the share of meaning for a question of so many terms, 0 to 1; ``weight`` is the typical one.

    Few words leave much to meaning; many words name what is wanted. A weight of 0 or 1 stays so.
    """
    tilt = max(-_LARGEST_TILT, min(_LARGEST_TILT, _TILT * (TYPICAL_TERMS - terms)))
    return weight + tilt * 4 * weight * (1 - weight)


def fuse(lexical: Sequence[Lane], dense: Sequence[Lane], share: float) -> list[float]:
    """Return a score for each candidate, 0 to 1; ``share`` is that of meaning.

    The score is ``(1 - PEAK_SHARE) * mixed + PEAK_SHARE * peak``: the mixed score compares the
    candidates on the whole question, a little helped by its best part; the peak is high for
    whoever is near the top for one part.
    """
    words = _mixed([_relative(lane) for lane in lexical])
    meaning = _relative(_mixed([_positive(lane) for lane in dense]))
    mixed = _weighted(words, meaning, share)
    peaks = [max(tops) for tops in zip(*part_scores(lexical, dense, share), strict=True)]
    return [(1 - PEAK_SHARE) * score + PEAK_SHARE * peak for score, peak in zip(mixed, peaks, strict=True)]


def with_company(scores: Sequence[float], servers: Sequence[Hashable]) -> list[float]:
    """Return the scores, 0 to 1, raised for tools whose server has many of the best candidates.

    A server's company is its share of ``sum(exp(score / SERVER_WIDTH))``, the softmax of the scores.
    """
    best = max(scores, default=0.0)
    near: defaultdict[Hashable, list[float]] = defaultdict(list)
    for score, server in zip(scores, servers, strict=True):
        near[server].append(exp((score - best) / SERVER_WIDTH))
    pull = {server: fsum(each) for server, each in near.items()}  # exact sums, so that their order counts for nothing
    total = fsum(pull.values())
    return [
        (score + SERVER_SHARE * pull[server] / total) / (1 + SERVER_SHARE)
        for score, server in zip(scores, servers, strict=True)
    ]


def _positive(lane: Lane) -> list[float]:
    return [max(score, 0.0) for score in lane]


def _relative(lane: Lane) -> list[float]:
    """Return the scores as shares of the best."""
    best = max(lane, default=0.0)
    return [score / best for score in lane] if best > 0 else [0.0] * len(lane)


def _mixed(lanes: Sequence[Lane]) -> Lane:
    """Mix the whole question's scores with those of each candidate's best part."""
    if len(lanes) < 2:  # noqa: PLR2004  no parts
        return lanes[0] if lanes else []
    parts = [max(scores) for scores in zip(*lanes[1:], strict=True)]
    return [(1 - PART_SHARE) * whole + PART_SHARE * part for whole, part in zip(lanes[0], parts, strict=True)]


def part_scores(lexical: Sequence[Lane], dense: Sequence[Lane], share: float) -> list[list[float]]:
    """Return, for each part of the question or the whole of it, how near each candidate comes to the top."""
    return [
        _weighted(_relative(words), _near_best(cosines), share)
        for words, cosines in zip_longest(lexical[1:] or lexical, dense[1:] or dense, fillvalue=())
    ]


def _near_best(lane: Lane) -> list[float]:
    best = max(lane, default=0.0)
    return [exp((score - best) / PEAK_WIDTH) for score in lane]


def _weighted(words: Lane, meaning: Lane, share: float) -> list[float]:
    """Return the weighted sum; a lane without scores adds nothing."""
    return [share * second + (1 - share) * first for first, second in zip_longest(words, meaning, fillvalue=0.0)]
