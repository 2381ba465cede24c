"""What was asked for: the questions of a call, clean and each once."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from mcp_toolweaver.core.errors import InvalidArguments
from mcp_toolweaver.core.scrub import scrub
from mcp_toolweaver.core.tools import Snapshot
from mcp_toolweaver.server.requests import MOST_QUERIES, SearchArguments

LONGEST_QUERY = 4_000
"""Characters of a query that are read."""
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
"""They separate words where they stand; line breaks and tabs stay."""
_MOST_NAMES = 20
_LONGEST_SHOWN = 60


@dataclass(frozen=True, slots=True)
class Asked:
    """The questions, where to look, and what had to be corrected."""

    questions: tuple[str, ...]
    is_grouped: bool
    """Whether the answer is to be given need by need."""
    domain: str | None
    notes: tuple[str, ...]
    """One sentence for each correction."""


def what_was_asked(arguments: SearchArguments, snapshot: Snapshot) -> Asked:
    """Return the questions of a call, without hidden characters, repetitions and excess.

    Raises:
        InvalidArguments: nothing is asked.
    """
    given = [*([arguments.query] if arguments.query is not None else []), *(arguments.queries or [])]
    questions, left = _cleaned(given)
    if not questions:
        raise InvalidArguments("The query is empty. Say what you want to do, for example: create an issue.")
    domain, notes = _known_domain(snapshot, scrub(arguments.domain or "").strip())
    if left:
        searched = len(questions)
        notes = (*notes, f"only the first {searched} of {searched + left} queries were searched for")
    return Asked(tuple(questions), arguments.queries is not None, domain, notes)


def _cleaned(given: Iterable[str]) -> tuple[list[str], int]:
    """Return the first ten different queries, clean, and how many there are beyond them.

    Those beyond are counted as they are, since cleaning takes time.
    """
    waiting = list(dict.fromkeys(given))
    kept: dict[str, str] = {}
    at = 0
    while at < len(waiting) and len(kept) < MOST_QUERIES:
        clean = scrub(_CONTROLS.sub(" ", waiting[at][: 2 * LONGEST_QUERY]))[:LONGEST_QUERY]
        same = " ".join(clean.split()).casefold()
        if same:
            kept.setdefault(same, clean)
        at += 1
    return list(kept.values()), len(waiting) - at


def _known_domain(snapshot: Snapshot, domain: str) -> tuple[str | None, tuple[str, ...]]:
    """Return the domain to search in; None with a note, if there is no such domain or server."""
    if not domain:
        return None, ()
    known = sorted({tool.domain for tool in snapshot.tools.values()} | set(snapshot.by_server))
    if domain.casefold() in {name.casefold() for name in known}:
        return domain, ()
    known.sort(key=lambda name: domain.casefold() not in name.casefold())
    more = ", ..." if len(known) > _MOST_NAMES else ""
    names = ", ".join(known[:_MOST_NAMES])
    return None, (f"there is no domain {domain[:_LONGEST_SHOWN]!r}, so all were searched; domains: {names}{more}",)
