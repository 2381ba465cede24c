"""The words of tools and of questions as sparse vectors, alike for every engine.

A dimension is the CRC-32 of a term. A tool's value is the BM25F saturation of the term in it; a
question's is how rare the term is, times how often it is said. Their dot product is the BM25F score.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from mcp_toolweaver.core.tools import Tool
from mcp_toolweaver.index.bm25 import Saturations, emphasis, rarity
from mcp_toolweaver.index.engine import Sparse
from mcp_toolweaver.text.tool_text import FIELD_LENGTHS, FIELD_WEIGHTS, field_terms

if TYPE_CHECKING:
    from mcp_toolweaver.index.view import View


def dimension(term: str) -> int:
    """Return the dimension of a term."""
    return crc32(term.encode(errors="replace"))


def words_of(tools: Sequence[Tool]) -> list[Sparse]:
    """Return the vector of each tool, in their order."""
    pairs = Saturations.of([field_terms(tool) for tool in tools], FIELD_WEIGHTS, FIELD_LENGTHS)
    dimensions = np.asarray([dimension(term) for term in pairs.terms], dtype=np.uint32)[pairs.numbers]
    order = np.lexsort((dimensions, pairs.rows))
    ends = np.searchsorted(pairs.rows[order], np.arange(len(tools) + 1))
    return [
        _summed(dimensions[order[start:end]], pairs.values[order[start:end]])
        for start, end in zip(ends[:-1].tolist(), ends[1:].tolist(), strict=True)
    ]


def _summed(dimensions: NDArray[np.uint32], values: NDArray[np.float64]) -> Sparse:
    """Return a sparse vector; two terms of one dimension, which is rare, count together."""
    if len(dimensions) > 1 and (dimensions[1:] == dimensions[:-1]).any():
        dimensions, inverse = np.unique(dimensions, return_inverse=True)
        values = np.bincount(inverse, weights=values).astype(np.float64)
    return Sparse(dimensions.tolist(), values.astype(np.float32).tolist())


@dataclass(frozen=True, slots=True)
class AskedWords:
    """The words of one reading of a question. All arrays have shape ``(terms,)``."""

    dimensions: NDArray[np.uint32]
    """Ascending."""
    rarities: NDArray[np.float32]
    weights: NDArray[np.float32]
    """How rare each term is, times how often it is said."""
    is_known: NDArray[np.bool_]
    """Whether any tool holds the term."""

    @classmethod
    def of(cls, terms: Sequence[str], view: View) -> AskedWords:
        """Weigh the terms by the tools of a view."""
        times = Counter(dimension(term) for term in terms)
        dimensions = np.asarray(sorted(times), dtype=np.uint32)
        holders = view.holders_of(dimensions)
        rarities = [rarity(count, len(view)) for count in holders.tolist()]
        weights = [rare * emphasis(times[asked]) for asked, rare in zip(dimensions.tolist(), rarities, strict=True)]
        return cls(dimensions, np.asarray(rarities, np.float32), np.asarray(weights, np.float32), holders > 0)

    @property
    def known(self) -> Sparse:
        """The vector that is asked for: only the terms that some tool holds."""
        return Sparse(self.dimensions[self.is_known].tolist(), self.weights[self.is_known].tolist())
