"""From an index's candidates to the answer: fuse the lanes, put what is named first, judge, spread."""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from functools import cache

from mcp_toolweaver.core.query import Candidates, Hit, Match, SearchRequest, SearchResult, Tier
from mcp_toolweaver.core.tools import Snapshot, Tool
from mcp_toolweaver.search.confidence import Evidence, judge
from mcp_toolweaver.search.diversity import spread
from mcp_toolweaver.search.fusion import Lane, fuse, part_scores, with_company
from mcp_toolweaver.search.names import Named
from mcp_toolweaver.search.parts import MOST_TERMS, best_of_parts, with_a_row_each
from mcp_toolweaver.text.query_terms import query_terms
from mcp_toolweaver.text.tokenize import tokenize

_MOST_DOMAINS = 3
NAMED_BONUS = 0.1
"""What a tool of a named server is raised by, against its own score of at most 1."""
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
    scores = _named_raised(_scores(present.matches, share), present.matches, request.text, named.servers)
    found = _best(scores, present.matches, snapshot, most=max(_LEAST_SPREAD, _SPARE * request.limit))
    wanted = _best_of_parts(present.matches, scores, snapshot, share) if _is_a_plan(request.text) else []
    first = [tool for tool in _present(named.tools, snapshot) if _is_inside(tool, request.domain)]
    confidence = "high" if first else judge(Evidence.of(present, _lead(found), found[0].tool.id if found else None))
    leaders = [Hit(tool, 1.0) for tool in first[: max(request.limit, 0)]]
    named_ids = {tool.id for tool in first}
    rows = with_a_row_each(found, wanted, request.limit)
    others = [hit for hit in rows if hit.tool.id not in named_ids] if confidence != "none" else []
    similar = () if named.servers else _present(named.similar, snapshot)
    return SearchResult(
        hits=(*leaders, *spread(others, request.limit - len(leaders), named_servers=named.servers)),
        confidence=confidence,
        tier=tier,
        skipped=(*candidates.skipped, *skipped),
        nearest=_domains(found),
        similar=tuple(tool for tool in similar if _is_inside(tool, request.domain)),
    )


def _lead(found: Sequence[Hit]) -> float:
    """Return how far the first of the candidates lies before the second."""
    first, second = [*(hit.score for hit in found[:2]), 0.0, 0.0][:2]
    return first - second


def _scores(matches: Sequence[Match], share: float) -> list[float]:
    """Return the score of each candidate; one without a vector is scored by its words alone."""
    words = _lanes([match.lexical for match in matches], missing=0.0)
    meaning = _lanes([match.dense for match in matches], missing=_FARTHEST)
    scores = fuse(words, meaning, share)
    if meaning and not all(match.dense for match in matches):
        by_words = fuse(words, [], 0.0)
        scores = [
            score if match.dense else alone for match, score, alone in zip(matches, scores, by_words, strict=True)
        ]
    return with_company(scores, [match.id.server for match in matches])


def _is_a_plan(text: str) -> bool:
    return len(set(query_terms(text))) <= MOST_TERMS


def _best_of_parts(matches: Sequence[Match], scores: Sequence[float], snapshot: Snapshot, share: float) -> list[Hit]:
    """Return the best candidate for each part of the request, as far as meaning can tell."""
    cosines = _lanes([match.dense for match in matches], missing=_FARTHEST)[1:]
    words = _lanes([match.lexical for match in matches], missing=0.0)[: len(cosines) + 1]
    if not cosines:
        return []
    parts = part_scores(words, [[], *cosines], share)
    best = best_of_parts(parts, cosines, scores, [match.id for match in matches])
    return [Hit(snapshot.tools[matches[at].id], scores[at]) for at in best]


def _named_raised(
    scores: Sequence[float], matches: Sequence[Match], text: str, servers: AbstractSet[str]
) -> Sequence[float]:
    """Raise the tools of named servers a little, or above all others if the request names nothing else."""
    if not servers:
        return scores
    asked = set(query_terms(text))
    words = {server: set(tokenize(server)) for server in servers}
    meant = {server for server in servers if words[server] <= asked} or servers
    says_more = asked - _server_words() - set().union(*words.values())
    bonus = NAMED_BONUS / len(meant) ** 0.5 if says_more else 1.0
    return [
        (score + bonus * (match.id.server in meant)) / (1 + bonus) for score, match in zip(scores, matches, strict=True)
    ]


@cache
def _server_words() -> frozenset[str]:
    return frozenset(tokenize("mcp server tool"))


def _best(scores: Sequence[float], matches: Sequence[Match], snapshot: Snapshot, *, most: int) -> list[Hit]:
    """Return the best candidates, best first; ties are settled by the identity."""
    ranked = sorted(zip(scores, (match.id for match in matches), strict=True), key=lambda pair: (-pair[0], pair[1]))
    return [Hit(snapshot.tools[id_], score) for score, id_ in ranked[:most]]


def _lanes(scores: Sequence[Lane], *, missing: float) -> list[Lane]:
    """Turn the scores of each candidate into lanes."""
    width = max(map(len, scores), default=0)
    return [[row[at] if at < len(row) else missing for row in scores] for at in range(width)]


def _present(tools: Sequence[Tool], snapshot: Snapshot) -> tuple[Tool, ...]:
    """Return the tools as the snapshot has them, without those that left it."""
    return tuple(snapshot.tools[tool.id] for tool in tools if tool.id in snapshot.tools)


def _is_inside(tool: Tool, domain: str | None) -> bool:
    return domain is None or domain.casefold() in {tool.domain.casefold(), tool.id.server.casefold()}


def _domains(hits: Sequence[Hit]) -> tuple[str, ...]:
    """Return the domains of the best candidates, each once."""
    return tuple(dict.fromkeys(hit.tool.domain for hit in hits))[:_MOST_DOMAINS]
