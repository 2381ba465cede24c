"""A request as the lanes read it: the whole and its clauses, in words and as texts to embed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mcp_toolweaver.core.query import IndexQuery, Probe, SearchRequest
from mcp_toolweaver.text.clauses import clauses
from mcp_toolweaver.text.gloss import gloss
from mcp_toolweaver.text.query_terms import query_terms

if TYPE_CHECKING:
    from mcp_toolweaver.core.query import Vector

CANDIDATES = 30
"""How many candidates each lane brings to the fusion, at least."""
_LONGEST = 4_000
"""Characters of a request that are read."""


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked, in English as far as it could be glossed."""

    texts: tuple[str, ...]
    """The whole question, then its clauses if it has several."""
    original: str | None
    """The question as it was asked, if it is not English: catalogs in its language know its words."""

    @classmethod
    def of(cls, request: SearchRequest) -> Question:
        """Read a request."""
        asked = request.text[:_LONGEST]
        english = gloss(asked)
        whole = asked if english is None else english
        return cls((whole, *clauses(whole)), None if english is None else asked)

    def to_index(
        self, request: SearchRequest, vectors: Sequence[Vector] = (), likely: tuple[str, ...] = ()
    ) -> IndexQuery:
        """Return the query for an index; ``vectors`` are those of the texts, or none, ``likely`` see `IndexQuery`."""
        probes = [Probe(query_terms(text), vectors[at] if vectors else None) for at, text in enumerate(self.texts)]
        if self.original is not None:
            probes.append(Probe(query_terms(self.original), is_whole=True))
        return IndexQuery(tuple(probes), max(CANDIDATES, request.limit), request.domain, likely)
