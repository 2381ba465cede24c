"""How alike two spellings are. RapidFuzz is imported when the first mistake is read, not before."""

from __future__ import annotations

from collections.abc import Sequence


def is_one_off(word: str, other: str) -> bool:
    """Whether a letter more, less or other, or two letters in the wrong order, are all the difference."""
    from rapidfuzz.distance import OSA  # noqa: PLC0415  for mistakes only

    return OSA.distance(word, other, score_cutoff=1) <= 1


def one_off(word: str, others: Sequence[str], *, limit: int) -> list[str]:
    """Return the spellings that are one off, as `is_one_off` has it."""
    from rapidfuzz import process  # noqa: PLC0415  for mistakes only
    from rapidfuzz.distance import OSA  # noqa: PLC0415

    found = process.extract(word, others, scorer=OSA.distance, score_cutoff=1, limit=limit)
    return [text for text, _distance, _place in found]


def most_alike(word: str, others: Sequence[str], *, least: float, limit: int) -> list[str]:
    """Return the spellings that share the most letters in their order with a word, at least a share of both."""
    from rapidfuzz import process  # noqa: PLC0415  for mistakes only
    from rapidfuzz.distance import Indel  # noqa: PLC0415

    found = process.extract(word, others, scorer=Indel.normalized_similarity, score_cutoff=least, limit=limit)
    return [text for text, _similarity, _place in found]


def resembling(name: str, others: Sequence[str], *, limit: int) -> list[tuple[str, float]]:
    """Return the names that resemble one in parts or in whole, and how much, 0 to 100."""
    from rapidfuzz import fuzz, process, utils  # noqa: PLC0415  for mistakes only

    found = process.extract(name, others, scorer=fuzz.WRatio, processor=utils.default_process, limit=limit)
    return [(text, similarity) for text, similarity, _place in found]
