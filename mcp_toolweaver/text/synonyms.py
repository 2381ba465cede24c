"""Other words for what a tool is said to do, from a small table made by hand.

They are searched with the tool's own words, at a low weight, and the model never sees them.
The table is ``synonyms.txt``; decision 9 says what it gains.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from importlib.resources import files

from mcp_toolweaver.text.tokenize import stem


def synonyms(terms: Iterable[str]) -> list[str]:
    """Return the other terms of every group that one of the terms belongs to, each once, in their order."""
    own = dict.fromkeys(terms)
    found = (other for term in own for other in _groups().get(term, ()))
    return [term for term in dict.fromkeys(found) if term not in own]


@cache
def _groups() -> Mapping[str, tuple[str, ...]]:
    """Return the members of each term's groups."""
    text = (files("mcp_toolweaver.text") / "synonyms.txt").read_text(encoding="utf-8")
    lines = (line for line in text.splitlines() if line and not line.startswith("#"))
    members: dict[str, tuple[str, ...]] = {}
    for line in lines:
        group = tuple(stem(word) for word in line.split())
        for term in group:
            members[term] = (*members.get(term, ()), *group)
    return members
