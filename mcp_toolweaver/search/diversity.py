"""Which of the ranked hits are shown: no tool twice, and no server with more than its share."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace
from math import ceil

from mcp_toolweaver.core.query import Hit
from mcp_toolweaver.search.duplicates import are_duplicates, kinship
from mcp_toolweaver.search.echoes import echoes

SHARE = 0.7
"""The share of the rows that one server may have; more only if it has more of the candidates."""

COMPARABLE = 0.97
"""A row gives way to a candidate that scores at least this share of its own score."""

TIED = 0.99
"""Near-duplicates that score at least this share of the best are told apart by their servers."""

ECHO = 0.5
"""What an echo's score counts for, against rows that say something else."""


def spread(hits: Sequence[Hit], limit: int, *, named_servers: AbstractSet[str] = frozenset()) -> tuple[Hit, ...]:
    """Return at most ``limit`` of the hits, which come and go best first.

    Near-duplicates on several servers share a row, which shows the best of them, or of nearly
    equal ones that of the server with most candidates. Of the tools of one server that say the
    same, the third and further ones give way to candidates with half their score. Then the last
    rows of a server beyond its share give way to comparable candidates of servers that have
    less. None of this touches the tools of a named server.
    """
    if limit <= 0:
        return ()
    rows = _collapsed(hits, named_servers)
    shown, waiting = _without_echoes(rows, limit, named_servers)
    return tuple(_shared_out(shown, waiting, _most_rows(rows, limit, named_servers)))


def _without_echoes(
    rows: Sequence[Hit], limit: int, named_servers: AbstractSet[str]
) -> tuple[list[Hit], Sequence[Hit]]:
    """Return the rows to show and those left over, both best first; an echo counts for less."""
    held_back = echoes(rows, limit, named_servers)
    worth = {at: row.score * (ECHO if at in held_back else 1) for at, row in enumerate(rows)}
    chosen = sorted(sorted(worth, key=lambda at: -worth[at])[:limit])
    settled = held_back.union(chosen)
    return [rows[at] for at in chosen], [row for at, row in enumerate(rows) if at not in settled]


def _collapsed(hits: Sequence[Hit], named_servers: AbstractSet[str]) -> list[Hit]:
    """Let each hit share the row before it that it repeats, if there is one."""
    candidates = Counter(hit.tool.id.server for hit in hits)
    rows: list[Hit] = []
    akin: dict[str, list[int]] = {}
    for hit in hits:
        kin = akin.setdefault(kinship(hit.tool), [])
        alone = not kin or hit.tool.id.server in named_servers
        at = None if alone else _repeated(hit, [(row, rows[row]) for row in kin])
        if at is None:
            kin.append(len(rows))
            rows.append(hit)
        elif _is_more_at_home(hit, rows[at], candidates) and rows[at].tool.id.server not in named_servers:
            rows[at] = replace(rows[at], tool=hit.tool, alternatives=(rows[at].tool, *rows[at].alternatives))
        else:
            rows[at] = replace(rows[at], alternatives=(*rows[at].alternatives, hit.tool))
    return rows


def _is_more_at_home(hit: Hit, row: Hit, candidates: Mapping[str, int]) -> bool:
    """Whether a near-tie goes to the hit, whose server has more to offer; a lone copy then hides nobody."""
    return hit.score >= TIED * row.score and candidates[hit.tool.id.server] > candidates[row.tool.id.server]


def _repeated(hit: Hit, rows: Sequence[tuple[int, Hit]]) -> int | None:
    """Return the position of the row that the hit repeats; a row has at most one tool of a server."""
    for at, row in rows:
        servers = {tool.id.server for tool in (row.tool, *row.alternatives)}
        if hit.tool.id.server not in servers and are_duplicates(row.tool, hit.tool):
            return at
    return None


def _most_rows(rows: Sequence[Hit], limit: int, named_servers: AbstractSet[str]) -> Mapping[str, int]:
    """Return how many rows each server may have."""
    candidates = Counter(row.tool.id.server for row in rows)
    return {
        server: limit if server in named_servers else ceil(limit * max(SHARE, number / len(rows)))
        for server, number in candidates.items()
    }


def _shared_out(shown: list[Hit], waiting: Sequence[Hit], most: Mapping[str, int]) -> list[Hit]:
    """Let the last rows of servers that have too many give way; both sequences are best first."""
    held = Counter(row.tool.id.server for row in shown)
    for newcomer in waiting:
        server = newcomer.tool.id.server
        crowded = [row for row in shown if held[row.tool.id.server] > most[row.tool.id.server]]
        if not crowded or newcomer.score < COMPARABLE * crowded[-1].score:
            break
        if held[server] < most[server]:
            shown.remove(crowded[-1])
            shown.append(newcomer)
            held.update({server: 1, crowded[-1].tool.id.server: -1})
    return shown
