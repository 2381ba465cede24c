"""The exact lane: which tools and which servers a text names.

A name counts in any spelling: its letters and digits are compared, not its case, its
separators or its accents. What is nothing but a name is one in plain words; inside a longer
text, only what is written as code, called a tool or said beside its server's name is.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from mcp_toolweaver.core.tools import Snapshot, Tool, ToolId
from mcp_toolweaver.search.names.aliases import Alias
from mcp_toolweaver.search.names.lookup import Lookup
from mcp_toolweaver.search.names.mistakes import Mistakes
from mcp_toolweaver.search.names.pieces import Match, Pieces, distinct
from mcp_toolweaver.search.names.prose import Prose
from mcp_toolweaver.search.names.reading import Runs, case_parts, keys_of, read
from mcp_toolweaver.search.names.servers import Servers
from mcp_toolweaver.search.names.spelling import Spelling
from mcp_toolweaver.search.names.words import DETERMINERS, FILLER, PREPOSITIONS


@dataclass(frozen=True, slots=True)
class Named:
    """What a text names."""

    tools: tuple[Tool, ...] = ()
    """To be put first, in this order."""
    servers: frozenset[str] = frozenset()
    """The servers that are named clearly."""
    brands: frozenset[ToolId] = frozenset()
    """The tools that bear a product's name which the text holds and which is no server's, such as ``jira_...``."""
    similar: tuple[Tool, ...] = ()
    """Tools spelled almost like an identifier in the text that names none."""


class NameIndex:
    """Finds the tools and servers of a catalog that a text names; safe to use from any thread."""

    def __init__(self, snapshot: Snapshot) -> None:
        """Learn the names in the snapshot."""
        self._servers = Servers(snapshot)
        lookup = Lookup(snapshot, self._servers.aliases)
        spelling = Spelling({*_words(snapshot), *self._servers.aliases}, FILLER | DETERMINERS | PREPOSITIONS)
        self._pieces = Pieces(self._servers, lookup)
        self._mistakes = Mistakes(self._pieces, lookup, spelling)
        self._prose = Prose(self._servers, lookup, self._pieces, self._mistakes)

    def find(self, text: str) -> Named:
        """Return what the text names."""
        runs = read(text)
        clear = [mention for mention in self._servers.mentions(runs) if mention.is_clear]
        servers = {server for mention in clear for server in mention.alias.servers}
        matches = self._matches(runs, [mention.alias for mention in clear])
        owners = {server for mention in clear for server in mention.alias.owners}
        tools = distinct(tool for match in matches for tool in _ordered(match, owners))
        return Named(
            tools=tools,
            servers=frozenset(servers.union(*(match.servers for match in matches))),
            brands=frozenset(id_ for mention in clear for id_ in mention.alias.brand),
            similar=() if tools else self._mistakes.similar(runs),
        )

    def _matches(self, runs: Runs, aliases: Sequence[Alias]) -> list[Match]:
        """Return what the first reading that finds names finds; the aliases are those in the text."""
        for reading in (self._pieces.match, self._mistakes.corrected):
            match = reading(runs)
            if match.tools:
                return [match]
        inside = [match for match in self._prose.matches(runs, aliases) if match.tools]
        return inside or [self._mistakes.begun(runs)]


def _ordered(match: Match, servers: AbstractSet[str]) -> Iterator[Tool]:
    """Yield the tools of a match, those of named servers first."""
    wanted = match.servers or servers
    yield from sorted(match.exact, key=lambda tool: tool.id.server not in wanted)
    yield from match.qualified


def _words(snapshot: Snapshot) -> Iterator[str]:
    """Yield the words that the names of tools are made of."""
    for name in (*snapshot.by_tool_name, *snapshot.by_server):
        yield from keys_of(name)
        yield from case_parts(name)
