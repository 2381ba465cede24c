"""Names with a slip of the pen in them, and names that were begun only."""

from __future__ import annotations

import re
from collections.abc import Sequence

from mcp_toolweaver.search.names.lookup import Lookup, Tools
from mcp_toolweaver.search.names.pieces import NOTHING, Match, Pieces, distinct, trimmed
from mcp_toolweaver.search.names.reading import Runs, chunks, is_identifier, is_joined, is_snake, joined
from mcp_toolweaver.search.names.spelling import Spelling
from mcp_toolweaver.text.closeness import most_alike, one_off

_CAMEL = re.compile(r"[a-z]{2,}[A-Z][a-z]")
_MOST_RUNS = 12
_SHORTEST_SLIPPED = 7
_LONGEST = 100
_MOST_SIMILAR = 3
_LEAST_SIMILARITY = 0.75
_LEAST_LENGTH = 0.6
"""Names that differ more in length are less similar than that."""


class Mistakes:
    """Finds what was meant by a name that nobody goes by."""

    def __init__(self, pieces: Pieces, lookup: Lookup, spelling: Spelling) -> None:
        """Look for names almost like those that these know."""
        self._pieces = pieces
        self._lookup = lookup
        self._spelling = spelling

    def corrected(self, runs: Runs) -> Match:
        """Return the tools that a short text, with its unknown words corrected, is the name of."""
        if len(runs) <= _MOST_RUNS:
            for correction in self._spelling.corrections(runs):
                match = self._pieces.match(correction)
                if match.tools:
                    return match
        return NOTHING

    def begun(self, runs: Runs) -> Match:
        """Return the tools whose name a short text begins and breaks off."""
        name = trimmed(runs)
        if not 0 < len(name) <= _MOST_RUNS or self._pieces.is_server(name):
            return NOTHING
        if len(name) == 1 and not _CAMEL.match(name[0].raw):
            return Match(self._slipped(name))  # a word alone is one, not the beginning of a name
        is_one_chunk = all(is_joined(run) for run in name[1:])
        if not is_one_chunk and self._spelling.knows(name[-1].key):
            return NOTHING
        begun = self._completed(name)
        return begun if begun.tools or not is_one_chunk else Match(self._slipped(name))

    def in_identifier(self, chunk: Runs) -> Match:
        """Return the tools that an identifier in a text means."""
        corrected = self.corrected(chunk)
        if corrected.tools:
            return corrected
        begun = self._completed(chunk) if is_snake(chunk) or _CAMEL.match(chunk[0].raw) else NOTHING
        return begun if begun.tools else Match(self._slipped(chunk))

    def similar(self, runs: Runs) -> Tools:
        """Return the tools whose names are spelled most like the first identifier in a text."""
        name = next((chunk for chunk in chunks(runs) if is_identifier(chunk) or len(chunk) == len(runs)), None)
        if name is None or len(joined(name)) > _LONGEST:
            return ()
        elsewhere = self._lookup.anywhere(joined(name[1:])) if len(name) > 1 else ()
        return distinct([*elsewhere, *self._alike(joined(name))])[:_MOST_SIMILAR]

    def _completed(self, runs: Runs) -> Match:
        for rest, aliases in self._pieces.without_servers(runs):
            owners = sorted({server for alias in aliases for server in alias.owners})
            tools = self._lookup.completed_within(owners, joined(rest))
            if tools:
                return Match((), distinct(tools))
        return Match(distinct(self._lookup.completed(joined(runs))))

    def _slipped(self, chunk: Runs) -> Tools:
        """Return the tools whose key differs in one letter: for names without breaks, and for slips that are words."""
        key = joined(chunk)
        if not _SHORTEST_SLIPPED <= len(key) <= _LONGEST:
            return ()
        return self._of(one_off(key, self._lookup.keys(len(key) - 1, len(key) + 1), limit=_MOST_SIMILAR))

    def _alike(self, key: str) -> Tools:
        keys = self._lookup.keys(int(len(key) * _LEAST_LENGTH), int(len(key) / _LEAST_LENGTH))
        return self._of(most_alike(key, keys, least=_LEAST_SIMILARITY, limit=_MOST_SIMILAR))

    def _of(self, keys: Sequence[str]) -> Tools:
        return distinct(tool for key in keys for tool in self._lookup.anywhere(key))
