"""Simple rankings to compare with, each a `Searcher` over the same tools.

They are what search over tools is commonly built from: words split at spaces and scored by
rank-bm25, all-MiniLM-L6-v2 alone, reciprocal rank fusion, and weighted min-max fusion.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rank_bm25 import BM25Okapi

from mcp_toolweaver.core.interfaces import Embedder
from mcp_toolweaver.core.query import Hit, SearchRequest, SearchResult
from mcp_toolweaver.core.tools import Tool
from mcp_toolweaver.text.tokenize import tokenize
from mcp_toolweaver.text.tool_text import passage, search_terms

CANDIDATES = 50
RANK_CONSTANT = 60
DENSE_SHARE = 0.6

Scores = NDArray[np.float64]


class Lanes:
    """The scores of each lane for every tool."""

    def __init__(self, tools: Sequence[Tool], vectors: NDArray[np.float32], embedder: Embedder) -> None:
        """Score ``tools``, whose vectors have shape ``(tools, dimension)``."""
        self.tools = tools
        self._vectors = vectors
        self._embedder = embedder
        self._spaces = BM25Okapi([passage(tool).lower().split() or [""] for tool in tools])
        self._words = BM25Okapi([search_terms(tool) or [""] for tool in tools])

    def spaces(self, text: str) -> Scores:
        """Score by words split at spaces."""
        return _bm25(self._spaces, text.lower().split())

    def words(self, text: str) -> Scores:
        """Score by stemmed words of all fields."""
        return _bm25(self._words, tokenize(text))

    async def meaning(self, text: str) -> Scores:
        """Score by the cosine of embeddings."""
        [vector] = await self._embedder.embed_queries([text])
        return np.asarray(self._vectors @ vector, dtype=np.float64)


class Baseline:
    """Ranks by a function from a lexical and a dense score for each tool to one score."""

    def __init__(self, lanes: Lanes, combine: Callable[[Scores, Scores], Scores], *, spaces: bool = False) -> None:
        self._lanes = lanes
        self._combine = combine
        self._spaces = spaces

    async def search(self, request: SearchRequest) -> SearchResult:
        """See `Searcher.search`."""
        words = self._lanes.spaces(request.text) if self._spaces else self._lanes.words(request.text)
        scores = self._combine(words, await self._lanes.meaning(request.text))
        best: list[int] = np.argsort(-scores, kind="stable")[: request.limit].tolist()
        hits = tuple(Hit(self._lanes.tools[at], float(scores[at])) for at in best)
        return SearchResult(hits=hits, confidence="low", tier="hybrid")


def baselines(lanes: Lanes) -> Mapping[str, Baseline]:
    """Return the rankings by name."""
    return {
        "rank-bm25, split at spaces": Baseline(lanes, lambda words, _meaning: words, spaces=True),
        "rank-bm25, our tokenizing": Baseline(lanes, lambda words, _meaning: words),
        "all-MiniLM-L6-v2": Baseline(lanes, lambda _words, meaning: meaning),
        f"RRF, k={RANK_CONSTANT}": Baseline(lanes, _reciprocal_ranks),
        f"min-max, {DENSE_SHARE} meaning": Baseline(lanes, _min_max),
    }


def _bm25(library: Any, terms: Sequence[str]) -> Scores:
    return np.asarray(library.get_scores(terms), dtype=np.float64)


def _reciprocal_ranks(words: Scores, meaning: Scores) -> Scores:
    """Fuse by ``1 / (k + rank)`` over the first 50 of each lane (Cormack, Clarke and Büttcher, SIGIR 2009)."""
    fused = np.zeros(len(words))
    for lane in (words, meaning):
        for rank, at in enumerate(np.argsort(-lane, kind="stable")[:CANDIDATES], start=1):
            if lane[at] > 0:
                fused[at] += 1 / (RANK_CONSTANT + rank)
    return fused


def _min_max(words: Scores, meaning: Scores) -> Scores:
    """Fuse scores stretched to 0..1 over the union of the first 50 of each lane."""
    first = [np.argsort(-lane, kind="stable")[:CANDIDATES] for lane in (words, meaning)]
    union = np.unique(np.concatenate(first))
    fused = np.full(len(words), -1.0)
    fused[union] = DENSE_SHARE * _stretched(meaning[union]) + (1 - DENSE_SHARE) * _stretched(words[union])
    return fused


def _stretched(scores: Scores) -> Scores:
    span = scores.max() - scores.min()
    return (scores - scores.min()) / span if span else np.zeros(len(scores))
