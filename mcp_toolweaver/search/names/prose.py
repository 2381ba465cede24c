"""Names of tools inside a longer text, where only what clearly is a name may count as one."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import islice

from mcp_toolweaver.search.names.aliases import Alias
from mcp_toolweaver.search.names.lookup import Lookup
from mcp_toolweaver.search.names.mistakes import Mistakes
from mcp_toolweaver.search.names.pieces import NOTHING, Match, Pieces
from mcp_toolweaver.search.names.reading import Runs, chunks, is_identifier, joined, phrases
from mcp_toolweaver.search.names.servers import Servers
from mcp_toolweaver.search.names.words import DETERMINERS, MARKERS, NO_NAMES

_LONGEST_LIST = 40
_LONGEST_WITH_MISTAKES = 64
_MOST_MARKERS = 8
_LONGEST_NAME = 8
_OPENING_QUOTE = re.compile(r"(?:^|[\s(\[:,])[`'\"\u2018\u201c]\S*$")


class Prose:
    """Finds the names of tools in sentences."""

    def __init__(self, servers: Servers, lookup: Lookup, pieces: Pieces, mistakes: Mistakes) -> None:
        """Match pieces of sentences with names."""
        self._servers = servers
        self._lookup = lookup
        self._pieces = pieces
        self._mistakes = mistakes

    def matches(self, runs: Runs, aliases: Sequence[Alias]) -> list[Match]:
        """Return what the text names, in its order; the aliases are those that it clearly holds."""
        parts = list(phrases(runs))
        return self._list(parts, len(runs)) or [match for part in parts for match in self._inside(part, aliases)]

    def _list(self, parts: Sequence[Runs], length: int) -> list[Match]:
        """Return the matches of the parts if each of several is a name: "create issue, then send message"."""
        if len(parts) < 2 or length > _LONGEST_LIST:  # noqa: PLR2004  said by the line
            return []
        found: list[Match] = []
        for part in parts:
            match = self._pieces.match(part)
            if not match.tools:
                return []
            found.append(match)
        return found

    def _inside(self, part: Runs, aliases: Sequence[Alias]) -> Iterator[Match]:
        """Yield the names in a phrase: quoted, written as code, called tools, or beside the name of their server."""
        quoted = self._quoted(part)
        if quoted.tools:
            yield quoted
            return
        names_server = any(mention.is_clear for mention in self._servers.mentions(part))
        beside = self._pieces.qualified(part, fewest=2) if names_server else NOTHING
        if beside.tools:
            yield beside
            return
        found = [match for match in (*self._identifiers(part, aliases), *self._called_tools(part)) if match.tools]
        yield from found or ([self._pieces.begun(part)] if names_server else [])

    def _quoted(self, part: Runs) -> Match:
        gap = part[0].gap
        is_name = _OPENING_QUOTE.search(gap) is not None and ("`" in gap or len(part) > 1)
        return Match(self._lookup.anywhere(joined(part))) if is_name else NOTHING

    def _identifiers(self, part: Runs, aliases: Sequence[Alias]) -> Iterator[Match]:
        for chunk in chunks(part):
            if is_identifier(chunk):
                match = self._pieces.identifier(chunk, aliases)
                yield (
                    match if match.tools or len(part) > _LONGEST_WITH_MISTAKES else self._mistakes.in_identifier(chunk)
                )
            elif len(chunk) > 1:
                yield Match(self._lookup.anywhere(joined(chunk)))

    def _called_tools(self, part: Runs) -> Iterator[Match]:
        """Yield what is said to be a tool: "with the create issue tool"."""
        ends = (end for end, run in enumerate(part) if run.key in MARKERS and part[end - 1].key not in NO_NAMES)
        for end in islice(ends, _MOST_MARKERS):
            yield self._called_a_tool(part, end)

    def _called_a_tool(self, part: Runs, end: int) -> Match:
        for start in range(max(0, end - _LONGEST_NAME), end - 1):
            is_led = start == 0 or part[start - 1].key in NO_NAMES
            if is_led and part[start].key not in DETERMINERS:
                match = self._pieces.match(part[start:end])
                if match.tools:
                    return match
        return NOTHING
