"""One name, one source."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace
from itertools import count
from pathlib import PurePath

from mcp_toolweaver.config.problems import Problems
from mcp_toolweaver.config.sources import SourceSpec

_OF_PATTERNS = "*?["


def uniquely_named(sources: Iterable[SourceSpec], problems: Problems) -> Iterator[SourceSpec]:
    """Yield the sources, each under a name of its own.

    A source without a name gets that of its file or folder (of a pattern, that above it), else its kind,
    with a number where that name is taken. Of two that were given one name the first stays; the other
    is left out and reported.
    """
    sources = tuple(sources)
    given = {source.name for source in sources}
    owners: dict[str, str] = {}
    for source in sources:
        name = source.name or _free(_own_name(source), given | owners.keys())
        owner = owners.setdefault(name, source.origin)
        if owner == source.origin:
            yield replace(source, name=name)
        else:
            problems.add(source.origin, f"is left out, because {owner} has its name", "give one of them another name")


def _own_name(source: SourceSpec) -> str:
    path = source.options.get("path")
    if not isinstance(path, str):
        return source.kind
    named = PurePath(path)
    while any(sign in named.name for sign in _OF_PATTERNS):
        named = named.parent
    return named.stem or source.kind


def _free(name: str, taken: Collection[str]) -> str:
    numbered = (f"{name}-{number}" for number in count(2))
    return name if name not in taken else next(other for other in numbered if other not in taken)
