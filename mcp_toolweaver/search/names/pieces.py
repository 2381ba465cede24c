"""Whether a piece of a text is the name of tools: as a whole, or beside the name of their server."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from mcp_toolweaver.core.tools import Tool
from mcp_toolweaver.search.names.aliases import Alias
from mcp_toolweaver.search.names.lookup import Lookup, Tools
from mcp_toolweaver.search.names.reading import Run, Runs, is_joined, joined
from mcp_toolweaver.search.names.servers import Mention, Servers
from mcp_toolweaver.search.names.words import DETERMINERS, FILLER, PREPOSITIONS

_MOST_MENTIONS = 4
_LONGEST = 24
_LONGEST_LEAD = 8


@dataclass(frozen=True, slots=True)
class Match:
    """The tools that a piece of a text names."""

    exact: Tools = ()
    """Those whose own name or title it is."""
    qualified: Tools = ()
    """Those whose name it is together with their server's."""

    @property
    def tools(self) -> Tools:
        """All of them, the likelier ones first."""
        return distinct([*self.exact, *self.qualified])

    @property
    def servers(self) -> frozenset[str]:
        """The servers that the piece names beside their tools."""
        return frozenset(tool.id.server for tool in self.qualified)


NOTHING = Match()


class Pieces:
    """Matches pieces of texts with the names of a catalog."""

    def __init__(self, servers: Servers, lookup: Lookup) -> None:
        """Match with the names that these two know."""
        self._servers = servers
        self._lookup = lookup

    def match(self, runs: Runs) -> Match:
        """Return the tools that a request names: the whole of it, but for words that no name needs."""
        if not 0 < len(runs) <= _LONGEST:
            return NOTHING
        exact = next((tools for form in forms(runs) if (tools := self._lookup.anywhere(joined(form)))), ())
        found = replace(self.qualified(runs), exact=exact)
        if found.tools:
            return found
        *_, barest = forms(runs)
        return Match(self._lookup.bare(joined(barest)) if len(barest) > 1 else ())

    def identifier(self, chunk: Runs, aliases: Sequence[Alias] = ()) -> Match:
        """Return the tools that an identifier names, in which every word counts.

        Those of the servers that the aliases stand for are meant, if there are any.
        """
        name = chunk[1:] if chunk[0].key == "mcp" and len(chunk) > 1 else chunk
        key = joined(name)
        qualified = [tool for rest, named in self.without_servers(name) for tool in self._of(named, joined(rest))]
        if not qualified:
            qualified = list(self._of(aliases, key))
        exact = () if qualified and aliases else self._lookup.anywhere(key)
        if not exact and not qualified and len(name) > 1:
            exact = self._lookup.bare(key)
        return Match(exact, distinct(qualified))

    def qualified(self, runs: Runs, *, fewest: int = 1) -> Match:
        """Return the tools that a piece names once a server's name is taken out of it."""
        found = [
            tool
            for rest, aliases in self.without_servers(runs)
            for form in forms(rest)
            if len(form) >= fewest
            for tool in self._of(aliases, joined(form))
        ]
        return Match((), distinct(found))

    def begun(self, runs: Runs) -> Match:
        """Return the tools whose name of two words or more a piece begins with, up to a preposition."""
        for rest, aliases in self.without_servers(runs):
            name = trimmed(rest)
            for end in range(min(_LONGEST_LEAD, len(name) - 1), 1, -1):
                if name[end].key in PREPOSITIONS:
                    long_enough = (form for form in forms(name[:end]) if len(form) > 1)
                    found = [tool for form in long_enough for tool in self._of(aliases, joined(form))]
                    if found:
                        return Match((), distinct(found))
        return NOTHING

    def without_servers(self, runs: Runs) -> Iterator[tuple[Runs, list[Alias]]]:
        """Yield what remains of the piece without the name of a server, and that name."""
        mentions = self._servers.mentions(runs)[:_MOST_MENTIONS]
        for mention in mentions:
            yield _without(runs, [mention]), [mention.alias]
        if len(mentions) > 1:
            yield _without(runs, mentions), [mention.alias for mention in mentions]

    def is_server(self, runs: Runs) -> bool:
        """Whether the piece is the name of a server and nothing else."""
        return any(mention.end - mention.start == len(runs) for mention in self._servers.mentions(runs))

    def _of(self, aliases: Iterable[Alias], key: str) -> Iterator[Tool]:
        for alias in aliases:
            tools = self._lookup.within(sorted(alias.owners), key)
            yield from (tool for tool in tools if alias.servers or tool.id in alias.brand)


def distinct(tools: Iterable[Tool]) -> Tools:
    """Return the tools once each, in their order."""
    return tuple({id(tool): tool for tool in tools}.values())


def trimmed(runs: Runs) -> Runs:
    """Return the runs without what stands around a name in a request for it."""
    start, end = _frame(runs)
    return runs[start:end]


def forms(runs: Runs) -> Iterator[Runs]:
    """Yield the runs, and the same with less and less of what a name does not need."""
    start, end = _frame(runs)
    for last in dict.fromkeys((len(runs), end)):
        for first in range(min(start, last - 1) + 1):
            yield runs[first:last]
    bare = [run for run in runs[start:end] if run.key not in DETERMINERS]
    if 0 < len(bare) < end - start:
        yield bare


def _frame(runs: Runs) -> tuple[int, int]:
    """Return where a name may begin and end: after and before what stands around one."""
    start, end = 0, len(runs)
    while start < end and runs[start].key in FILLER and not is_joined(runs[start]):
        if start + 1 < end and is_joined(runs[start + 1]) and runs[start].key != "mcp":
            break
        start += 1
    while end > start and runs[end - 1].key in FILLER and not is_joined(runs[end - 1]):
        end -= 1
    return start, end


def _without(runs: Runs, mentions: Sequence[Mention]) -> list[Run]:
    """Return the runs without the mentions, and without the prepositions that lead to them."""
    kept: list[Run] = []
    free = 0
    for mention in mentions:
        before = list(runs[free : mention.start])
        while before and before[-1].key in DETERMINERS:
            before.pop()
        if before and before[-1].key in PREPOSITIONS:
            before.pop()
        kept += before
        free = mention.end
    return kept + list(runs[free:])
