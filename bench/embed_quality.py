"""What 8 bits cost: search on labelled sets with questions and tools embedded in 8 bits or in full."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from bench.embed_figures import Rows, Tables, Value
from bench.embed_models import Ready, open_embedder
from bench.search_step import FixedCatalog
from mcp_toolweaver.config import Settings
from mcp_toolweaver.core.interfaces import Embedder
from mcp_toolweaver.core.query import IndexEntry
from mcp_toolweaver.core.tools import Snapshot
from mcp_toolweaver.embeddings import manifest
from mcp_toolweaver.evaluation import LabelledQuery, evaluate, read_labelled
from mcp_toolweaver.index.memory import MemoryIndex
from mcp_toolweaver.search.hybrid import HybridSearcher
from mcp_toolweaver.search.names import CurrentNames
from mcp_toolweaver.text.tool_text import passage

if TYPE_CHECKING:
    from mcp_toolweaver.core.query import Vector

METRIC = "nDCG@10"
FULL, AUTO, SMALL = "fp32, tools fp32", "int8, tools fp32", "int8, tools int8"
_RESAMPLES = 2_000
_MIDDLE = (2.5, 97.5)

Scores = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class LabelledSet:
    """Tools, and questions about them."""

    name: str
    snapshot: Snapshot
    queries: Path


class Known:
    """An `Embedder` of questions, which keeps their vectors, since every arm asks the same ones."""

    def __init__(self, inner: Embedder) -> None:
        self.space = inner.space
        self.query_space = inner.query_space
        self.embed_documents = inner.embed_documents
        self._inner = inner
        self._known: dict[str, Vector] = {}

    async def embed_queries(self, texts: Sequence[str]) -> Sequence[Vector]:
        """See `Embedder.embed_queries`."""
        new = [text for text in dict.fromkeys(texts) if text not in self._known]
        self._known |= zip(new, await self._inner.embed_queries(new), strict=True)
        return [self._known[text] for text in texts]


async def compared(settings: Settings, ready: Ready, sets: Sequence[LabelledSet]) -> Tables:
    """Return quality by set and arm, what an arm loses, and how alike the vectors are."""
    full = Known(await open_embedder(settings, precision="fp32", device="cpu"))
    small = Known(await open_embedder(settings, precision="int8", device="cpu"))
    scores: dict[str, dict[str, Scores]] = {}
    alike: dict[str, dict[str, Value]] = {}
    for each in sets:
        texts = [passage(tool) for tool in each.snapshot.tools.values()]
        in_full, in_small = await full.embed_documents(texts), await small.embed_documents(texts)
        alike[each.name] = {**_alike(in_full, in_small), **_pieces(ready, texts)}
        arms = {FULL: (full, in_full), AUTO: (small, in_full), SMALL: (small, in_small)}
        labelled = [query for query in read_labelled(each.queries) if query.needs]
        scores[each.name] = {arm: await _scored(each.snapshot, labelled, *parts) for arm, parts in arms.items()}
    return {
        f"{METRIC} in percent, by what embeds questions and tools": _quality(scores),
        "difference to fp32, points of nDCG@10 [95 % of resamples of the questions of each set]": _lost(scores),
        "cosine between int8 and fp32, and word pieces of a tool's text": alike,
    }


async def _scored(
    snapshot: Snapshot, labelled: Sequence[LabelledQuery], embedder: Embedder, vectors: Sequence[Vector]
) -> Scores:
    catalog, index = FixedCatalog(snapshot), MemoryIndex()
    await index.apply(list(map(IndexEntry, snapshot.tools.values(), vectors)), [])
    searcher = HybridSearcher(catalog, index, embedder, CurrentNames(catalog))
    report = await evaluate(searcher, labelled)
    return np.array([100 * outcome.scores[METRIC] for outcome in report.outcomes])


def _quality(scores: Mapping[str, Mapping[str, Scores]]) -> Rows:
    return {
        arm: {name: float(found[arm].mean()) for name, found in scores.items()}
        | {"mean": fmean(float(found[arm].mean()) for found in scores.values())}
        for arm in (FULL, AUTO, SMALL)
    }


def _lost(scores: Mapping[str, Mapping[str, Scores]]) -> Rows:
    rows: dict[str, dict[str, Value]] = {}
    for arm in (AUTO, SMALL):
        differences = {name: found[arm] - found[FULL] for name, found in scores.items()}
        rows[arm] = {name: _interval([values]) for name, values in differences.items()}
        rows[arm]["mean"] = _interval(list(differences.values()))
    return rows


def _interval(differences: Sequence[Scores]) -> str:
    """Return the mean over sets of the mean over questions, and where chance may put it."""
    chance = np.random.default_rng(0)
    drawn = [
        values[chance.integers(len(values), size=(_RESAMPLES, len(values)))].mean(axis=1) for values in differences
    ]
    low, high = np.percentile(np.mean(drawn, axis=0), _MIDDLE)
    mean = fmean(float(values.mean()) for values in differences)
    return f"{mean:+.2f} [{low:+.2f}, {high:+.2f}]"


def _alike(one: Sequence[Vector], other: Sequence[Vector]) -> dict[str, Value]:
    cosines = [float(left @ right) for left, right in zip(one, other, strict=True)]
    return {"least cosine": f"{min(cosines):.4f}", "mean cosine": f"{fmean(cosines):.4f}"}


def _pieces(ready: Ready, texts: Sequence[str]) -> dict[str, Value]:
    tokenizer = Tokenizer.from_file(str(ready.folder / manifest.TOKENIZER))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    lengths = np.array([len(tokenizer.encode(text).ids) for text in texts])
    p50, p95 = np.percentile(lengths, (50, 95))
    longer = float((lengths > ready.recipe.max_length).mean())
    seen = f"% longer than {ready.recipe.max_length}"
    return {
        "tools": len(texts),
        "pieces p50": float(p50),
        "p95": float(p95),
        "most": float(lengths.max()),
        seen: 100 * longer,
    }
