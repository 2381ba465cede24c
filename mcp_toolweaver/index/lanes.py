"""A question as searches in an engine, and what the engine found as candidates with every score.

First each reading of the question brings its best, by words and by meaning, in one batch. Then the
candidates that a reading by meaning did not meet are compared with it, in a second one. The scores by
words and the coverage come from the view, which knows the words of every tool.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from mcp_toolweaver.core.query import Candidates, IndexQuery, Match
from mcp_toolweaver.index.depth import CROWD_END, crowd_of, part_limit
from mcp_toolweaver.index.engine import MEANING, WORDS, Lane, Within
from mcp_toolweaver.index.sparse import AskedWords
from mcp_toolweaver.index.view import View

Scores: TypeAlias = Sequence[tuple[int, float]]
"""Rows of a view and their scores, best first."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A question over the tools of a view."""

    query: IndexQuery
    view: View
    words: tuple[AskedWords, ...]
    """One a probe."""
    vectors: tuple[NDArray[np.float32], ...]
    """Those of the probes that have one which can be compared."""

    @classmethod
    def of(cls, query: IndexQuery, view: View, dimension: int) -> Asked:
        """Read a question; vectors of another dimension are not compared."""
        vectors = [probe.vector for probe in query.probes if probe.vector is not None]
        return cls(
            query,
            view,
            tuple(AskedWords.of(probe.terms, view) for probe in query.probes),
            tuple(vectors) if all(vector.shape == (dimension,) for vector in vectors) else (),
        )

    def lanes(self) -> list[Lane]:
        """Return the searches that bring candidates: first one by meaning for each vector, then the others."""
        limit, domain = max(self.query.limit, 0), self.query.domain
        part, within = part_limit(limit), self._within()
        by_meaning = [
            Lane(MEANING, vector, part if at else max(limit, CROWD_END), domain, within=within)
            for at, vector in enumerate(self.vectors)
        ]
        by_words = [
            Lane(WORDS, words.known, part if at else limit, domain, within=within)
            for at, words in enumerate(self.words)
            if words.is_known.any()
        ]
        return [*by_meaning, *by_words, *(() if domain else self._likely(part, within))]

    def _within(self) -> Within | None:
        reach, rows = self.query.within, self.view.row_of_tool
        if reach is None:
            return None
        known = (rows.get(tool) for tool in reach.tools)
        return Within(reach.servers, frozenset(self.view.points[row] for row in known if row is not None))

    def _likely(self, limit: int, within: Within | None) -> Iterator[Lane]:
        for domain in self.query.likely:
            if self.vectors:
                yield Lane(MEANING, self.vectors[0], limit, domain, within=within)
            if self.words[0].is_known.any():
                yield Lane(WORDS, self.words[0].known, limit, domain, within=within)

    def union(self, found: Sequence[Scores]) -> list[int]:
        """Return the rows that any lane brought, in ascending order."""
        limit = max(self.query.limit, 0)
        deep = 1 if self.vectors else 0  # the first lane looks deeper than it brings
        brought = [scores[:limit] if at < deep else scores for at, scores in enumerate(found)]
        return sorted({row for scores in brought for row, _score in scores}) if limit else []

    def unmet(self, rows: Sequence[int], found: Sequence[Scores]) -> list[Lane]:
        """Return a search for each vector that compares it with the rows that its lane did not bring."""
        points, has_meaning = self.view.points, self.view.has_meaning
        lanes: list[Lane] = []
        for vector, scores in zip(self.vectors, found, strict=False):
            met = {row for row, _score in scores}
            missing = [points[row] for row in rows if row not in met and has_meaning[row]]
            lanes.append(Lane(MEANING, vector, len(missing), among=missing))
        return lanes

    def candidates(self, rows: Sequence[int], cosines: Sequence[dict[int, float]], first: Scores) -> Candidates:
        """Return the candidates with all their scores.

        Args:
            rows: The candidates.
            cosines: Those of each vector, by row.
            first: What the lane of the first vector found.
        """
        lexical, coverage = self._by_words(rows)
        tools = self.view.tools
        matches = [
            Match(tools[row], tuple(words), _complete([known.get(row) for known in cosines]), share)
            for row, words, share in zip(rows, lexical, coverage, strict=True)
        ]
        return Candidates(tuple(matches), crowd_of([score for _row, score in first]))

    def _by_words(self, rows: Sequence[int]) -> tuple[list[list[float]], list[float]]:
        """Return the score of each row for each probe, and how much of the whole question it covers."""
        places, dimensions, values = _words_of(self.view, rows)
        scores = np.zeros((len(rows), len(self.words)), dtype=np.float64)
        coverage = np.zeros(len(rows), dtype=np.float64)
        for at, asked in enumerate(self.words):
            if not len(asked.dimensions):
                continue
            terms = np.minimum(np.searchsorted(asked.dimensions, dimensions), len(asked.dimensions) - 1)
            hits = np.flatnonzero(asked.dimensions[terms] == dimensions)
            terms, owners = terms[hits], places[hits]
            scores[:, at] = np.bincount(owners, asked.weights[terms] * values[hits], minlength=len(rows))
            if at == 0 or self.query.probes[at].is_whole:
                held = np.bincount(owners, asked.rarities[terms], minlength=len(rows))
                coverage = np.maximum(coverage, held / asked.rarities.sum())
        return scores.tolist(), np.minimum(coverage, 1.0).tolist()


def _words_of(view: View, rows: Sequence[int]) -> tuple[NDArray[np.intp], NDArray[np.uint32], NDArray[np.float32]]:
    """Return the words of all rows: whose each is, its dimension and its value."""
    starts = view.starts
    spans = [slice(int(starts[row]), int(starts[row + 1])) for row in rows]
    places = np.repeat(np.arange(len(rows)), [span.stop - span.start for span in spans])
    if not len(places):
        return places, view.dimensions[:0], view.values[:0]
    dimensions = np.concatenate([view.dimensions[span] for span in spans])
    return places, dimensions, np.concatenate([view.values[span] for span in spans])


def _complete(cosines: Sequence[float | None]) -> tuple[float, ...]:
    """Return the cosines if all are known: a tool has a vector or has none."""
    known = tuple(cosine for cosine in cosines if cosine is not None)
    return known if len(known) == len(cosines) else ()
