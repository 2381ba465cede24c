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


def frequency(documents: Sequence[Document], document: Document, term: str, weights: Mapping[str, float]) -> float:
    """Return the weighted sum over the fields, each normalized by its length among those that are not empty."""
    total = 0.0
    for field, weight in weights.items():
        if held := document.get(field):
            lengths = [len(each[field]) for each in documents if each.get(field)]
            average = sum(lengths) / len(lengths)
            total += weight * list(held).count(term) / (1 - B + B * len(held) / average)
    return total


def scores(documents: Sequence[Document], query: Sequence[str], weights: Mapping[str, float]) -> list[float]:
    """Return the score of each document."""
    found: list[float] = []
    for document in documents:
        score = 0.0
        for term in sorted(set(query)):
            weighted = frequency(documents, document, term, weights)
            saturated = (K1 + 1) * weighted / (K1 + weighted)
            score += math.log2(1 + query.count(term)) * rarity(documents, term) * saturated
        found.append(score)
    return found
