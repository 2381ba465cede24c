"""The tools, vectors and questions that an index is measured with.

The tools are those of a catalog, repeated with other names of servers and tools until there are
enough. Their vectors are drawn, so that they lie like those of all-MiniLM-L6-v2 over real tools: the
mean cosine is 0.09 between servers and 0.45 on one, ten directions hold a third of the variance and
a hundred nearly nine tenths. Repetitions of a tool are alike by 0.8. A question's vector is alike by
0.6 to a tool that serves it.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import count, islice
from pathlib import Path

import anyio
import numpy as np
from numpy.typing import NDArray

from mcp_toolweaver.cli.eval_options import configuration_of
from mcp_toolweaver.cli.running import running
from mcp_toolweaver.core.query import IndexEntry, IndexQuery, Probe, SearchRequest
from mcp_toolweaver.core.tools import Snapshot, Tool
from mcp_toolweaver.evaluation import LabelledQuery, read_labelled
from mcp_toolweaver.text.query_terms import query_terms

DIMENSION = 384
ONE, THREE, DOMAIN, SERVER = "one probe", "three probes", "by domain", "by server"
KINDS = (ONE, THREE, DOMAIN, SERVER)
"""What is asked: a whole question, one with two parts, and one within a domain or a server."""

_CANDIDATES = 30
_COMMON, _SERVER, _TOOL = 0.09, 0.36, 0.35  # shares of the squared length; the rest is a copy's own
_LIKENESS = 0.6
_SYLLABLES = ("ba", "ce", "di", "fo", "gu", "ka", "le", "mi", "no", "pu", "ra", "se", "ti", "vo", "zu")

Matrix = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Asked:
    """A question, as a search has it and as an index has it."""

    request: SearchRequest
    query: IndexQuery


@dataclass(slots=True)
class Workload:
    """What an index is filled with, and what it is asked."""

    snapshot: Snapshot
    vectors: Matrix
    """Row i is that of tool i of the snapshot."""
    questions: Mapping[str, Sequence[Asked]]
    """By kind."""

    def entries(self) -> list[IndexEntry]:
        """Return the tools with their vectors."""
        return list(map(IndexEntry, self.snapshot.tools.values(), self.vectors))

    def forget_vectors(self) -> None:
        """Let go of the vectors, as a program does once they are indexed."""
        self.vectors = self.vectors[:0].copy()


def workload(catalog: Path, queries: Path, size: int) -> Workload:
    """Return so many tools and the questions about them, the same ones in every run."""
    chance = np.random.default_rng(0)
    tools = list(_repeated(list(snapshot_of(catalog).tools.values()), size))
    snapshot = Snapshot.of(tool for tool, _original in tools)
    _ = snapshot.generation  # the catalog knows the digests before an index is asked
    turned = _turned(chance)
    vectors = _drawn([original for _tool, original in tools], turned, chance)
    asked, served = _served(read_labelled(queries), snapshot, chance)
    noise = _directions(len(served), turned, chance)
    near = _normalized(_LIKENESS * vectors[served] + (1 - _LIKENESS**2) ** 0.5 * noise)
    return Workload(snapshot, vectors, _questions(asked, near, [list(snapshot.tools.values())[row] for row in served]))


def snapshot_of(catalog: Path) -> Snapshot:
    """Read the tools of a file or folder, as ``toolweaver eval`` does."""
    return anyio.run(_read, catalog)


async def _read(catalog: Path) -> Snapshot:
    async with running(configuration_of(catalog), index=False, meaning=False) as app:
        return await app.catalog.refresh()


def _repeated(tools: Sequence[Tool], size: int) -> Iterator[tuple[Tool, Tool]]:
    """Yield so many tools, each with the one that it is a copy of; the first copies are the tools themselves."""
    chosen = random.Random(0).sample(tools, min(size, len(tools)))  # noqa: S311  a draw, no secret
    copies = ((_copied(tool, copy) if copy else tool, tool) for copy in count() for tool in chosen)
    return islice(copies, size)


def _copied(tool: Tool, copy: int) -> Tool:
    """Return the tool as another server of its domain would list it."""
    word = "".join(_SYLLABLES[copy // base % len(_SYLLABLES)] for base in (1, 15, 225)) + "to"
    raw = {**tool.definition, "name": f"{tool.id.name}_{word}", "description": f"{tool.description} By {word}."}
    server, about = f"{word}{tool.id.server}", tool.server_description
    return Tool.from_definition(server, raw, domain=tool.domain, server_description=about)


def _drawn(originals: Sequence[Tool], turned: Matrix, chance: np.random.Generator) -> Matrix:
    """Return a vector for a copy of each tool."""
    drawn = (1 - _COMMON - _SERVER - _TOOL) ** 0.5 * _directions(len(originals), turned, chance)
    drawn += _COMMON**0.5 * _directions(1, turned, chance)
    for share, keys in (
        (_SERVER, [tool.id.server for tool in originals]),
        (_TOOL, [str(tool.id) for tool in originals]),
    ):
        names, rows = np.unique(keys, return_inverse=True)
        drawn += share**0.5 * _directions(len(names), turned, chance)[rows]
    return _normalized(drawn)


def _turned(chance: np.random.Generator) -> Matrix:
    """Return what gives drawn vectors the spread of real ones: variances like ``(i + 45) ** -2.5``, turned about."""
    spread = np.arange(45, 45 + DIMENSION) ** -1.25
    axes = np.linalg.qr(chance.normal(size=(DIMENSION, DIMENSION)))[0]
    return np.asarray(spread[:, None] * axes, dtype=np.float32)


def _directions(number: int, turned: Matrix, chance: np.random.Generator) -> Matrix:
    return _normalized(chance.standard_normal((number, DIMENSION), dtype=np.float32) @ turned)


def _normalized(vectors: Matrix) -> Matrix:
    return np.asarray(vectors / np.linalg.norm(vectors, axis=-1, keepdims=True), dtype=np.float32)


def _served(
    labelled: Sequence[LabelledQuery], snapshot: Snapshot, chance: np.random.Generator
) -> tuple[list[str], list[int]]:
    """Return the texts of the queries, and the row of a tool for each."""
    rows = {str(tool_id): row for row, tool_id in enumerate(snapshot.tools)}
    return [query.text for query in labelled], [_serving(query, rows, chance) for query in labelled]


def _questions(texts: Sequence[str], near: Matrix, served: Sequence[Tool]) -> Mapping[str, Sequence[Asked]]:
    asked = {kind: list[Asked]() for kind in KINDS}
    for at, (text, tool) in enumerate(zip(texts, served, strict=True)):
        whole, other = Probe(query_terms(text), near[at]), Probe(query_terms(texts[at - 1]), near[at - 1])
        both = f"{text}. {texts[at - 1]}"
        asked[ONE].append(_asked(text, whole))
        asked[THREE].append(_asked(both, Probe(query_terms(both), _normalized(near[at] + near[at - 1])), whole, other))
        asked[DOMAIN].append(_asked(text, whole, domain=tool.domain))
        asked[SERVER].append(_asked(text, whole, domain=tool.id.server))
    return asked


def _serving(query: LabelledQuery, rows: Mapping[str, int], chance: np.random.Generator) -> int:
    """Return the row of a tool that serves the query, or of any if none does."""
    known = [rows[name] for need in query.needs for name in need if name in rows]
    return known[0] if known else int(chance.integers(len(rows)))


def _asked(text: str, *probes: Probe, domain: str | None = None) -> Asked:
    return Asked(SearchRequest(text, limit=10, domain=domain), IndexQuery(probes, _CANDIDATES, domain))
