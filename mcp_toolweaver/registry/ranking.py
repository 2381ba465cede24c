"""Which entries of a registry are meant."""

from __future__ import annotations

import re
from collections.abc import Iterable
from operator import attrgetter

from mcp_toolweaver.registry.entry import Entry
from mcp_toolweaver.text.query_terms import content_terms, query_terms
from mcp_toolweaver.text.tokenize import stem, tokenize

_NAME, _TITLE, _DESCRIPTION, _OWNER = 4.0, 3.0, 1.0, 0.5
"""What a word counts for, by where it stands."""
_PUNCTUATION = ".,;:!?'\"()[]"
_SEARCHES = 3
_LONGEST_VERSION = 100


def newest(entries: Iterable[Entry]) -> list[Entry]:
    """Return the newest version of each server; what was deleted is left out."""
    found: dict[str, Entry] = {}
    for entry in entries:
        before = found.get(entry.name)
        if before is None or _version(entry) > _version(before):
            found[entry.name] = entry
    return [entry for entry in found.values() if entry.status != "deleted"]


def ranked(entries: Iterable[Entry], words: str, limit: int) -> list[Entry]:
    """Return the entries that hold most of the words, by where they stand; all of them by name if there are none."""
    terms = set(query_terms(words)) or set(tokenize(words))
    if not terms:
        return sorted(entries, key=attrgetter("name"))[:limit]
    scored = [(_score(entry, terms), entry) for entry in entries]
    best = sorted((pair for pair in scored if pair[0] > 0), key=lambda pair: (-pair[0], pair[1].name))
    return [entry for _score_, entry in best][:limit]


def _score(entry: Entry, terms: set[str]) -> float:
    owner, _, name = entry.name.rpartition("/")
    fields = ((_NAME, name), (_TITLE, entry.title), (_DESCRIPTION, entry.description), (_OWNER, owner))
    held = [(weight, set(tokenize(text))) for weight, text in fields]
    score = sum(max((weight for weight, words in held if term in words), default=0.0) for term in terms)
    return score * (0.5 if entry.status == "deprecated" else 1.0)


def _version(entry: Entry) -> tuple[tuple[int, ...], bool, tuple[tuple[bool, int, str], ...]]:
    """Return what orders versions (Semantic Versioning 2.0, section 11), also where they are something else."""
    main, _, early = entry.version.partition("+")[0].partition("-")
    steps = [(not step.isdecimal(), int(step) if step.isdecimal() else 0, step) for step in early.split(".")]
    return _numbers(main), not early, tuple(steps)


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d+", text[:_LONGEST_VERSION]))


def searches(words: str) -> list[str]:
    """Return the parts of names that a registry is asked for: each word that matters, without its ending, at most 3."""
    found: dict[str, None] = {}
    for word in words.casefold().split():
        bare = word.strip(_PUNCTUATION)
        if content_terms(bare):
            root = stem(bare)
            found[root if bare.startswith(root) and len(root) > 2 else bare] = None  # noqa: PLR2004  not "a"
    return list(found)[:_SEARCHES] or [words.strip()][: bool(words.strip())]
