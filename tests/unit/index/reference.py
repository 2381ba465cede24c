"""BM25F as the papers write it: one document, one term, one field at a time."""

import math
from collections.abc import Mapping, Sequence

Document = Mapping[str, Sequence[str]]

K1 = 1.4
B = 0.75


def rarity(documents: Sequence[Document], term: str) -> float:
    """Return the inverse document frequency, of a term that any field may hold."""
    holders = sum(any(term in terms for terms in document.values()) for document in documents)
    return math.log(1 + (len(documents) - holders + 0.5) / (holders + 0.5))


def frequency(document: Document, term: str, weights: Mapping[str, float], lengths: Mapping[str, float]) -> float:
    """Return the weighted sum over the fields, each normalized by its typical length."""
    total = 0.0
    for field, weight in weights.items():
        held = list(document.get(field, ()))
        total += weight * held.count(term) / (1 - B + B * len(held) / lengths[field])
    return total


def scores(
    documents: Sequence[Document], query: Sequence[str], weights: Mapping[str, float], lengths: Mapping[str, float]
) -> list[float]:
    """Return the score of each document."""
    found: list[float] = []
    for document in documents:
        score = 0.0
        for term in sorted(set(query)):
            weighted = frequency(document, term, weights, lengths)
            saturated = (K1 + 1) * weighted / (K1 + weighted)
            score += math.log2(1 + query.count(term)) * rarity(documents, term) * saturated
        found.append(score)
    return found
