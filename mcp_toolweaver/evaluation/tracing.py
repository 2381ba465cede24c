"""How one question was answered: what each lane made of each tool, and where a certain tool ended up."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from mcp_toolweaver.core.interfaces import CatalogView, Searcher
from mcp_toolweaver.core.query import Hit, SearchRequest, SearchResult
from mcp_toolweaver.core.tools import Tool, ToolId
from mcp_toolweaver.evaluation.explain import Explainer
from mcp_toolweaver.evaluation.explanation import DEPTH, FUSED, MissedNeed
from mcp_toolweaver.evaluation.rounding import rounded
from mcp_toolweaver.evaluation.terms import query_words, synonym_terms, tool_terms
from mcp_toolweaver.text.clauses import clauses
from mcp_toolweaver.text.gloss import gloss


@dataclass(frozen=True, slots=True)
class Standing:
    """What a lane made of a tool."""

    rank: int | None
    """None where it is not among the first hundred."""
    score: float | None
    """0 to 1, of the lane's own scale; None where there is no rank."""


@dataclass(frozen=True, slots=True)
class Row:
    """A tool, and where each lane put it."""

    name: str
    """What it is called by."""
    server: str
    domain: str
    kind: str
    standings: Mapping[str, Standing]
    """By lane: ``fused``, ``words``, and ``meaning`` where there is a model."""
    holds: tuple[str, ...]
    """The words of the question that its text holds."""
    synonyms: tuple[str, ...]
    """Those that it is found by without holding them."""
    lacks: tuple[str, ...]
    """The others."""
    alternatives: tuple[str, ...] = ()
    """Near-duplicates that got no row of their own."""


@dataclass(frozen=True, slots=True)
class Trace:
    """How one question was answered."""

    question: str
    english: str | None
    """What it was read as, where it is in another language."""
    clauses: tuple[str, ...]
    """Its parts, where it has several."""
    words: tuple[str, ...]
    """Those of it that are searched for."""
    tools: int
    """How many tools were looked through."""
    confidence: str
    tier: str
    skipped: tuple[str, ...]
    nearest: tuple[str, ...]
    """The domains nearest to it."""
    rows: tuple[Row, ...]
    """What a model gets, best first."""
    wanted: Row | None = None
    """The tool that was asked about."""
    missed: MissedNeed | None = None
    """Why that is not among the rows; None if it is, or none was asked about."""

    def to_json(self) -> dict[str, Any]:
        """Return it as a JSON object."""
        made = asdict(replace(self, missed=None))
        del made["missed"]
        if self.missed is not None:
            made["why_not"] = self.missed.to_json()
        return made


async def trace(
    request: SearchRequest, arms: Mapping[str, Searcher], catalog: CatalogView, wanted: Tool | None = None
) -> Trace:
    """Search by each of the ``arms``, of which ``fused`` is the one that answers, and say what came of it.

    Raises:
        Unavailable: an arm cannot answer.
    """
    answer = await arms[FUSED].search(request)
    deep = {name: await arm.search(replace(request, limit=DEPTH)) for name, arm in arms.items()}
    english = gloss(request.text)
    words = query_words(english or request.text)
    hits = answer.hits if answer.confidence != "none" else ()
    return Trace(
        question=request.text,
        english=english,
        clauses=tuple(clauses(english or request.text)),
        words=tuple(words.values()),
        tools=len(catalog.snapshot),
        confidence=answer.confidence,
        tier=answer.tier,
        skipped=answer.skipped,
        nearest=answer.nearest,
        rows=tuple(_row(hit.tool, deep, words, hit) for hit in hits),
        wanted=None if wanted is None else _row(wanted, deep, words),
        missed=None if wanted is None else await _missed(request, arms, catalog, wanted, answer),
    )


def _row(tool: Tool, deep: Mapping[str, SearchResult], words: Mapping[str, str], hit: Hit | None = None) -> Row:
    held, meant = tool_terms(tool), synonym_terms(tool)
    return Row(
        name=tool.callable_name,
        server=tool.id.server,
        domain=tool.domain,
        kind=tool.kind,
        standings={name: _standing(result, tool.id) for name, result in deep.items()},
        holds=tuple(word for term, word in words.items() if term in held),
        synonyms=tuple(word for term, word in words.items() if term in meant),
        lacks=tuple(word for term, word in words.items() if term not in held | meant),
        alternatives=() if hit is None else tuple(other.callable_name for other in hit.alternatives),
    )


def _standing(result: SearchResult, tool: ToolId) -> Standing:
    for rank, hit in enumerate(result.hits, start=1):
        if hit.tool.id == tool and hit.score > 0:
            return Standing(rank, rounded(hit.score))
    return Standing(None, None)


async def _missed(
    request: SearchRequest, arms: Mapping[str, Searcher], catalog: CatalogView, wanted: Tool, answer: SearchResult
) -> MissedNeed | None:
    """Return why a tool is not in the answer; None if it is."""
    if answer.confidence != "none" and any(hit.tool.id == wanted.id for hit in answer.hits):
        return None
    missed = await Explainer(catalog, arms).missed(request, [(str(wanted.id),)])
    return missed[0] if missed else None
