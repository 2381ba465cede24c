"""BM25 over a fixed set of documents, scored term by term instead of document by document.

The statistics (term and document frequencies, lengths) are those of the ``rank-bm25``
library; its own scoring walks every document for every query (10-40 ms at 10,000 tools),
so each term's contributions are computed once and a query adds up a few short arrays.

Formula: Robertson and Zaragoza, "The Probabilistic Relevance Framework: BM25 and Beyond",
2009, eq. 3.15, with the inverse document frequency ``ln(1 + (N - n + 0.5) / (n + 0.5))``,
which stays positive for words that most documents hold.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from rank_bm25 import BM25Okapi

K1 = 1.5
B = 0.75


class _Statistics(BM25Okapi):  # type: ignore[misc]
    """The library's statistics with the inverse document frequency of the module docstring."""

    idf: dict[str, float]
    doc_freqs: list[dict[str, int]]
    doc_len: list[int]
    avgdl: float

    def _calc_idf(self, nd: dict[str, int]) -> None:
        for term, holders in nd.items():
            self.idf[term] = math.log(1 + (self.corpus_size - holders + 0.5) / (holders + 0.5))


@dataclass(frozen=True, slots=True)
class _Posting:
    """The documents that hold a term, and what the term adds to the score of each."""

    rows: NDArray[np.intp]
    impacts: NDArray[np.float32]
    idf: float


class Bm25:
    """Scores queries against the documents that it was built from; immutable."""

    def __init__(self, documents: Sequence[Sequence[str]]) -> None:
        """Build from the terms of each document; time and memory grow with their number."""
        self._size = len(documents)
        self._postings = _postings(documents) if any(documents) else {}
        self._rarest = math.log(1 + (self._size + 0.5) / 0.5)

    def scores(self, terms: Iterable[str]) -> NDArray[np.float32]:
        """Return the score of each document, shape ``(documents,)``; a repeated term counts again."""
        scores = np.zeros(self._size, dtype=np.float32)
        for term, times in Counter(terms).items():
            posting = self._postings.get(term)
            if posting is not None:
                scores[posting.rows] += posting.impacts * times
        return scores

    def coverage(self, terms: Iterable[str], rows: NDArray[np.intp]) -> NDArray[np.float32]:
        """Return, for each row, the share of the distinct terms' rarity that it holds, 0 to 1.

        A term that no document holds weighs as much as the rarest possible one.
        """
        held = np.zeros(len(rows), dtype=np.float64)
        total = 0.0
        for term in sorted(set(terms)):
            posting = self._postings.get(term)
            total += posting.idf if posting is not None else self._rarest
            if posting is not None:
                held += np.isin(rows, posting.rows) * posting.idf
        shares = np.minimum(held / total, 1.0) if total else held
        return shares.astype(np.float32)


def _postings(documents: Sequence[Sequence[str]]) -> dict[str, _Posting]:
    statistics = _Statistics(documents, k1=K1, b=B)
    entries: dict[str, tuple[list[int], list[float]]] = {}
    for row, frequencies in enumerate(statistics.doc_freqs):
        norm = K1 * (1 - B + B * statistics.doc_len[row] / statistics.avgdl)
        for term, frequency in frequencies.items():
            rows, impacts = entries.setdefault(term, ([], []))
            rows.append(row)
            impacts.append(statistics.idf[term] * frequency * (K1 + 1) / (frequency + norm))
    return {
        term: _Posting(np.asarray(rows, dtype=np.intp), np.asarray(impacts, dtype=np.float32), statistics.idf[term])
        for term, (rows, impacts) in entries.items()
    }
