"""From an index's candidates to the answer: fuse the lanes, put what is named first, judge, spread."""

from __future__ import annotations

from collections.abc import Sequence

from mcp_toolweaver.core.query import Candidates, Hit, Match, SearchRequest, SearchResult, Tier
from mcp_toolweaver.core.tools import Snapshot, Tool
from mcp_toolweaver.search.confidence import Evidence, judge
from mcp_toolweaver.search.diversity import spread
from mcp_toolweaver.search.fusion import Lane, fuse, with_company
from mcp_toolweaver.search.names import Named

_MOST_DOMAINS = 3
_SPARE = 4
_LEAST_SPREAD = 20
"""How many candidates the rows are chosen from: four times as many as are shown, and at least twenty."""
_FARTHEST = -1.0
"""The cosine that a candidate without a vector counts with."""


def rank(
    candidates: Candidates,
    snapshot: Snapshot,
    request: SearchRequest,
    named: Named,
    *,
    share: float,
    tier: Tier,
    skipped: tuple[str, ...] = (),
) -> SearchResult:
    """Return the answer to a request; what left the catalog is dropped.

    ``share`` is that of meaning. Tools that the request names come first, in the order in which
    it names them, whatever the lanes say.
    """
    present = Candidates(tuple(match for match in candidates.matches if match.id in snapshot.tools), candidates.crowd)
    found = _scored(present.matches, snapshot, share, most=max(_LEAST_SPREAD, _SPARE * request.limit))
    first = [tool for tool in _present(named.tools, snapshot) if _is_inside(tool, request.domain)]
    confidence = "high" if first else judge(Evidence.of(present, _lead(found)))
    hits = _led_by(first, found) if confidence != "none" else []
    servers = named.servers | {tool.id.server for tool in first}
    return SearchResult(
        hits=spread(hits, request.limit, named_servers=servers),
        confidence=confidence,
        tier=tier,
        skipped=skipped,
        nearest=_domains(found),
        similar=_present(named.similar, snapshot),
    )


def _lead(found: Sequence[Hit]) -> float:
    """Return how far the first of the candidates lies before the second."""
    first, second = [*(hit.score for hit in found[:2]), 0.0, 0.0][:2]
    return first - second


def _scored(matches: Sequence[Match], snapshot: Snapshot, share: float, *, most: int) -> list[Hit]:
    """Return the best candidates, best first; ties are settled by the identity."""
    words = _lanes([match.lexical for match in matches], missing=0.0)
    meaning = _lanes([match.dense for match in matches], missing=_FARTHEST)
    scores = fuse(words, meaning, share)
    raised = with_company(scores, [match.id.server for match in matches])
    ranked = sorted(zip(raised, (match.id for match in matches), strict=True), key=lambda pair: (-pair[0], pair[1]))
    return [Hit(snapshot.tools[id_], score) for score, id_ in ranked[:most]]


def _lanes(scores: Sequence[Lane], *, missing: float) -> list[Lane]:
    """Turn the scores of each candidate into lanes."""
    width = max(map(len, scores), default=0)
    return [[row[at] if at < len(row) else missing for row in scores] for at in range(width)]


def _present(tools: Sequence[Tool], snapshot: Snapshot) -> tuple[Tool, ...]:
    """Return the tools as the snapshot has them, without those that left it."""
    return tuple(snapshot.tools[tool.id] for tool in tools if tool.id in snapshot.tools)


def _led_by(first: Sequence[Tool], found: list[Hit]) -> list[Hit]:
    if not first:
        return found
    leaders = {tool.id for tool in first}
    return [*(Hit(tool, 1.0) for tool in first), *(hit for hit in found if hit.tool.id not in leaders)]


def _is_inside(tool: Tool, domain: str | None) -> bool:
    return domain is None or domain.casefold() in {tool.domain.casefold(), tool.id.server.casefold()}


def _domains(hits: Sequence[Hit]) -> tuple[str, ...]:
    """Return the domains of the best candidates, each once."""
    return tuple(dict.fromkeys(hit.tool.domain for hit in hits))[:_MOST_DOMAINS]
