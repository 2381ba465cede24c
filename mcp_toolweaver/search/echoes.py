"""Tools of one server that say the same again and again, and so crowd an answer.

Honest servers have twins, hardly triplets. A server that lists one good description twenty
times would else have twenty rows for one tool.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from collections.abc import Set as AbstractSet

from mcp_toolweaver.core.query import Hit
from mcp_toolweaver.search.duplicates import overlap, said

MOST_ALIKE = 2
"""How many tools of a server may say the same before the next one is an echo."""

ALIKE = 0.85
_LEAST_SAID = 5


def echoes(rows: Sequence[Hit], enough: int, named_servers: AbstractSet[str]) -> set[int]:
    """Return the positions of echoes, looking no further than needed for ``enough`` other rows.

    Descriptions say the same if they share 85 % of their terms, numbers aside; of fewer than
    five terms they say too little to tell, but the same title three times is an echo too. A named
    server has no echoes.
    """
    found: set[int] = set()
    titles: Counter[tuple[str, str]] = Counter()
    stories: dict[str, list[list[frozenset[str]]]] = {}
    for at, row in enumerate(rows):
        if at - len(found) >= enough:
            break
        server, story = row.tool.id.server, _story(row)
        title = (server, row.tool.title.casefold())
        titles[title] += 1
        is_titled = bool(row.tool.title) and titles[title] > MOST_ALIKE
        is_told = len(story) >= _LEAST_SAID and _is_told(story, stories.setdefault(server, []))
        if server not in named_servers and (is_titled or is_told):
            found.add(at)
    return found


def _story(row: Hit) -> frozenset[str]:
    """Return what is said of the tool; its number in a row of likes says nothing."""
    return frozenset(term for term in said(row.tool) if not term.isdigit())


def _is_told(story: frozenset[str], told: list[list[frozenset[str]]]) -> bool:
    """Whether the story was told often enough; each list holds a story and its likes."""
    for alike in told:
        if overlap(alike[0], story) >= ALIKE:
            alike.append(story)
            return len(alike) > MOST_ALIKE
    told.append([story])
    return False
