"""An exact index in the memory of the process: no service, no disk, no approximation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mcp_toolweaver.core.query import IndexEntry, IndexQuery, Match
from mcp_toolweaver.core.threads import run_in_thread
from mcp_toolweaver.core.tools import ToolId
from mcp_toolweaver.index.bm25 import Bm25
from mcp_toolweaver.text.tool_text import search_terms


class MemoryIndex:
    """A `ToolIndex` of a cosine matrix and BM25 postings, replaced as a whole on every change."""

    def __init__(self) -> None:
        """Start empty."""
        self._entries: dict[ToolId, IndexEntry] = {}
        self._terms: dict[str, list[str]] = {}
        self._state = _State.build({}, {})

    async def query(self, query: IndexQuery) -> Sequence[Match]:
        """See `ToolIndex.query`; it cannot fail."""
        return self._state.match(query)

    async def unembedded(self) -> int:
        """See `ToolIndex.unembedded`."""
        return int(np.count_nonzero(~self._state.has_vector))

    async def digests(self) -> Mapping[ToolId, str]:
        """See `ToolIndex.digests`."""
        return {id_: entry.tool.digest for id_, entry in self._entries.items()}

    async def apply(self, upserts: Sequence[IndexEntry], deletes: Sequence[ToolId]) -> None:
        """See `ToolIndex.apply`; the new state is built in a thread while the old one answers."""
        entries = {id_: entry for id_, entry in self._entries.items() if id_ not in set(deletes)}
        entries.update({entry.tool.id: entry for entry in upserts})
        terms, state = await run_in_thread(_build, entries, self._terms)
        self._entries, self._terms, self._state = entries, terms, state


def _build(entries: Mapping[ToolId, IndexEntry], known: Mapping[str, list[str]]) -> tuple[dict[str, list[str]], _State]:
    """Return the terms of each tool by digest, tokenizing only what is new, and the state over them."""
    terms: dict[str, list[str]] = {}
    for entry in entries.values():
        digest = entry.tool.digest
        terms[digest] = known.get(digest) or search_terms(entry.tool)
    return terms, _State.build(entries, terms)


@dataclass(frozen=True, slots=True)
class _State:
    """Everything that a query reads, built once and never changed. Row i is tool i."""

    ids: list[ToolId]
    domains: NDArray[np.str_]
    servers: NDArray[np.str_]
    lexical: Bm25
    vectors: NDArray[np.float32]
    """Shape ``(tools, dimension)``; a tool without a vector has a row of zeros."""
    has_vector: NDArray[np.bool_]

    @classmethod
    def build(cls, entries: Mapping[ToolId, IndexEntry], terms: Mapping[str, list[str]]) -> _State:
        tools = [entry.tool for entry in entries.values()]
        vectors = [entry.vector for entry in entries.values()]
        return cls(
            ids=[tool.id for tool in tools],
            domains=np.asarray([tool.domain.casefold() for tool in tools], dtype=np.str_),
            servers=np.asarray([tool.id.server.casefold() for tool in tools], dtype=np.str_),
            lexical=Bm25([terms[tool.digest] for tool in tools]),
            vectors=_matrix(vectors),
            has_vector=np.asarray([vector is not None for vector in vectors], dtype=np.bool_),
        )

    def match(self, query: IndexQuery) -> list[Match]:
        allowed = self._allowed(query.domain)
        lexical = np.where(allowed, self.lexical.scores(query.terms), np.float32(0))
        chosen = [_best(lexical, query.limit, floor=0.0)]
        dense = None
        if query.vector is not None and self.vectors.shape[1] == query.vector.shape[0]:
            dense = np.where(allowed & self.has_vector, self.vectors @ query.vector, np.float32(-1))
            chosen.append(_best(dense, query.limit, floor=-1.0))
        rows = np.unique(np.concatenate(chosen))
        return self._matches(rows, lexical, dense, self.lexical.coverage(query.terms, rows))

    def _allowed(self, domain: str | None) -> NDArray[np.bool_]:
        if domain is None:
            return np.ones(len(self.ids), dtype=np.bool_)
        wanted = domain.casefold()
        return np.asarray((self.domains == wanted) | (self.servers == wanted), dtype=np.bool_)

    def _matches(
        self,
        rows: NDArray[np.intp],
        lexical: NDArray[np.float32],
        dense: NDArray[np.float32] | None,
        coverage: NDArray[np.float32],
    ) -> list[Match]:
        matches: list[Match] = []
        for position, row in enumerate(map(int, rows)):
            has_dense = dense is not None and bool(self.has_vector[row])
            matches.append(
                Match(
                    id=self.ids[row],
                    lexical=float(lexical[row]) or None,
                    dense=float(dense[row]) if has_dense and dense is not None else None,
                    coverage=float(coverage[position]),
                )
            )
        return matches


def _matrix(vectors: Sequence[NDArray[np.float32] | None]) -> NDArray[np.float32]:
    dimension = next((vector.shape[0] for vector in vectors if vector is not None), 0)
    matrix = np.zeros((len(vectors), dimension), dtype=np.float32)
    for row, vector in enumerate(vectors):
        if vector is not None:
            matrix[row] = vector
    return matrix


def _best(scores: NDArray[np.float32], limit: int, *, floor: float) -> NDArray[np.intp]:
    """Return the rows of the ``limit`` highest scores above ``floor``, unordered; ties by lower row."""
    if limit <= 0:
        return np.empty(0, dtype=np.intp)
    if limit < len(scores):
        cut = np.partition(scores, -limit)[-limit]
        rows = np.flatnonzero(scores > cut)
        ties = np.flatnonzero(scores == cut)[: limit - len(rows)]
        rows = np.concatenate([rows, ties])
    else:
        rows = np.arange(len(scores))
    return rows[scores[rows] > floor]
