"""Questions and answers of a search, inside and out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias

from mcp_toolweaver.core.tools import Tool, ToolId

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Vector: TypeAlias = NDArray[np.float32]
    """An embedding: shape ``(dimension,)``, float32, L2-normalized."""

Confidence: TypeAlias = Literal["high", "low", "none"]
Tier: TypeAlias = Literal["hybrid", "lexical"]


@dataclass(frozen=True, slots=True)
class SearchRequest:
    """What the caller wants to find."""

    text: str
    limit: int = 5
    domain: str | None = None
    """Only tools of this domain or server, if given."""


@dataclass(frozen=True, slots=True)
class Hit:
    """A tool that was found, with its fused score; comparable within one result only."""

    tool: Tool
    score: float
    alternatives: tuple[Tool, ...] = ()
    """Near-duplicates of the tool on other servers, which got no hit of their own."""


@dataclass(frozen=True, slots=True)
class SearchResult:
    """The hits, best first, and how they came about."""

    hits: tuple[Hit, ...]
    confidence: Confidence
    tier: Tier
    skipped: tuple[str, ...] = ()
    """One sentence for each part that could not take part; empty for a full answer."""
    nearest: tuple[str, ...] = ()
    """The domains nearest to the question, best first: where to look if no hit fits."""
    similar: tuple[Tool, ...] = ()
    """Tools whose name is spelled almost like one in the question, where no tool has that name."""
    is_warming: bool = False
    """Whether some of what was skipped is on its way, so that the same question may soon be answered better."""


@dataclass(frozen=True, slots=True)
class Probe:
    """One reading of a question: the whole of it or a part, as words and perhaps as a vector."""

    terms: tuple[str, ...]
    vector: Vector | None = None
    is_whole: bool = False
    """Whether this is the whole question in other words, like the first probe, and no part of it."""


@dataclass(frozen=True, slots=True)
class Reach:
    """A part of the catalog that a question is about, and beyond which nothing is looked for."""

    servers: frozenset[str]
    """Servers all of whose tools are in it."""
    tools: frozenset[ToolId]
    """Tools of others."""

    def holds(self, tool: ToolId) -> bool:
        """Whether a tool is in it."""
        return tool.server in self.servers or tool in self.tools


@dataclass(frozen=True, slots=True)
class IndexQuery:
    """A question to an index: the whole of it first, then its parts."""

    probes: tuple[Probe, ...]
    limit: int
    domain: str | None = None
    """Only tools of this domain or server, in any case, if given."""
    likely: tuple[str, ...] = ()
    """Domains that the question seems to be about: the best of each are candidates too, whoever else is."""
    within: Reach | None = None
    """Only tools in this part of the catalog; None is all of it."""


@dataclass(frozen=True, slots=True)
class IndexEntry:
    """A tool as an index stores it; searchable by words alone while it has no vector."""

    tool: Tool
    vector: Vector | None = None


class Match(NamedTuple):  # a search makes dozens, and a dataclass takes three times as long
    """A candidate of an index with its scores for every probe, whichever probe and lane brought it."""

    id: ToolId
    lexical: tuple[float, ...]
    """The BM25F score for each probe; 0 where the tool holds none of its words."""
    dense: tuple[float, ...]
    """The cosine for each probe that has a vector, in their order; empty for a tool without a vector."""
    coverage: float
    """Share of the whole question's terms, weighted by their rarity, that the tool's text holds; 0 to 1.

    Of several probes for the whole question, the one that the tool covers best.
    """


@dataclass(frozen=True, slots=True)
class Candidates:
    """What an index found, in no order."""

    matches: tuple[Match, ...] = ()
    crowd: float | None = None
    """The mean cosine of the first probe with the tools that come next after the best; None if there are too few.

    Those of rank 51 to 150, or from the middle on in a smaller catalog: what any question meets here.
    """
    skipped: tuple[str, ...] = ()
    """One sentence for each store that should have answered and could not; empty for a full answer."""
