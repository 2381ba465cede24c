"""BM25F over a fixed set of documents, scored term by term instead of document by document.

The statistics of each field (term frequencies, lengths) are those of the ``rank-bm25`` library; its
own scoring walks every document for every query (10-40 ms at 10,000 tools), so each term's
contributions are computed once and a query adds up a few short arrays.

Formula: Zaragoza, Craswell, Taylor, Saria and Robertson, "Microsoft Cambridge at TREC-13: Web
and HARD tracks", 2004, as in Robertson and Zaragoza, "The Probabilistic Relevance Framework:
BM25 and Beyond", 2009, section 3.6. The frequency of a term in a document is the sum over the
fields of ``weight * tf / (1 - b + b * length / typical length)``; it saturates once, over all
fields: ``idf * (k1 + 1) * frequency / (k1 + frequency)``. The typical length is that of the average
field in the formula; here it is a constant of the field, so that what a term adds to a document
depends on the document alone, and only how rare the term is on the others (decision 14). The inverse document frequency
``ln(1 + (N - n + 0.5) / (n + 0.5))``, over the documents that hold a term in any field, stays
positive for words that most documents hold. A term that a question repeats counts
``log2(1 + times)`` times.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, count, pairwise

import numpy as np
from numpy.typing import NDArray
from rank_bm25 import BM25Okapi

K1 = 1.4
B = 0.75


class _Statistics(BM25Okapi):  # type: ignore[misc]
    """The library's statistics of one field; how rare a term is, all fields say together."""

    doc_freqs: list[dict[str, int]]
    doc_len: list[int]

    def _calc_idf(self, nd: dict[str, int]) -> None:
        del nd


@dataclass(frozen=True, slots=True)
class _Posting:
    """The documents that hold a term, in ascending order, and what the term adds to the score of each."""

    rows: NDArray[np.intp]
    impacts: NDArray[np.float32]
    idf: float


@dataclass(frozen=True, slots=True)
class Saturations:
    """How much of each term each document holds, but for how rare the term is. One entry a pair."""

    terms: Sequence[str]
    numbers: NDArray[np.intp]
    """The place of each pair's term in ``terms``, in ascending order."""
    rows: NDArray[np.intp]
    """The document of each pair, in ascending order for each term."""
    values: NDArray[np.float64]
    """``(k1 + 1) * frequency / (k1 + frequency)`` of each pair."""

    @classmethod
    def of(
        cls,
        documents: Sequence[Mapping[str, Sequence[str]]],
        weights: Mapping[str, float],
        lengths: Mapping[str, float],
    ) -> Saturations:
        """Sum up what the fields of each document hold of a term, and saturate it.

        Args:
            documents: The terms of each field of each document; unknown fields are ignored.
            weights: How much each field counts.
            lengths: How many terms each field typically has.
        """
        numbers: defaultdict[str, int] = defaultdict(count().__next__)
        fields = [_frequencies(documents, field, weight, lengths[field], numbers) for field, weight in weights.items()]
        pairs, inverse = np.unique(np.concatenate([pairs for pairs, _ in fields]), return_inverse=True)
        frequency = np.bincount(inverse, weights=np.concatenate([frequencies for _, frequencies in fields]))
        terms, rows = np.divmod(pairs, len(documents))
        return cls(list(numbers), terms, rows, (K1 + 1) * frequency / (K1 + frequency))


