"""An exact index in the memory of the process: no service, no disk, no approximation."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from mcp_toolweaver.core.query import Candidates, IndexEntry, IndexQuery, Match, Probe, Reach
from mcp_toolweaver.core.threads import run_in_thread
from mcp_toolweaver.core.tools import Tool, ToolId
from mcp_toolweaver.index.bm25 import Bm25F
from mcp_toolweaver.index.depth import CROWD_END, crowd_of, part_limit
from mcp_toolweaver.text.tool_text import FIELD_LENGTHS, FIELD_WEIGHTS, field_terms

_MOST_PARTS = 16
"""Parts of the catalog that are remembered."""

_Terms: TypeAlias = Mapping[str, Sequence[str]]


class MemoryIndex:
    """A `ToolIndex` of a cosine matrix and BM25 postings, replaced as a whole on every change."""

    def __init__(self) -> None:
        """Start empty."""
        self._entries: dict[ToolId, IndexEntry] = {}
        self._terms: dict[str, _Terms] = {}
        self._state = _State.build({}, {})

    async def query(self, query: IndexQuery) -> Candidates:
        """See `ToolIndex.query`; it cannot fail."""
        return self._state.match(query)

    async def unembedded(self) -> int:
        """See `ToolIndex.unembedded`."""
        return int(np.count_nonzero(~self._state.has_vector))

    async def without_vector(self) -> Collection[ToolId]:
        """See `ToolIndex.without_vector`."""
        return [id_ for id_, entry in self._entries.items() if entry.vector is None]

    async def digests(self) -> Mapping[ToolId, str]:
        """See `ToolIndex.digests`."""
        return {id_: entry.tool.digest for id_, entry in self._entries.items()}

    async def apply(self, upserts: Sequence[IndexEntry], deletes: Sequence[ToolId]) -> None:
        """See `ToolIndex.apply`; the new state is built in a thread while the old one answers."""
        gone = set(deletes)
        entries = {id_: entry for id_, entry in self._entries.items() if id_ not in gone}
        entries.update({entry.tool.id: _with_vector(entry, self._entries.get(entry.tool.id)) for entry in upserts})
        terms, state = await run_in_thread(_build, entries, self._terms)
        self._entries, self._terms, self._state = entries, terms, state


def _with_vector(entry: IndexEntry, before: IndexEntry | None) -> IndexEntry:
    """Return the entry, with the vector that the same tool had if it brings none."""
    is_same = before is not None and before.tool.digest == entry.tool.digest
    return before if before is not None and is_same and entry.vector is None else entry


def _build(entries: Mapping[ToolId, IndexEntry], known: Mapping[str, _Terms]) -> tuple[dict[str, _Terms], _State]:
    """Return the terms of each tool by digest, tokenizing only what is new, and the state over them."""
    terms: dict[str, _Terms] = {}
    for entry in entries.values():
        digest = entry.tool.digest
        terms[digest] = known.get(digest) or field_terms(entry.tool)
    return terms, _State.build(entries, terms)


@dataclass(frozen=True, slots=True)
class _State:
    """Everything that a query reads, built once and, but for what is remembered, never changed. Row i is tool i."""

    ids: list[ToolId]
    groups: Mapping[str, NDArray[np.intp]]
    """The rows of each domain and of each server, by its casefolded name."""
    lexical: Bm25F
    vectors: NDArray[np.float32]
    """Shape ``(dimension, tools)``; a tool without a vector has a column of zeros."""
    has_vector: NDArray[np.bool_]
    parts: dict[Reach, NDArray[np.bool_]] = field(default_factory=dict[Reach, "NDArray[np.bool_]"])
    """Which rows are in a part of the catalog, for those that were asked for."""

    @classmethod
    def build(cls, entries: Mapping[ToolId, IndexEntry], terms: Mapping[str, _Terms]) -> _State:
        tools = [entry.tool for entry in entries.values()]
        vectors = [entry.vector for entry in entries.values()]
        return cls(
            ids=[tool.id for tool in tools],
            groups=_groups(tools),
            lexical=Bm25F([terms[tool.digest] for tool in tools], FIELD_WEIGHTS, FIELD_LENGTHS),
            vectors=_matrix(vectors),
            has_vector=np.asarray([vector is not None for vector in vectors], dtype=np.bool_),
        )

    def match(self, query: IndexQuery) -> Candidates:
        if not query.probes:
            return Candidates()
        allowed = self._allowed(query.domain)
        inside = None if query.within is None else self._inside(query.within)
        if inside is not None:
            allowed &= inside
        lexical = np.stack([self.lexical.scores(probe.terms, inside) for probe in query.probes]) * allowed
        dense = self._cosines(query.probes, allowed)
        part = part_limit(query.limit)
        chosen = [
            _best(scores, query.limit if at == 0 else part, floor=floor)
            for lane, floor in ((lexical, 0.0), (dense, -1.0))
            for at, scores in enumerate(lane)
        ]
        chosen += self._of_likely(query, part, lexical[:1], dense[:1])
        rows = np.unique(np.concatenate(chosen))
        matches = self._matches(rows, lexical, dense, self._coverage(query.probes, rows, inside))
        return Candidates(tuple(matches), _crowd(dense[0]) if len(dense) else None)

    def _of_likely(
        self, query: IndexQuery, limit: int, lexical: NDArray[np.float32], dense: NDArray[np.float32]
    ) -> list[NDArray[np.intp]]:
        """Return the rows that are the best of each likely domain for the first probe, by either lane."""
        likely = query.likely if query.domain is None else ()
        return [
            rows[_best(scores[rows], limit, floor=floor)]
            for rows in map(self._rows, likely)
            for lane, floor in ((lexical, 0.0), (dense, -1.0))
            for scores in lane
        ]

    def _coverage(
        self, probes: Sequence[Probe], rows: NDArray[np.intp], inside: NDArray[np.bool_] | None
    ) -> NDArray[np.float32]:
        wholes = [probe for at, probe in enumerate(probes) if at == 0 or probe.is_whole]
        return np.asarray(np.max([self.lexical.coverage(probe.terms, rows, inside) for probe in wholes], axis=0))

    def _cosines(self, probes: Sequence[Probe], allowed: NDArray[np.bool_]) -> NDArray[np.float32]:
        """Return the cosine of each probe that has a vector with each tool, -1 where there is none to compare."""
        vectors = [probe.vector for probe in probes if probe.vector is not None]
        if not vectors or self.vectors.shape[0] != vectors[0].shape[0]:
            return np.empty((0, len(self.ids)), dtype=np.float32)
        return np.where(allowed & self.has_vector, np.stack(vectors) @ self.vectors, np.float32(-1))

    def _allowed(self, domain: str | None) -> NDArray[np.bool_]:
        if domain is None:
            return np.ones(len(self.ids), dtype=np.bool_)
        allowed = np.zeros(len(self.ids), dtype=np.bool_)
        allowed[self._rows(domain)] = True
        return allowed

    def _inside(self, reach: Reach) -> NDArray[np.bool_]:
        """Return which rows are in a part of the catalog; the last parts that were asked for are remembered."""
        inside = self.parts.get(reach)
        if inside is None:
            if len(self.parts) >= _MOST_PARTS:
                self.parts.pop(next(iter(self.parts)))
            inside = self.parts[reach] = np.fromiter(map(reach.holds, self.ids), np.bool_, len(self.ids))
        return inside

    def _rows(self, domain: str) -> NDArray[np.intp]:
        return self.groups.get(domain.casefold(), np.empty(0, dtype=np.intp))

    def _matches(
        self,
        rows: NDArray[np.intp],
        lexical: NDArray[np.float32],
        dense: NDArray[np.float32],
        coverage: NDArray[np.float32],
    ) -> list[Match]:
        places: list[int] = rows.tolist()
        words: list[list[float]] = lexical[:, rows].T.tolist()
        cosines: list[list[float]] = dense[:, rows].T.tolist()
        has_vector: list[bool] = self.has_vector[rows].tolist()
        shares: list[float] = coverage.tolist()
        return [
            Match(self.ids[row], tuple(by_words), tuple(by_meaning) if is_comparable else (), share)
            for row, by_words, by_meaning, is_comparable, share in zip(
                places, words, cosines, has_vector, shares, strict=True
            )
        ]


def _groups(tools: Sequence[Tool]) -> dict[str, NDArray[np.intp]]:
    rows: defaultdict[str, list[int]] = defaultdict(list)
    for row, tool in enumerate(tools):
        for name in {tool.domain.casefold(), tool.id.server.casefold()}:
            rows[name].append(row)
    return {name: np.asarray(each, dtype=np.intp) for name, each in rows.items()}


def _crowd(cosines: NDArray[np.float32]) -> float | None:
    """Return the mean of what comes after the best cosines; see `Candidates.crowd`."""
    known = cosines[cosines > -1]
    best = np.partition(known, len(known) - CROWD_END)[-CROWD_END:] if len(known) > CROWD_END else known
    return crowd_of(np.sort(best)[::-1].tolist())


def _matrix(vectors: Sequence[NDArray[np.float32] | None]) -> NDArray[np.float32]:
    dimension = next((vector.shape[0] for vector in vectors if vector is not None), 0)
    nothing = np.zeros(dimension, dtype=np.float32)
    rows = [nothing if vector is None else vector for vector in vectors]
    return np.ascontiguousarray(np.stack(rows).T) if rows else np.zeros((dimension, 0), dtype=np.float32)


def _best(scores: NDArray[np.float32], limit: int, *, floor: float) -> NDArray[np.intp]:
    """Return the rows of the ``limit`` highest scores above ``floor``, unordered; ties by lower row."""
    rows = np.flatnonzero(scores > floor)  # first, because most scores by words are 0, and equal ones are slow to part
    if limit >= len(rows):
        return rows
    if limit <= 0:
        return rows[:0]
    found = scores[rows]
    cut = np.partition(found, -limit)[-limit]
    better = np.flatnonzero(found > cut)
    ties = np.flatnonzero(found == cut)[: limit - len(better)]
    return np.asarray(rows[np.concatenate([better, ties])], dtype=np.intp)
