"""Whether two indexes say the same: the first ten after ranking, every score behind them, and the crowd.

Of tools with equal scores in a lane, any may be its last candidate. Such ties count as the same, and
what only one index brought for them is left out of the ranking.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from functools import partial
from typing import TypeAlias

from bench.index_arm import ranked
from bench.index_tools import Asked
from mcp_toolweaver.core.query import Candidates, Match, SearchResult
from mcp_toolweaver.core.tools import Snapshot, ToolId
from mcp_toolweaver.index.depth import part_limit

TOLERANCE = 1e-4
"""What scores may differ by: sums of 32-bit numbers in another order."""

_DIGITS = 5

_Matches: TypeAlias = Mapping[ToolId, Match]


@dataclass(frozen=True, slots=True)
class _Lane:
    """The best tools of one list."""

    limit: int
    score: Callable[[Match], float | None]
    """None for a tool that the lane does not have."""


def differences(exact: Candidates, other: Candidates, asked: Asked, snapshot: Snapshot) -> list[str]:
    """Return what the other index says differently, in a line each; nothing if they say the same."""
    mine, theirs = ({match.id: match for match in found.matches} for found in (exact, other))
    lanes = _lanes(asked, snapshot)
    results = (ranked(_common(found, mine.keys() & theirs.keys()), asked, snapshot) for found in (exact, other))
    return [
        *(f"lost {name}" for name in _missing(mine, theirs, lanes)),
        *(f"gained {name}" for name in _missing(theirs, mine, lanes)),
        *_of_scores(mine, theirs),
        *_of_crowds(exact.crowd, other.crowd),
        *of_ranks(*results),
    ]


def of_ranks(exact: SearchResult, other: SearchResult) -> Iterator[str]:
    """Yield what is different in the order of two answers; tools with equal scores may change places."""
    if exact.confidence != other.confidence:
        yield f"confidence {other.confidence}, not {exact.confidence}"
    if len(exact.hits) != len(other.hits):
        yield f"{len(other.hits)} tools, not {len(exact.hits)}"
    for given, expected in zip(other.hits, exact.hits, strict=False):
        if not _equal(given.score, expected.score):
            yield f"{given.tool.id} with {given.score:.6f} in a place of {expected.score:.6f}"
    for all_hits, rest, verb in ((exact.hits, other.hits, "lost"), (other.hits, exact.hits, "gained")):
        known = {hit.tool.id for hit in rest}
        for hit in all_hits:
            if hit.tool.id not in known and not _equal(hit.score, rest[-1].score if rest else 0.0):
                yield f"{verb} {hit.tool.id} in the answer, with {hit.score:.6f}"


def _common(found: Candidates, names: AbstractSet[ToolId]) -> Candidates:
    """Return the candidates of these names in one order, their scores rounded so that equal ones are equal."""
    common = sorted((match for match in found.matches if match.id in names), key=lambda match: match.id)
    return replace(found, matches=tuple(map(_rounded, common)))


def _rounded(match: Match) -> Match:
    words, meaning = (tuple(round(score, _DIGITS) for score in scores) for scores in (match.lexical, match.dense))
    return Match(match.id, words, meaning, round(match.coverage, _DIGITS))


def _lanes(asked: Asked, snapshot: Snapshot) -> list[_Lane]:
    """Return the lists that bring candidates: two a probe, and two a likely domain."""
    query = asked.query
    part, likely = part_limit(query.limit), query.likely if query.domain is None else ()
    cosines = sum(probe.vector is not None for probe in query.probes)
    lanes = [_Lane(part if at else query.limit, partial(_by_words, at)) for at in range(len(query.probes))]
    lanes += [_Lane(part if at else query.limit, partial(_by_meaning, at)) for at in range(cosines)]
    for domain in likely:
        for score in (_by_words, _by_meaning):
            lanes.append(_Lane(part, partial(_inside, domain, snapshot, partial(score, 0))))
    return lanes


def _by_words(probe: int, match: Match) -> float | None:
    return match.lexical[probe] or None


def _by_meaning(vector: int, match: Match) -> float | None:
    return match.dense[vector] if match.dense else None


def _inside(domain: str, snapshot: Snapshot, score: Callable[[Match], float | None], match: Match) -> float | None:
    homes = {snapshot.tools[match.id].domain.casefold(), match.id.server.casefold()}
    return score(match) if domain.casefold() in homes else None


def _missing(brought: _Matches, others: _Matches, lanes: Sequence[_Lane]) -> Iterator[ToolId]:
    """Yield the candidates that the others lack though a lane of theirs had room, or had brought worse ones."""
    for name in brought.keys() - others.keys():
        if any(_had_room(lane, lane.score(brought[name]), others) for lane in lanes):
            yield name


def _had_room(lane: _Lane, score: float | None, others: _Matches) -> bool:
    scores = (lane.score(match) for match in others.values())
    return score is not None and sum(each is not None and each >= score - TOLERANCE for each in scores) < lane.limit


def _of_crowds(exact: float | None, other: float | None) -> Iterator[str]:
    if (exact is None) != (other is None) or not _equal(exact or 0.0, other or 0.0):
        yield f"crowd {other}, not {exact}"


def _of_scores(exact: _Matches, other: _Matches) -> Iterator[str]:
    for name in exact.keys() & other.keys():
        mine, theirs = exact[name], other[name]
        for lane, right, given in (
            ("words", mine.lexical, theirs.lexical),
            ("meaning", mine.dense, theirs.dense),
            ("coverage", (mine.coverage,), (theirs.coverage,)),
        ):
            if len(right) != len(given) or not all(map(_equal, right, given)):
                yield f"{name} has {lane} {given}, not {right}"


def _equal(first: float, second: float) -> bool:
    """Whether two scores are closer than the tolerance, or than that share of them if they are large."""
    return abs(first - second) <= TOLERANCE * max(1.0, abs(first))