class Bm25F:
    """Scores queries against the documents that it was built from; immutable."""

    def __init__(
        self,
        documents: Sequence[Mapping[str, Sequence[str]]],
        weights: Mapping[str, float],
        lengths: Mapping[str, float],
    ) -> None:
        """Build from documents as `Saturations` takes them; time and memory grow with their number."""
        self._size = len(documents)
        self._postings = _postings(Saturations.of(documents, weights, lengths), self._size)
        self._rarest = rarity(0, self._size)

    def scores(self, terms: Iterable[str], among: NDArray[np.bool_] | None = None) -> NDArray[np.float32]:
        """Return the score of each document, shape ``(documents,)``.

        With ``among``, which says of each document whether it counts, as if there were no others.
        """
        if among is not None:
            return self._scores_among(terms, among)
        scores = np.zeros(self._size, dtype=np.float32)
        for term, times in Counter(terms).items():
            posting = self._postings.get(term)
            if posting is not None:
                scores[posting.rows] += posting.impacts * np.float32(emphasis(times))
        return scores

    def _scores_among(self, terms: Iterable[str], among: NDArray[np.bool_]) -> NDArray[np.float32]:
        scores = np.zeros(self._size, dtype=np.float32)
        size = int(np.count_nonzero(among))
        for term, times in Counter(terms).items():
            posting = self._postings.get(term)
            if posting is not None and (held := among[posting.rows]).any():
                weight = rarity(int(np.count_nonzero(held)), size) / posting.idf * emphasis(times)
                scores[posting.rows[held]] += posting.impacts[held] * np.float32(weight)
        return scores

    def coverage(
        self, terms: Iterable[str], rows: NDArray[np.intp], among: NDArray[np.bool_] | None = None
    ) -> NDArray[np.float32]:
        """Return, for each row, the share of the distinct terms' rarity that it holds, 0 to 1.

        A term that no document holds weighs as much as the rarest possible one; for ``among`` see `scores`.
        """
        size = self._size if among is None else int(np.count_nonzero(among))
        held = np.zeros(self._size, dtype=np.float64)
        total = 0.0
        for term in sorted(set(terms)):
            posting = self._postings.get(term)
            idf = self._rarest if posting is None else posting.idf
            if among is not None:
                idf = rarity(0 if posting is None else int(np.count_nonzero(among[posting.rows])), size)
            total += idf
            if posting is not None:
                held[posting.rows] += idf
        return (held[rows] / (total or 1.0)).astype(np.float32)


def emphasis(times: int) -> float:
    """Return what a term counts that a question says so many times."""
    return math.log2(1 + times)


def rarity(holders: int, size: int) -> float:
    """Return the inverse document frequency of a term that so many of ``size`` documents hold."""
    return math.log(1 + (size - holders + 0.5) / (holders + 0.5))


def _postings(pairs: Saturations, size: int) -> dict[str, _Posting]:
    starts = np.searchsorted(pairs.numbers, np.arange(len(pairs.terms) + 1))
    idf = [rarity(holders, size) for holders in np.diff(starts).tolist()]
    impacts = (np.asarray(idf)[pairs.numbers] * pairs.values).astype(np.float32)
    return {
        term: _Posting(pairs.rows[start:end], impacts[start:end], rare)
        for term, (start, end), rare in zip(pairs.terms, pairwise(starts.tolist()), idf, strict=True)
    }


def _frequencies(
    documents: Sequence[Mapping[str, Sequence[str]]],
    field: str,
    weight: float,
    length: float,
    numbers: Mapping[str, int],
) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """Return each pair of a term and a document whose field holds it, and its normalized weighted frequency.

    The pair is one number: that of the term times the number of documents, plus the row.
    """
    holders = [row for row, document in enumerate(documents) if document.get(field)]
    if not holders:
        return np.empty(0, dtype=np.intp), np.empty(0, dtype=np.float64)
    statistics = _Statistics([documents[row][field] for row in holders])
    distinct = [len(times) for times in statistics.doc_freqs]
    terms = np.fromiter(map(numbers.__getitem__, chain.from_iterable(statistics.doc_freqs)), dtype=np.intp)
    times = np.fromiter(chain.from_iterable(times.values() for times in statistics.doc_freqs), dtype=np.float64)
    shares = weight / (1 - B + B * np.asarray(statistics.doc_len) / length)
    return terms * len(documents) + np.repeat(holders, distinct), np.repeat(shares, distinct) * times
